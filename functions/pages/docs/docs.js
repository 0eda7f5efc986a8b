// Shows the OpenAPI document with Swagger UI. API Gateway's stage may stand before /api, so the server is where this
// page came from and not the root of the origin.
const base = location.pathname.replace(/\/api\/docs$/, "") || "/";

fetch("openapi.json")
  .then((response) => response.json())
  .then((spec) => {
    SwaggerUIBundle({
      spec: { ...spec, servers: [{ url: base }] },
      domNode: document.getElementById("docs"),
      deepLinking: true,
      persistAuthorization: false,
      validatorUrl: null,
    });
  });
