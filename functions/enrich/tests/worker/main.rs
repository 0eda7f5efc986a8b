//! Workers on real rows, with categorisers that do as the test says.
#![cfg(test)]

mod bench;
mod endings;
mod faults;
mod leases;
mod logs;
mod metrics;
