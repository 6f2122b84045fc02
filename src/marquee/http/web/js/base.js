/** What all pages share: asking the API, making elements, tables and charts. */

export const byId = (id) => document.getElementById(id);

/** Makes an element; text is always set as text, never as markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function headers() {
  const key = sessionStorage.getItem("marquee-key");
  return key ? { "x-api-key": key } : {};
}

export async function ask(path, body) {
  const options = { headers: { accept: "application/json", ...headers() } };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers["content-type"] = "application/json";
  }
  const response = await fetch(path, options);
  const found = await response.json();
  if (response.status === 401) byId("key").hidden = false;
  if (!response.ok) throw new Error([found.detail || found.title || response.statusText, found.hint].filter(Boolean).join(" "));
  return found;
}

/** Fills a place with what `draw` makes of an answer; says so in words when that fails or is empty. */
export async function fill(place, path, draw, empty = "Nothing to show yet.") {
  try {
    const drawn = draw(await ask(path));
    place.replaceChildren(...(drawn ? [drawn].flat() : [make("p", { class: "empty" }, empty)]));
  } catch (error) {
    place.replaceChildren(failure(error));
  }
  place.setAttribute("aria-busy", "false");
}

export const failure = (error) => make("p", { class: "error", role: "alert" }, `Could not be loaded: ${error.message}`);

export function figure(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

export const share = (value) => (value === null || value === undefined ? "–" : `${figure(100 * value, 1)} %`);
export const change = (value) => (value === null || value === undefined ? "–" : `${value > 0 ? "+" : ""}${figure(100 * value, 1)} %`);
export const signed = (value, digits = 0) => (value === null || value === undefined ? "–" : `${value > 0 ? "+" : ""}${figure(value, digits)}`);

export function dollars(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1e9) return `$${figure(value / 1e9, 2)} bn`;
  return size >= 1e6 ? `$${figure(value / 1e6, 1)} m` : `$${figure(value)}`;
}

export function feeling(value) {
  if (value === null || value === undefined) return "–";
  const kind = value >= 0.05 ? "positive" : value <= -0.05 ? "negative" : "neutral";
  return make("span", { class: kind }, `${signed(value, 2)} ${kind}`);
}

export function verdict(figures) {
  if (figures.label === null) return "–";
  return make("span", { class: figures.label }, `${signed(figures.balance, 2)} ${figures.label}`);
}

