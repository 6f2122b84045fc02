import { byId, feeling, figure, fill, filmLink, genreLink, headers, make, offerGenres, parted, query, signed, table } from "./base.js";

const choose = byId("choose");

const shown = (caption, films) =>
  table(
    caption,
    [["#", "number"], ["Film"], ["Why"], ["Velocity", "number wide"], ["Sentiment"], ["Rating", "number wide"], ["Genres", "wide"]],
    films.map((film) => [
      figure(film.rank),
      filmLink(film),
      make("span", {}, film.rising ? make("span", { class: "tag rising" }, "rising") : null, film.why),
      signed(film.velocity, 1),
      feeling(film.sentiment),
      figure(film.rating, 1),
      make("span", {}, parted(film.genres.map(genreLink))),
    ]),
  );

function trending() {
  const chosen = query(choose);
  fill(byId("trending"), `/v1/trending/movies?limit=20&${chosen}`, (found) => shown("Films with the most activity", found.results),
    "Nobody has voted or written in this time. As soon as votes or reviews come in, they show here.");
  fill(byId("rising"), `/v1/rising/movies?limit=20&${chosen}`, (found) => shown("Rising films", found.results),
    "No film gets clearly more than its own past lets expect.");
  fill(byId("declining"), `/v1/declining/movies?limit=10&${chosen}`, (found) =>
    table("Declining films", [["Film"], ["Why"], ["Velocity", "number"]], found.results.map((film) => [filmLink(film), film.why, signed(film.velocity, 1)])),
  "No film gets clearly less than its own past lets expect.");
}

/** Reads the feed with fetch, which can send a key, where EventSource cannot. */
async function listen() {
  try {
    const response = await fetch("/v1/live", { headers: headers() });
    if (!response.ok) throw new Error(response.statusText);
    byId("feed-state").textContent = "Connected.";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      held += value;
      const events = held.split("\n\n");
      held = events.pop();
      events.forEach(happened);
    }
  } catch {
    byId("feed-state").textContent = "Not connected; trying again.";
  }
  setTimeout(listen, 3000);
}

function happened(text) {
  if (!text.startsWith("event: update")) return;
  const update = JSON.parse(text.slice(text.indexOf("data: ") + 6));
  const films = update.films.filter((film) => film.new_reviews > 0).slice(0, 5);
  const parts = films.map((film) => make("span", {}, filmLink(film), ` +${figure(film.new_reviews)}`));
  const what = update.published ? [`Batch run ${update.run} was published. `] : [];
  if (parts.length) what.push("New reviews: ", ...parted(parts));
  else if (update.films_changed) what.push(`${figure(update.films_changed)} films have new readings.`);
  if (!what.length) return;
  byId("feed").prepend(make("li", {}, make("time", {}, new Date().toLocaleTimeString("en-GB")), " ", what));
  while (byId("feed").children.length > 30) byId("feed").lastChild.remove();
  if (films.length || update.published) trending();
}

fill(byId("odd"), "/v1/anomalies?limit=20", (found) =>
  table("Anomalies", [["Film"], ["What"], ["Evidence"]], found.results.map((film) => [filmLink(film), make("span", { class: "tag" }, film.kind), film.why])),
"Nothing out of the ordinary in the last week.");
choose.addEventListener("change", trending);
offerGenres(choose.elements.genre);
trending();
listen();
setInterval(trending, 10_000);
