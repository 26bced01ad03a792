//! The simulated world in a real browser: the same traces as natively, to the byte.
#![cfg(target_arch = "wasm32")]

use serde_json::Value;
use steadfast_simulator::simulate;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// The simulation's own policy, as the driver says it.
const STANDING: [f64; 22] = [
    8.0, 600e6, 4e6, 30e6, 4.0, 500e3, 20e6, 2000.0, 0.0, 1.0, 3.0, 500.0, 20.0, 60e6, 10.0, -1.0, -1.0, 30e6, 300e6,
    1.0, 1.0, -1.0,
];

/// With the scenario's own faults and nobody who approves.
fn played(scenario: &str, seed: u64) -> Value {
    let (high, low) = (u32::try_from(seed >> 32).unwrap(), u32::try_from(seed & 0xffff_ffff).unwrap());
    let journal = simulate(scenario, high, low, None, &STANDING, "", "nobody");
    serde_json::from_str(&journal).unwrap_or_else(|_| panic!("{journal}"))
}

#[wasm_bindgen_test]
fn traces_hash_as_natively() {
    let golden = include_str!("../../../tests/golden/hashes.txt");
    let mut compared = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let [scenario, seed, hash] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(played(scenario, seed.parse().unwrap())["hash"], hash, "{line}");
        compared += 1;
    }
    assert!(compared >= 18, "{compared} hashes");
}

#[wasm_bindgen_test]
fn what_a_number_of_javascript_cannot_hold_travels_as_a_text() {
    let journal = played("hung", u64::MAX);
    assert_eq!(journal["trace"][0]["why"]["seed"], "18446744073709551615");
}
