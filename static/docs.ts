// The API's page: a viewer over the document that the service makes of itself, in the reader's language.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language.slice(0, 2);
const language = asked === "en" ? "en" : "fr";
document.documentElement.lang = language;
SwaggerUI({
  dom_id: "#docs",
  url: `/api/openapi.json?lang=${language}`,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
