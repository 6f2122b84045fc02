import { byId, failure, headers } from "./base.js";

document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);

const done = () => byId("swagger").setAttribute("aria-busy", "false");

/** Sends the key that the pages were given with what is tried. */
function withKey(request) {
  Object.assign(request.headers, headers());
  return request;
}

/** Asks for a key where what is tried needs one. */
function askKey(response) {
  if (response.status === 401) byId("key").hidden = false;
  return response;
}

if (window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    domNode: byId("swagger"),
    deepLinking: true,
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    requestInterceptor: withKey,
    responseInterceptor: askKey,
    validatorUrl: null,
    onComplete: done,
  });
} else {
  byId("swagger").replaceChildren(failure(new Error("Swagger UI is not installed; /openapi.json describes the same.")));
  done();
}
