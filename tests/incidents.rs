//! Runs that were recorded elsewhere, had again here: what the npm package hands to an agent's recorder is what the engine reads.

use steadfast::approval::sha256;
use steadfast::policy::CallPolicy;
use steadfast::replay::Incident;
use steadfast::time::Instant;

/// Written by `crates/wasm/npm/test/agent-recorder.test.js`, which holds it against what the package records.
const NPM: &str = include_str!("incidents/npm.txt");

fn incident() -> Incident {
    Incident::from_bytes(&bytes(NPM.trim()), sha256).unwrap()
}

#[test]
fn a_run_that_the_npm_package_recorded_is_had_again() {
    let run = incident().replay().unwrap();
    let trace: Vec<String> = run.trace().entries().iter().map(ToString::to_string).collect();
    let has = |what: &str| trace.iter().any(|line| line.contains(what));
    assert!(has("overloaded: 503 <img src=x onerror=alert(1)>"), "{trace:#?}");
    assert!(has("A human said yes"), "{trace:#?}");
    let result = run.result().unwrap();
    assert_eq!(result.answer, "Done: sent <img src=x onerror=alert(1)>");
    assert_eq!((result.steps, result.degraded), (2, false));
    assert!(run.now() > Instant::from_millis(1_800));
}

#[test]
fn and_under_other_policies() {
    let incident = incident();
    let policy = incident.policy().clone().with_model(CallPolicy::default().with_retry(None));
    let what_if = incident.what_if(policy, incident.tools().to_vec()).unwrap();
    assert_eq!(what_if.run.result().unwrap().stop.as_str(), "model_unavailable");
    let entries = what_if.run.trace().entries();
    assert!(entries[what_if.first_difference.unwrap()].event.to_string().starts_with("The call gives up"));
}

/// Base64, as the package writes it.
fn bytes(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let digits: Vec<usize> = text.trim_end_matches('=').chars().map(|digit| DIGITS.find(digit).unwrap()).collect();
    for four in digits.chunks(4) {
        let number = (0..4).fold(0, |number, at| number << 6 | four.get(at).copied().unwrap_or(0));
        bytes.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes()[1..four.len()]);
    }
    bytes
}
