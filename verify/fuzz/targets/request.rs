//! Fuzzes the request body of a batch.
#![no_main]

use tributary_properties::request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| request::check(bytes));
