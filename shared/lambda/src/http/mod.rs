//! HTTP as the functions speak it: a request that is routed and whose tenant is known, an answer, a problem.

mod answer;
mod incoming;
mod problem;
mod serve;

pub use answer::{Answer, CORRELATION_HEADER};
pub use incoming::Incoming;
pub use problem::{Cause, Problem};
pub use serve::{Handler, answer, run};
