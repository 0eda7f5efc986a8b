//! Tests of the store against PostgreSQL. They are one binary, so that they share one server.
#![cfg(test)]

mod accounts;
mod announcements;
mod backlog;
mod batches;
mod bounded;
mod concurrency;
mod constraints;
mod enrichment;
mod flows;
mod idempotency;
mod ingest;
mod known_ids;
mod ledger;
mod limits;
mod lists;
mod money;
mod pages;
mod pairs;
mod plans;
mod removals;
mod report;
mod retention;
mod scale;
mod sums;
mod tenants;
mod timeouts;
mod unnamed;
