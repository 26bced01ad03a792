//! Bytes as the life of an agent run.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadfast_fuzz::run::check(data));
