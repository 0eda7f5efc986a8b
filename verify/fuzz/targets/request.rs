//! Fuzzes the request body of a batch, in both formats.
#![no_main]

use tributary_properties::request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    request::check(bytes);
    request::check_plaid(bytes);
});
