//! Requests and responses below the typed calls.

mod request;
mod response;

pub use request::Request;
pub use response::Response;
