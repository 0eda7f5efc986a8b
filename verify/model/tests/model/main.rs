//! Tests of the protocol by exhaustive exploration.

mod announcements;
mod exploration;
mod guards;
mod retry;
mod scenarios;
mod slices;
