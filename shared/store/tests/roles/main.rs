//! Privileges of the roles, and row-level security.
#![cfg(test)]

#[expect(dead_code, reason = "the `store` test binary uses the rest")]
#[path = "../store/ledger.rs"]
mod ledger;

mod grants;
mod login;
mod migrations;
mod plans;
mod privileges;
mod server;
mod tls;
mod unscoped_statements;
