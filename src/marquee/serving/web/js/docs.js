import { byId, failure, headers } from "./base.js";

document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);

const done = () => byId("swagger").setAttribute("aria-busy", "false");

/** Sends the key that the pages were given with what is tried. */
function withKey(request) {
  Object.assign(request.headers, headers());
  return request;
}

if (window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    domNode: byId("swagger"),
    deepLinking: true,
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    requestInterceptor: withKey,
    validatorUrl: null,
    onComplete: done,
  });
} else {
  byId("swagger").replaceChildren(failure(new Error("Swagger UI is not installed; /openapi.json describes the same.")));
  done();
}
