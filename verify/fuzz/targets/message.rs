//! Fuzzes the SQS message.
#![no_main]

use tributary_properties::message;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| message::check(bytes));
