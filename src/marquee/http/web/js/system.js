import { ago, ask, byId, failure, figure, fill, make, share, table, tile } from "./base.js";

function health() {
  fill(byId("health"), "/health", (found) => [
    make("p", {}, make("span", { class: `dot ${found.status}`, "aria-hidden": "true" }), found.status === "ok" ? "All checks pass." : "Degraded: answers are served, but something needs a hand."),
    table("Checks", [["Check"], ["State"]], Object.entries(found.checks).map(([name, state]) => [name.replaceAll("_", " "), String(state)])),
    ...found.reasons.map((reason) => make("p", { class: "error" }, reason)),
  ]);
  fill(byId("freshness"), "/v1/status", (found) => [
    tile("Batch complete to", ago(found.batch.frontier), found.batch.run_id || ""),
    tile("Newest event shown", ago(found.speed.through)),
    tile("Reviews counted", figure(found.batch.counts ? found.batch.counts.reviews : null)),
  ]);
}

fill(byId("runs"), "/v1/quality", (found) =>
  table("Runs", [["Run"], ["State"], ["Silver", "number"], ["Gold", "number"], ["Reasons"]], found.runs.map((run) => [run.run_id, run.state, `${figure(run.layers.silver ? run.layers.silver.score : null, 1)} %`, `${figure(run.layers.gold ? run.layers.gold.score : null, 1)} %`, Object.values(run.layers).flatMap((layer) => layer.reasons || []).join("; ") || "–"])),
"No batch run yet.");
fill(byId("crawl"), "/v1/status", ({ crawl }) => crawl && [
  make("p", {}, `${figure(crawl.fetched)} of ${figure(crawl.known)} films fetched, ${figure(crawl.set_aside)} set aside, ${figure(crawl.gone)} gone.`),
  crawl.trouble && make("p", { class: "error" }, `The source could not be asked ${ago(crawl.trouble.at)}: ${crawl.trouble.reason}. ${crawl.trouble.hint}`),
  crawl.films.length ? table("Films set aside", [["Film"], ["Reason"], ["Tries", "number"], ["Again at"]], crawl.films.map((film) => [String(film.movie_id), film.reason, figure(film.tries), film.next_try])) : null,
].filter(Boolean), "Nothing is crawled in this home.");
fill(byId("quarantine"), "/v1/status", (found) =>
  table("Quarantine", [["Reason"], ["Records", "number"]], Object.entries(found.quarantine.reasons || found.quarantine).map(([reason, count]) => [reason, figure(count)])),
"No record is in quarantine.");

async function backtests() {
  try {
    const outlook = await ask("/v1/outlook/movies?limit=1");
    const found = outlook.backtest;
    byId("backtests").replaceChildren(found ? table("Backtests of reviews", [["Days"], ["Mean error (MASE)", "number"], ["A repeat of last week", "number"], ["80 % held", "number"], ["95 % held", "number"]],
      ["7d", "28d"].map((days) => [days, figure(found[days].mase, 2), figure(found[days].seasonal_naive_mase, 2), share(found[days].coverage_80), share(found[days].coverage_95)])) : make("p", { class: "empty" }, `No forecast: ${outlook.reason}.`));
  } catch (error) {
    byId("backtests").replaceChildren(failure(error));
  }
}

health();
backtests();
setInterval(health, 10_000);
