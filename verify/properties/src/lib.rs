//! Properties of the parsers of untrusted input, one module for each parser. The tests here check
//! them with generated input on stable Rust; `verify/fuzz` checks the same under libFuzzer.
#![expect(clippy::unwrap_used, reason = "a failed assertion is the result of a property")]

pub mod cursor;
pub mod key;
pub mod message;
pub mod request;
