//! Bytes as the life of a circuit breaker.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadfast_fuzz::breaker::check(data));
