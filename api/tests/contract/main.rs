//! Compares `openapi.json` with the code: calls, limits, enumerations, examples and responses; and
//! `template.yaml` with both.
//!
//! Responses that only the gateway creates (403, 429, 502, 504) are not requested here.

#![cfg(test)]

mod document;
mod examples;
mod iam;
mod limits;
mod parser;
mod responses;
mod routes;
mod template;
