//! Bytes as the lives of guarded calls that share what protects them.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadfast_fuzz::call::check(data));
