//! Tests of the protocol by exhaustive exploration.

mod exploration;
mod guards;
mod requeue;
mod retry;
mod scenarios;
