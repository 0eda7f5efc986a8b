//! The HTTP API from outside, on one system that all tests of this program share. Each test has a
//! tenant of its own, so none sees another's ids.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod correlation;
mod endpoints;
mod hostile;
mod idempotency;
mod logs;
mod pages;
mod refusals;
mod retry;
mod shared;
mod sums;