export function ago(text) {
  if (!text) return "never";
  const seconds = Math.max(0, (Date.now() - Date.parse(text)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

export const filmLink = (film) => make("a", { href: `/film?id=${film.movie_id}` }, film.title || `Film ${film.movie_id}`);
export const personLink = (person) => make("a", { href: `/people?id=${person.person_id}` }, person.name);
export const genreLink = (name) => make("a", { href: `/genres?name=${encodeURIComponent(name)}` }, name);
export const year = (film) => (film.release_date || "–").slice(0, 4);
export const parted = (items) => items.flatMap((item, index) => (index ? [", ", item] : [item]));

/** Makes a table; headings are [text, class], cells text or elements. */
export function table(label, headings, rows) {
  if (!rows.length) return null;
  const head = make("tr", {}, headings.map(([text, kind]) => make("th", { scope: "col", class: kind || null }, text)));
  const body = rows.map((cells) => make("tr", {}, cells.map((cell, index) => make("td", { class: headings[index][1] || null }, cell))));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": label }, make("table", {}, make("thead", {}, head), make("tbody", {}, body)));
}

export function tile(label, value, note) {
  return make("div", { class: "tile" }, make("p", { class: "label" }, label), make("p", { class: "value" }, value), note ? make("p", { class: "note" }, note) : null);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draws a chart with its data as a table beneath it, for those who cannot or would rather not read a picture. */
export function chart(label, kind, labels, series, options = {}) {
  const canvas = make("canvas", { role: "img", "aria-label": `${label}: chart; the same data stand in the table below it` });
  const box = make("div", { class: "chart" }, canvas);
  const rows = labels.map((text, index) => [text, ...series.map((line) => figure(line.values[index], options.digits ?? 0))]);
  const data = table(`${label}: data`, [[options.axis || "Date"], ...series.map((line) => [line.name, "number"])], rows);
  const colours = series.map((line, index) => colour(line.colour || ["--accent", "--second", "--good"][index % 3]));
  const datasets = series.map((line, index) => ({
    label: line.name,
    data: line.values,
    borderColor: line.band ? "transparent" : colours[index],
    backgroundColor: line.band ? `${colour("--second")}33` : kind === "bar" ? colours[index] : "transparent",
    fill: line.band || false,
    pointRadius: labels.length > 40 || line.band ? 0 : 2,
    borderWidth: 2,
    spanGaps: true,
    tension: 0.2,
  }));
  const ink = colour("--ink");
  const scale = (extra) => ({ ticks: { color: ink, maxTicksLimit: 10 }, grid: { color: `${colour("--line")}66` }, ...extra });
  const draw = () => new window.Chart(canvas, {
    type: kind,
    data: { labels, datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: options.sideways ? "y" : "x",
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { display: series.length > 1, labels: { color: ink } } },
      scales: { x: scale({ stacked: options.stacked ?? false }), y: scale({ stacked: options.stacked ?? false, beginAtZero: options.zero ?? true }) },
    },
  });
  requestAnimationFrame(() => (window.Chart ? draw() : box.replaceChildren(make("p", { class: "empty" }, "The chart library could not be loaded; the table below holds the same."))));
  return [box, make("details", {}, make("summary", {}, "The data as a table"), data || "")];
}

export async function offerGenres(select) {
  try {
    const found = await ask("/v1/analytics/genres");
    select.append(...found.results.map((line) => make("option", {}, line.genre)));
  } catch {
    select.disabled = true;
  }
}

/** Returns a form's fields as a query string, empty ones left out. */
export function query(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== "")).toString();
}

/** Offers the titles that half-typed words may mean. Returns the films offered, by title. */
export function suggestions(input, list) {
  const films = new Map();
  input.addEventListener("input", async () => {
    const words = input.value.trim();
    if (words.length < 2) return;
    try {
      const found = await ask(`/v1/search/suggest?q=${encodeURIComponent(words)}`);
      for (const film of found.results) films.set(film.title, film);
      list.replaceChildren(...found.results.map((film) => make("option", { value: film.title })));
    } catch {
      list.replaceChildren();
    }
  });
  return films;
}

/** Says "fetching films: 12,345 of 50,000, about 2 h left". */
function progress({ what, done, of, left_s: left }) {
  const words = left >= 5400 ? `${Math.round(left / 3600)} h` : left >= 90 ? `${Math.round(left / 60)} min` : `${left} s`;
  return `${what}: ${figure(done)} of ${figure(of)}${left ? `, about ${words} left` : ""}`;
}

/** Says what a reader must know of all figures on a page: invented, still being fetched, or of a time long ago. */
function notices({ source, filling, coverage }) {
  const said = [];
  if (source === "simulated") said.push("These films are invented: without a TMDB key, Marquee simulates TMDB.");
  if (filling) said.push(`This platform is still being filled (${progress(filling)}); what is there already is shown.`);
  if (coverage.as_of) said.push(`This data ends on ${coverage.as_of.slice(0, 10)}: windows end on that day, not today.`);
  if (!coverage.run_id && !filling && !coverage.waiting) said.push("There are no films yet. `marquee up` fetches them, `marquee import PATH` reads them from files.");
  const place = byId("notices");
  place.hidden = said.length === 0;
  const lines = said.map((text) => make("p", {}, text));
  if (place.textContent !== said.join("")) place.replaceChildren(...lines);
}

async function freshness() {
  const place = byId("fresh");
  try {
    const health = await ask("/health");
    const well = health.status === "ok";
    const { frontier, speed_through: through, waiting } = health.coverage;
    const newest = through && frontier && through > frontier ? through : frontier;
    place.replaceChildren(
      make("span", { class: `dot ${health.status}`, "aria-hidden": "true" }),
      `${well ? "All well." : "Degraded."} Batch complete to ${ago(frontier)}; newest event shown ${ago(newest)}. `,
      waiting ? `${figure(waiting)} accepted events wait to be shown. ` : "",
      well ? "" : make("a", { href: "/system" }, "Why"),
    );
    notices(health);
  } catch (error) {
    place.replaceChildren(failure(error));
  }
}

byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("marquee-key", byId("key-value").value.trim());
  location.reload();
});
suggestions(byId("find"), byId("titles"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
freshness();
setInterval(freshness, 10_000);
