//! Who is let through, against a real PostgreSQL and an issuer with keys of its own.
#![cfg(test)]

mod jwks;
mod keys;
mod rig;
mod tokens;
