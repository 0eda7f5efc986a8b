//! HTTP for the functions: a routed request with its tenant, a response, a problem, gzip.

mod body;
pub mod gzip;
mod problem;
mod request;
mod response;
mod serve;

pub use body::read_body;
pub use problem::{Cause, Problem};
pub use request::Request;
pub use response::{CORRELATION_HEADER, Response};
pub use serve::{Handler, respond, run};
