//! Bytes as what is heard of a failed call: there is a verdict, whatever it is.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadfast_fuzz::providers::check(data));
