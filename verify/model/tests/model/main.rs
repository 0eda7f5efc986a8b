//! Tests of the protocol by exhaustive exploration.

mod announcements;
mod exploration;
mod guards;
mod pairs;
mod retry;
mod scenarios;
mod slices;
