//! Reports whether PostgreSQL and the queue are available, and serves the OpenAPI document. Both
//! routes are open.

mod handler;

pub use handler::Health;
