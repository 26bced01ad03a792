//! A clock of the caller's own: the same agent in virtual time.

use crate::support::{entries, js, now, world};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

/// Time that jumps to whatever is waited for.
const VIRTUAL: &str = "const virtual = (() => {
  let time = 1_000;
  return { now: () => time, schedule: (at, wake) => {
    const timer = setTimeout(() => { time = Math.max(time, at); wake(); }, 0);
    return () => clearTimeout(timer);
  } };
})();";

const FLAKY: &str = "let tries = 0;
  const model = messages => { if (++tries <= 2) throw new TransientError('503'); return calculates(messages); };";

#[wasm_bindgen_test]
async fn an_hour_of_waiting_takes_no_time_and_ends_to_the_microsecond() {
    let world = world(&format!(
        "{VIRTUAL} {FLAKY}
         const retry = {{ base: 1_800_000.123, cap: 1e9, jitter: 'none' }};
         return {{ model, tools: {{ multiply }}, clock: virtual, guard: {{ retry }} }};"
    ));
    let before = now();
    let result = world.run().await;
    assert!(now() - before < 3_000.0);
    let started: Vec<_> = entries(&result, "attempt_started").iter().map(|entry| entry["at"].clone()).collect();
    assert_eq!(started[..3], [json!(1_000), json!(1_801_000.123), json!(5_401_000.369)]);
}

#[wasm_bindgen_test]
async fn the_same_seed_gives_the_same_trace() {
    let trace = async |seed: &str| {
        let world = world(&format!(
            "{VIRTUAL} {FLAKY} return {{ model, tools: {{ multiply }}, clock: virtual, seed: {seed} }};"
        ));
        world.run().await["trace"].to_string()
    };
    assert_eq!(trace("7").await, trace("'7'").await);
    assert_ne!(trace("7").await, trace("8").await);
    assert_ne!(trace("undefined").await, trace("undefined").await);
}

#[wasm_bindgen_test]
async fn waits_beyond_what_a_host_s_timer_can_hold_do_not_end_at_once() {
    // 2^31 ms and 2^32 ms are where a host's timer takes the future for the past.
    for wait in ["2_200_000_000", "3_000_000_000", "5_000_000_000", "1e15"] {
        let world = world(&format!(
            "const real = setTimeout;
             globalThis.realSetTimeout = real;
             globalThis.setTimeout = (wake, ms) => {{ seen.push(ms > 0); return real(wake, ms); }};
             const model = () => {{ seen.length = 0; throw new TransientError('503'); }};
             const guard = {{ timeout: Number.MAX_VALUE, retry: {{ base: {wait}, cap: 1e15, jitter: 'none' }} }};
             return {{ model, guard }};"
        ));
        let result = world.run_with(&js("({ signal: AbortSignal.timeout(100) })")).await;
        let _ = js("globalThis.setTimeout = globalThis.realSetTimeout");
        assert_eq!((&result["stop"], world.seen()), (&json!("cancelled"), json!([true])), "{wait}");
    }
}

#[wasm_bindgen_test]
async fn a_clock_that_fails_breaks_no_promise() {
    let failing = [
        // Wakes at once, long before the time.
        "{ now: () => performance.now(), schedule: (at, wake) => { wake(); wake(); return () => {}; } }",
        // Cannot schedule.
        "{ now: () => performance.now(), schedule: () => { throw new Error('no'); } }",
        // Returns nothing to cancel with.
        "{ now: () => performance.now(), schedule: (at, wake) => { setTimeout(wake, at - performance.now()); } }",
        // Tells nonsense now and then, and goes back.
        "{ now: () => Math.random() < 0.3 ? NaN : performance.now() - 5 * Math.random(), schedule: (at, wake) => { setTimeout(wake, at - performance.now()); } }",
    ];
    for clock in failing {
        // Its first reading is looked at and has to be good.
        let clock = format!(
            "(() => {{ const it = {clock}; let first = true; return {{ schedule: it.schedule, now: () => {{ if (first) {{ first = false; return 0; }} return it.now(); }} }}; }})()"
        );
        let world = world(&format!(
            "{FLAKY} return {{ model, tools: {{ multiply }}, clock: {clock}, guard: {{ retry: {{ ...retry, base: 20 }} }} }};"
        ));
        let before = now();
        let result = world.run().await;
        assert_eq!(result["answer"], "17 * 23 = 391.", "{clock}");
        assert!((39.0..5_000.0).contains(&(now() - before)), "{} ms, {clock}", now() - before);
    }
}
