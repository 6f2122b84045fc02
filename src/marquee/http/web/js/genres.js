import { ask, byId, change, chart, failure, figure, fill, filmLink, genreLink, make, share, table, verdict, year } from "./base.js";

const name = new URLSearchParams(location.search).get("name");

fill(byId("genres"), "/v1/analytics/genres", (found) =>
  table("Genres", [["Genre"], ["Films", "number"], ["Share", "number wide"], ["Mean rating", "number"], ["Share of votes", "number wide"], ["New releases"]],
    found.results.map((line) => [genreLink(line.genre), figure(line.films), share(line.share_of_films), figure(line.mean_rating, 2), share(line.share_of_votes), line.direction === "steady" ? "steady" : make("span", { class: "tag rising" }, line.direction)])),
"No film has a genre yet.");

async function show() {
  byId("genre").hidden = false;
  try {
    const found = await ask(`/v1/analytics/genre/${encodeURIComponent(name)}?window=90d`);
    const { reviews, catalogue } = found;
    byId("genre-title").textContent = found.genre;
    byId("genre-summary").replaceChildren(`${figure(reviews.reviews)} reviews in 90 days (${share(reviews.share_of_reviews)} of all), sentiment `, verdict(reviews), `, ${share(reviews.share_favourable)} favourable. Before: ${figure(reviews.previous)} reviews.`);
    const years = (catalogue ? catalogue.years : []).slice(-25);
    byId("shares").replaceChildren(...(years.length ? chart("Share of releases by year, %", "line", years.map((line) => String(line.year)), [{ name: "share, %", values: years.map((line) => 100 * line.share) }], { axis: "Year", digits: 1 }) : ["No release is dated."]));
    byId("mood").replaceChildren(...chart("Reviews a day", "line", found.points.map((point) => point.date), [{ name: "reviews", values: found.points.map((point) => point.reviews) }]));
    byId("companions").replaceChildren(table("Companions", [["Genre"], ["Films", "number"], ["Against chance", "number"]], (catalogue ? catalogue.companions : []).map((line) => [genreLink(line.genre), figure(line.films), change(line.lift - 1)])) || "It stands alone.");
    byId("best").replaceChildren(table("Best rated", [["Film"], ["Year", "number"], ["Weighted rating", "number"], ["Votes", "number"]], found.best.map((film) => [filmLink(film), year(film), figure(film.weighted_rating, 2), figure(film.votes)])) || "No film has votes.");
  } catch (error) {
    byId("genre-title").textContent = name;
    byId("genre-summary").replaceChildren(failure(error));
  }
  byId("genre-title").focus();
}

if (name) show();
