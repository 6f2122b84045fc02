import { ask, byId, failure, figure, fill, filmLink, make, personLink, share, table, year } from "./base.js";

const asked = new URLSearchParams(location.search);
const id = Number(asked.get("id"));
const words = asked.get("q") || "";

byId("name").value = words;
fill(byId("found"), `/v1/people?page_size=${id ? 5 : 20}&q=${encodeURIComponent(words)}`, (found) =>
  [
    found.spelled_otherwise ? make("p", {}, `Nobody is called “${words}”; did you mean:`) : "",
    table("People", [["Name"], ["Id", "number"], ["Films", "number"], ["Collaborators", "number"], ["Rank", "number"]], found.results.map((line) => [personLink(line), String(line.person_id), figure(line.films), figure(line.degree), figure(line.rank)])) || make("p", { class: "empty" }, words ? `Nobody found for “${words}”.` : "No film credits anybody yet."),
  ]);

async function show() {
  byId("person").hidden = false;
  byId("from").value = id;
  try {
    const person = await ask(`/v1/people/${id}`);
    byId("person-title").textContent = person.name;
    byId("person-body").replaceChildren(
      make("p", {}, `${figure(person.films.length)} films; worked with ${figure(person.degree)} people; rank ${figure(person.rank)} of ${figure(person.of)} in the network (top ${share(person.top_share)}); in the circle of `, personLink({ person_id: person.community.head, name: person.community.name }), ` (${figure(person.community.size)} people).`),
      make("h3", {}, "Closest collaborators"),
      table("Collaborators", [["Name"], ["Strength", "number"]], person.collaborators.map((line) => [personLink(line), figure(line.strength, 2)])) || make("p", {}, "Nobody: the only one credited in these films."),
      make("h3", {}, "Films"),
      table("Films", [["Film"], ["Year", "number"], ["Part"], ["Rating", "number"]], person.films.slice(0, 100).map((film) => [filmLink(film), year(film), film.part, figure(film.rating, 1)])) || "",
    );
  } catch (error) {
    byId("person-title").textContent = `Person ${id}`;
    byId("person-body").replaceChildren(failure(error));
  }
  byId("person-title").focus();
}

byId("path").addEventListener("submit", (event) => {
  event.preventDefault();
  fill(byId("steps"), `/v1/people/path?from=${byId("from").value}&to=${byId("to").value}`, (found) => {
    if (!found.connected) return make("p", {}, "No chain of films joins the two.");
    return [
      make("p", {}, `${figure(found.degrees)} ${found.degrees === 1 ? "film" : "films"} apart:`),
      make("ol", { class: "path" }, found.path.map((step) => make("li", {}, step.name ? personLink(step) : make("span", {}, "in ", filmLink(step))))),
    ];
  });
});
if (id) show();
