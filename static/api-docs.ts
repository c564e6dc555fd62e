// The API documentation (`/docs`): Swagger UI on the service's OpenAPI document.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import { preferredLanguage } from "./i18n";

const language = preferredLanguage(new URLSearchParams(location.search).get("lang"));
document.documentElement.lang = language;
SwaggerUI({
  dom_id: "#api-docs",
  url: `/api/openapi.json?lang=${language}`,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
