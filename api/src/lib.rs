//! The contract of the HTTP API. Its tests compare the OpenAPI document with the code, the
//! deployment template and the documentation.

/// The OpenAPI 3.1 document, as `GET /api/openapi.json` returns it.
pub const OPENAPI: &str = include_str!("../openapi.json");
