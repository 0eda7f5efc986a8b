//! Fuzzes the headers that carry a key.
#![no_main]

use tributary_properties::key;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| key::check(bytes));
