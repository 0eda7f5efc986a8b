//! Fuzzes the headers that carry a key.
#![no_main]

#[path = "../properties/key.rs"]
mod key;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| key::check(bytes));
