//! Holds `src/openapi.json` to the code: its calls, limits, words, examples and answers; and
//! `template.yaml` to both.
//!
//! What the gateway answers by itself (403, 429, 502, 504) is not asked here: no function has it.

#![cfg(test)]

mod answers;
mod document;
mod examples;
mod iam;
mod limits;
mod parser;
mod routes;
mod template;
