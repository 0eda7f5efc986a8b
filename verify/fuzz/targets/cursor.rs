//! Fuzzes the pagination cursor.
#![no_main]

use tributary_properties::cursor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cursor::check(bytes));
