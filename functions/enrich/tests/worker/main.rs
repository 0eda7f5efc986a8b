//! Tests workers on real rows with scripted categorisers.
#![cfg(test)]

mod bench;
mod endings;
mod faults;
mod leases;
mod logs;
mod metrics;
