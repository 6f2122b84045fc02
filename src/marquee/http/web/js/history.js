import { byId, change, chart, dollars, figure, fill, genreLink, make, offerGenres, query, share, signed, table, verdict } from "./base.js";

const choose = byId("choose");
const counts = new Set(["activity", "votes", "reviews"]);
const names = { activity: "votes and reviews", votes: "new votes", reviews: "reviews", sentiment: "mean sentiment", favourable: "share favourable", stars: "mean stars" };

function series() {
  const metric = choose.elements.metric.value;
  const digits = counts.has(metric) ? 0 : 2;
  fill(byId("series"), `/v1/analytics/trends?${query(choose)}`, (found) => {
    const { summary } = found;
    byId("summary").textContent = summary.value === null
      ? "Nothing in this time."
      : `${names[metric]}: ${figure(summary.value, digits)}; before: ${figure(summary.previous, digits)} (${counts.has(metric) ? change(summary.relative_change) : signed(summary.change, 3)}).${summary.peak ? ` Peak on ${summary.peak.date}: ${figure(summary.peak.value, digits)}.` : ""}`;
    return chart(names[metric], "line", found.points.map((point) => point.date), [{ name: names[metric], values: found.points.map((point) => point.value) }], { digits, zero: counts.has(metric) });
  });
}

function feelings() {
  const by = byId("by").value;
  const window = choose.elements.window.value;
  fill(byId("feelings"), `/v1/analytics/sentiment/comparison?by=${by}&window=${window}`, (found) => {
    const test = found.blockbuster_against_niche;
    byId("tiers").textContent = test
      ? `Blockbusters against niche films: ${signed(test.difference, 3)} in favourable less unfavourable reviews (p = ${figure(test.p_value, 4)}).`
      : "Too few reviews to compare blockbusters with niche films.";
    const rows = by === "year" ? [...found.results].sort((a, b) => b.year - a.year) : found.results;
    return table("Sentiment by group", [[by], ["Reviews", "number"], ["Sentiment"], ["Favourable", "number"], ["Against the rest", "number"], ["", "wide"]],
      rows.map((line) => [by === "genre" ? genreLink(line.genre) : String(line[by]), figure(line.reviews), verdict(line), share(line.share_favourable), line.against_rest ? signed(line.against_rest.difference, 3) : "–", line.significant ? make("span", { class: "tag" }, "significant") : ""]));
  }, "No reviews in this time.");
}

function money() {
  const by = byId("money-by").value;
  fill(byId("money"), `/v1/analytics/revenue?by=${by}`, (found) => [
    make("p", {}, `Over films whose budget and revenue are both known. Break-even means ${figure(found.break_even, 1)} times the budget.`),
    table("Money by group", [[by], ["Films known", "number"], ["Budget", "number wide"], ["Revenue", "number"], ["Median return", "number"], ["Broke even", "number"]],
      found.results.map((line) => [by === "genre" ? genreLink(line.genre) : String(line[by]), `${figure(line.films_with_both_known)} of ${figure(line.films)}`, dollars(line.budget), dollars(line.revenue), change(line.median_roi), share(line.share_broke_even)])) || "No film's money is known.",
  ]);
}

fill(byId("months"), "/v1/analytics/seasons", (found) => {
  byId("weekdays").replaceChildren(...chart("Reviews by weekday", "bar", found.review_weekdays.map((line) => line.weekday.slice(0, 3)), [{ name: "share of reviews, %", values: found.review_weekdays.map((line) => 100 * line.share) }], { axis: "Weekday", digits: 1 }));
  const recent = found.years.slice(-15);
  byId("years").replaceChildren(table("Years", [["Year of release"], ["Films", "number"], ["Change", "number"], ["Mean rating", "number"], ["Mean revenue", "number"], ["Change", "number"]],
    recent.reverse().map((line) => [String(line.year), figure(line.films), change(line.films_change), figure(line.mean_rating, 2), dollars(line.mean_revenue), change(line.mean_revenue_change)])) || "No film has a known release.");
  return found.months.length ? chart("Releases by month", "bar", found.months.map((line) => String(line.month)), [{ name: "films", values: found.months.map((line) => line.films) }], { axis: "Month" }) : null;
});
choose.addEventListener("change", () => { series(); feelings(); });
byId("by").addEventListener("change", feelings);
byId("money-by").addEventListener("change", money);
offerGenres(choose.elements.genre);
series();
feelings();
money();
