//! The store against a real PostgreSQL: one program, so that one server serves all of it.
#![cfg(test)]

mod accounts;
mod backlog;
mod batches;
mod concurrency;
mod constraints;
mod enrichment;
mod idempotency;
mod ingest;
mod ledger;
mod outbox;
mod report;
mod scale;
mod sums;
mod tenants;
mod unnamed;
