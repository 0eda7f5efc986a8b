//! Tests the decisions of authorize on a real PostgreSQL with a token issuer.
#![cfg(test)]

mod jwks;
mod keys;
mod rig;
mod tokens;
