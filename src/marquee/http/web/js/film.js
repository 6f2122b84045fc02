import { ask, byId, change, chart, dollars, failure, figure, fill, filmLink, genreLink, make, parted, personLink, share, signed, table, tile, verdict, year } from "./base.js";

const asked = new URLSearchParams(location.search);
const id = Number(asked.get("id"));
const words = (asked.get("q") || "").trim();

function search() {
  byId("find").value = words;
  fill(byId("results"), `/v1/search/movies?page_size=50&q=${encodeURIComponent(words)}`, (found) => {
    byId("title").textContent = words ? `${figure(found.total)} films for “${words}”` : "All films";
    return table("Films found", [["Film"], ["Year", "number"], ["Rating", "number"], ["Reviews", "number"], ["Genres", "wide"]],
      found.results.map((film) => [filmLink(film), year(film), figure(film.rating, 1), figure(film.reviews), make("span", {}, parted(film.genres.map(genreLink)))]));
  }, `Nothing found for “${words}”.`);
}

function forecast() {
  const metric = byId("metric").value;
  const named = metric === "activity" ? "votes and reviews" : metric;
  fill(byId("next"), `/v1/movies/${id}/forecast?metric=${metric}&days=28`, (found) => {
    if (!found.available) return make("p", { class: "empty" }, `No forecast: ${found.reason}.`);
    const week = found.backtest["28d"];
    const values = (name) => found.points.map((point) => point[name]);
    return [
      make("p", {}, found.total ? `In 28 days: ${figure(found.total.median, 1)} ${named} (80 %: ${figure(found.total.low_80, 1)} to ${figure(found.total.high_80, 1)}).` : `${found.unit}, day by day.`),
      ...chart(`Forecast of ${named}`, "line", found.points.map((point) => point.date), [
        { name: "median", values: values("median") },
        { name: "80 %, from", values: values("low_80"), colour: "--second", band: "+1" },
        { name: "80 %, to", colour: "--second", values: values("high_80") },
      ], { digits: 2 }),
      make("p", { class: "note" }, `Tested on the last 28 days of ${figure(found.backtest.series)} films: mean error ${figure(week.mase, 2)} (a repeat of last week: ${figure(week.seasonal_naive_mase, 2)}); the 80 % interval held ${share(week.coverage_80)} of days.`),
    ];
  });
}

async function show() {
  try {
    const [film, stats] = await Promise.all([ask(`/v1/movies/${id}`), ask(`/v1/movies/${id}/stats`)]);
    byId("title").textContent = film.title || `Film ${id}`;
    document.title = `${film.title || id} · Marquee`;
    byId("about").replaceChildren(
      make("p", {}, film.genres.map((genre) => make("span", { class: "tag" }, genreLink(genre))), film.votes.tier ? make("span", { class: "tag" }, film.votes.tier) : null),
      make("p", {}, film.overview || "No summary is known."),
      make("p", {}, `Released ${film.release_date || "on an unknown day"}${film.runtime ? `, ${film.runtime} minutes` : ""}.`),
    );
    const week = stats.windows["7d"];
    byId("tiles").replaceChildren(
      tile("Rating", figure(film.votes.average, 1), `${figure(film.votes.count)} votes, ${figure(week.votes)} of them this week; weighted ${figure(film.votes.weighted, 2)}`),
      tile("Reviews", figure(stats.reviews.reviews), `${figure(week.reviews)} this week, ${figure(week.previous)} the week before`),
      tile("Sentiment", verdict(stats.reviews), `${share(stats.reviews.share_favourable)} favourable; VADER ${signed(stats.reviews.score, 2)}`),
      tile("Popularity", figure(film.votes.popularity, 1), stats.ahead_of.popularity === null ? "" : `ahead of ${share(stats.ahead_of.popularity)} of films`),
      tile("Money", dollars(stats.money.revenue), stats.money.budget ? `budget ${dollars(stats.money.budget)}, return ${change(stats.money.roi)}` : "budget unknown"),
    );
    byId("film").hidden = false;
  } catch (error) {
    byId("title").textContent = `Film ${id}`;
    byId("results").replaceChildren(failure(error));
    return;
  }
  fill(byId("mood"), `/v1/movies/${id}/sentiment?window=30d`, (found) =>
    found.breakdown.length
      ? [
        make("p", { class: "note" }, `A review is favourable from 7 of its author's own stars on, unfavourable up to 4, mixed between them; where it has no stars, its words decide (${found.opinion_model}). A film is called positive where favourable reviews outweigh unfavourable ones by a fifth of all or more, negative the other way round.`),
        ...chart("Reviews by day", "bar", found.breakdown.map((day) => day.date), [
        { name: "favourable", colour: "--good", values: found.breakdown.map((day) => day.favourable) },
        { name: "mixed", colour: "--line", values: found.breakdown.map((day) => day.mixed) },
        { name: "unfavourable", colour: "--bad", values: found.breakdown.map((day) => day.unfavourable) },
      ], { stacked: true })]
      : null, "No reviews in the last 30 days.");
  const films = (title, lines) => table(title, [["Film"], ["Year", "number"], ["Rating", "number"], ["Why"]],
    lines.map((film) => [filmLink(film), year(film), figure(film.rating, 1), film.reasons.join("; ")]));
  fill(byId("similar"), `/v1/movies/${id}/similar?limit=10`, (found) => {
    if (found.liked_together.length) {
      byId("together").replaceChildren(films("Films that the same people like", found.liked_together));
      byId("beside").hidden = false;
    }
    return films("Similar films", found.results);
  }, "No film is known to be like this one.");
  fill(byId("people"), `/v1/movies/${id}/network`, (found) =>
    table("People", [["Name"], ["Part"], ["Collaborators", "number"], ["Rank", "number"]], found.people.map((person) => [personLink(person), person.part, figure(person.degree), figure(person.rank)])),
  "No cast is known.");
  forecast();
}

byId("metric").addEventListener("change", forecast);
if (id) show();
else search();
