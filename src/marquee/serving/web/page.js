"use strict";

const byId = (id) => document.getElementById(id);

/** Makes an element; text is always set as text, never as markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

async function ask(path) {
  const headers = { accept: "application/json" };
  const key = sessionStorage.getItem("marquee-key");
  if (key) headers["x-api-key"] = key;
  const response = await fetch(path, { headers });
  const body = await response.json();
  if (response.status === 401) byId("key").hidden = false;
  if (!response.ok) throw new Error(body.detail || body.title || response.statusText);
  return body;
}

const failure = (error) => make("p", { class: "error", role: "alert" }, `Could not be loaded: ${error.message}`);
const figure = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }));

function feeling(value) {
  if (value === null || value === undefined) return "–";
  const kind = value >= 0.05 ? "positive" : value <= -0.05 ? "negative" : "neutral";
  return make("span", { class: kind }, `${value > 0 ? "+" : ""}${value.toFixed(2)} ${kind}`);
}

function ago(text) {
  if (!text) return "never";
  const seconds = Math.max(0, (Date.now() - Date.parse(text)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

function titled(film) {
  return make("button", { class: "title", type: "button", onclick: () => showFilm(film.movie_id) }, film.title || `Film ${film.movie_id}`);
}

function table(headings, rows) {
  const head = make("tr", {}, ...headings.map(([text, kind]) => make("th", { scope: "col", class: kind || "" }, text)));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, index) => make("td", { class: headings[index][1] || "" }, cell))));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

async function showTrending() {
  const chosen = document.querySelector("input[name=window]:checked").value;
  const place = byId("trending");
  try {
    const answer = await ask(`/v1/trending/movies?window=${chosen}&limit=20`);
    const rows = answer.results.map((film) => [
      figure(film.rank),
      titled(film),
      make("span", {}, film.rising ? make("span", { class: "tag rising" }, "rising") : null, film.why),
      feeling(film.sentiment),
      figure(film.rating, 1),
      film.genres.join(", "),
    ]);
    place.replaceChildren(rows.length
      ? table([["#", "number"], ["Film"], ["Why"], ["Sentiment"], ["Rating", "number wide"], ["Genres", "wide"]], rows)
      : make("p", {}, "No film has been reviewed lately. As soon as reviews come in, they show here."));
  } catch (error) {
    place.replaceChildren(failure(error));
  }
  place.setAttribute("aria-busy", "false");
}

async function showFreshness() {
  try {
    const status = await ask("/v1/status");
    const well = status.health.status === "ok";
    const text = `Batch complete to ${ago(status.batch.frontier)}; newest event shown ${ago(status.speed.through)}.`;
    byId("fresh").replaceChildren(make("span", { class: `dot ${status.health.status}`, "aria-hidden": "true" }), `${well ? "All well." : "Degraded."} ${text} `, well ? "" : status.health.reasons.join("; "));
  } catch (error) {
    byId("fresh").replaceChildren(failure(error));
  }
}

/** Offers the titles that the words so far may mean. */
async function suggest() {
  const words = byId("q").value.trim();
  if (words.length < 2) return;
  try {
    const answer = await ask(`/v1/search/suggest?q=${encodeURIComponent(words)}`);
    byId("titles").replaceChildren(...answer.results.map((film) => make("option", { value: film.title })));
  } catch {
    byId("titles").replaceChildren();
  }
}

async function search(event) {
  event.preventDefault();
  const wanted = byId("q").value.trim();
  const place = byId("found");
  if (!wanted) {
    place.replaceChildren(make("p", {}, "Type a title or a name first."));
    return;
  }
  try {
    const answer = await ask(`/v1/search/movies?page_size=10&q=${encodeURIComponent(wanted)}`);
    const rows = answer.results.map((film) => [titled(film), (film.release_date || "–").slice(0, 4), figure(film.rating, 1), figure(film.reviews), film.genres.join(", ")]);
    place.replaceChildren(rows.length
      ? table([["Film"], ["Year", "number"], ["Rating", "number"], ["Reviews", "number"], ["Genres", "wide"]], rows)
      : make("p", {}, `Nothing found for “${wanted}”.`));
  } catch (error) {
    place.replaceChildren(failure(error));
  }
}

async function showFilm(id) {
  const place = byId("film-body");
  byId("film").hidden = false;
  try {
    const [film, mood] = await Promise.all([ask(`/v1/movies/${id}`), ask(`/v1/movies/${id}/sentiment?window=30d`)]);
    byId("film-title").textContent = film.title || `Film ${id}`;
    const people = film.cast.slice(0, 5).map((credit) => credit.name).join(", ");
    place.replaceChildren(
      make("p", {}, ...film.genres.map((genre) => make("span", { class: "tag" }, genre)), film.votes.tier ? make("span", { class: "tag" }, film.votes.tier) : null),
      make("p", {}, film.overview || "No summary is known."),
      make("p", {}, `Released ${film.release_date || "on an unknown day"}. ${people ? `With ${people}.` : ""}`),
      table([["Votes", "number"], ["Rating", "number"], ["Reviews", "number"], ["Sentiment, 30 days"], ["Reviews, 30 days", "number"]],
        [[figure(film.votes.count), figure(film.votes.average, 1), figure(film.sentiment.reviews), feeling(mood.overall.score), figure(mood.counts.reviews)]]),
    );
  } catch (error) {
    byId("film-title").textContent = `Film ${id}`;
    place.replaceChildren(failure(error));
  }
  byId("film-title").focus();
}

byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("marquee-key", byId("key-value").value.trim());
  byId("key").hidden = true;
  showTrending();
  showFreshness();
});
byId("find").addEventListener("submit", search);
byId("q").addEventListener("input", suggest);
byId("windows").addEventListener("change", showTrending);
showTrending();
showFreshness();
setInterval(showTrending, 5000);
setInterval(showFreshness, 5000);
