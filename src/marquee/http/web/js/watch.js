import { ask, byId, failure, figure, filmLink, make, offerGenres, suggestions, table, year } from "./base.js";

const films = suggestions(byId("liked"), byId("likes"));
const kept = sessionStorage.getItem("marquee-liked");
const chosen = new Map(JSON.parse(kept || "[]"));
const narrow = byId("narrow");

function shown() {
  sessionStorage.setItem("marquee-liked", JSON.stringify([...chosen]));
  byId("chosen").replaceChildren(...[...chosen].map(([id, title]) =>
    make("li", {}, title, " ", make("button", { type: "button", "aria-label": `Take ${title} off the list`, onclick: () => { chosen.delete(id); shown(); } }, "×"))));
  recommend();
}

async function recommend() {
  const place = byId("list");
  if (!chosen.size) {
    place.replaceChildren(make("p", { class: "empty" }, "Add a film to begin."));
    return;
  }
  const wish = { liked: [...chosen.keys()], diversity: Number(narrow.elements.diversity.value) };
  if (narrow.elements.unseen.checked) wish.unseen = true;
  if (narrow.elements.genre.value) wish.genre = narrow.elements.genre.value;
  if (narrow.elements.year_from.value) wish.year_from = Number(narrow.elements.year_from.value);
  try {
    const found = await ask("/v1/recommendations", wish);
    place.replaceChildren(table("Recommended films", [["Film"], ["Year", "number"], ["Rating", "number"], ["Genres", "wide"], ["Why"]],
      found.results.map((film) => [filmLink(film), year(film), figure(film.rating, 1), film.genres.join(", "), film.reasons.join("; ")])) || make("p", { class: "empty" }, "No film fits; widen the list."));
  } catch (error) {
    place.replaceChildren(failure(error));
  }
}

byId("choose").addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = byId("liked").value.trim();
  if (!title) return;
  try {
    const film = films.get(title) || (await ask(`/v1/search/suggest?limit=1&q=${encodeURIComponent(title)}`)).results[0];
    if (!film) throw new Error(`no film is called “${title}”`);
    chosen.set(film.movie_id, film.title);
    byId("liked").value = "";
    shown();
  } catch (error) {
    byId("list").replaceChildren(failure(error));
  }
});
/** Offers the person's own films, where some were imported: the best liked to begin with, the seen ones left out. */
async function offerOwn() {
  const own = await ask("/v1/mine").catch(() => ({ results: [] }));
  if (!own.results.length) return;
  const titles = new Map(own.results.map((film) => [film.movie_id, film.title || `Film ${film.movie_id}`]));
  if (kept === null) own.liked.forEach((id) => chosen.set(id, titles.get(id)));
  narrow.elements.unseen.checked = true;
  byId("unseen").hidden = false;
  const missing = own.unmatched_total ? `; ${figure(own.unmatched_total)} more are not known here yet` : "";
  byId("own").textContent = `Your own list has ${figure(own.results.length)} of these films${missing}.`;
}

narrow.addEventListener("change", recommend);
offerGenres(narrow.elements.genre);
offerOwn().then(shown);
