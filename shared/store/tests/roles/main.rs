//! Privileges of the roles, and row-level security.
#![cfg(test)]

#[expect(dead_code, reason = "another test program uses the rest of it")]
#[path = "../store/ledger.rs"]
mod ledger;

mod grants;
mod login;
mod migrating;
mod plans;
mod table;
mod tls;
mod unscoped_statements;
