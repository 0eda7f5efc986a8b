//! Properties of the parsers of untrusted input, one module for each input. The tests here check them with
//! generated input on stable Rust; `verify/fuzz` checks the same properties under libFuzzer.
#![expect(clippy::unwrap_used, reason = "a failed assertion is the result of a property")]

pub mod cursor;
pub mod key;
pub mod message;
pub mod request;
