//! Fuzzes the headers with an API key.
#![no_main]

use tributary_properties::key;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| key::check(bytes));
