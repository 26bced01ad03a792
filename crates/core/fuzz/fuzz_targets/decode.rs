//! Bytes as snapshots: an error or a state that works.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadfast_fuzz::decode::check(data));
