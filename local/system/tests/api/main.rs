//! Tests of the HTTP API. All tests of this program use one system; each test creates its own
//! tenants.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod api_keys;
mod authorizer_context;
mod batch_retry;
mod client;
mod compression;
mod console;
mod correlation_ids;
mod credentials;
mod days;
mod endpoints;
mod fault_codes;
mod flows;
mod hostile_input;
mod idempotency;
mod key_secrecy;
mod keys;
mod known_ids;
mod lists;
mod money;
mod pagination;
mod plaid;
mod rejections;
mod removals;
mod report_sums;
mod request_logs;
mod shared_system;
mod tenant_isolation;
mod texts;
