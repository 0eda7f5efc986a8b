//! Metrics, traces and the admin function of a running system.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod emf;
mod metrics;
mod template_metrics;
mod traces;
