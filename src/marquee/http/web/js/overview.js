import { ask, byId, change, chart, failure, feeling, figure, fill, filmLink, genreLink, make, share, table, tile, verdict } from "./base.js";

async function show() {
  try {
    const found = await ask("/v1/analytics/overview");
    const week = found.sentiment.last_7d;
    byId("tiles").replaceChildren(
      tile("New votes, last 7 days", figure(found.votes.last_7d), `${change(found.votes.change)} on the week before`),
      tile("Reviews, last 24 hours", figure(found.reviews.last_24h)),
      tile("Reviews, last 7 days", figure(found.reviews.last_7d), `${change(found.reviews.change)} on the week before`),
      tile("Sentiment, 7 days", verdict(week), `${share(week.share_favourable)} favourable`),
      tile("All reviews", figure(found.reviews.all)),
      tile("Films", figure(found.films), `${figure(found.genres)} genres`),
      tile("People", figure(found.people)),
      tile("Anomalies this week", make("a", { href: "/live#odd-title" }, figure(found.anomalies))),
    );
    byId("rising").replaceChildren(list(found.trending, (film) => [filmLink(film), film.why]));
    byId("best").replaceChildren(list(found.best_rated, (film) => [filmLink(film), `${figure(film.weighted_rating, 2)} of 10, ${figure(film.votes)} votes`]));
    byId("discussed").replaceChildren(
      table("Genres", [["Genre"], ["New votes", "number"], ["Reviews", "number"], ["Sentiment"]], found.genres_discussed.map((line) => [genreLink(line.genre), figure(line.votes), figure(line.reviews), feeling(line.sentiment)])) || "No reviews in the last 30 days.",
    );
  } catch (error) {
    byId("tiles").replaceChildren(failure(error));
  }
  byId("tiles").setAttribute("aria-busy", "false");
}

const list = (films, cells) => table("Films", [["Film"], [""]], films.map(cells)) || "No film yet: as soon as there is data, it shows here.";

fill(byId("activity"), "/v1/analytics/trends?window=90d", (found) =>
  found.summary.value ? chart("Votes and reviews a day", "line", found.points.slice(0, -1).map((point) => point.date), [{ name: "votes and reviews", values: found.points.slice(0, -1).map((point) => point.value) }]) : null,
);
fill(byId("next"), "/v1/outlook/movies?limit=8", (found) =>
  found.available
    ? table("Films with most votes and reviews expected", [["Film"], ["Expected", "number"], ["80 % interval", "number"]], found.results.map((film) => [filmLink(film), figure(film.expected.median, 1), `${figure(film.expected.low_80, 1)} – ${figure(film.expected.high_80, 1)}`]))
    : null,
  "No forecast yet: it needs 84 days of history, and must beat last week's figures.",
);
show();
setInterval(show, 15_000);
