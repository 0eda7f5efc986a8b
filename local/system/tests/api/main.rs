//! The HTTP API from outside, on one system that all tests of this program share. Each test has a
//! tenant of its own, so none sees another's ids.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod apart;
mod correlation;
mod credentials;
mod direct;
mod endpoints;
mod hostile;
mod idempotency;
mod logs;
mod pages;
mod refusals;
mod retry;
mod secrecy;
mod shared;
mod sums;
