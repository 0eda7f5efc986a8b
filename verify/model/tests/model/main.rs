//! What the model says of the protocol.

mod exploration;
mod guards;
mod retry;
mod scenarios;
mod sweep;
