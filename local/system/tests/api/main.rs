//! Tests of the HTTP API. All tests of this program use one system; each test creates its own
//! tenants.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod api_keys;
mod authorizer_context;
mod batch_retry;
mod compression;
mod correlation_ids;
mod credentials;
mod endpoints;
mod hostile_input;
mod idempotency;
mod key_secrecy;
mod pagination;
mod rejections;
mod report_sums;
mod request_logs;
mod shared_system;
mod tenant_isolation;
