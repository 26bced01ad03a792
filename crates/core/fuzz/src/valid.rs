//! Snapshots as the engine writes them, of states that bytes lead to.

use crate::bytes::Bytes;
use crate::run::{Settings, World};
use crate::{breaker, settings};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker};
use steadfast::budget::Budget;
use steadfast::effect::{Effect, EffectState, Ledger, LedgerEntry};
use steadfast::id::{CallId, Key};
use steadfast::rng::Seed;
use steadfast::time::Instant;

/// Things that happen before a snapshot.
const HAPPENINGS: usize = 24;

/// What a breaker comes back under.
pub fn breaker_settings(choice: u8) -> (BreakerPolicy, Seed) {
    let every_rule = [1, 1, 3, 0, 5, 8, 100, 9, 1, 7, 3, 0, 1, 7, 1, 9, 9, 1, 2, 1];
    let bytes: &[u8] = if choice.is_multiple_of(2) { &[] } else { &every_rule };
    (settings::breaker(&mut Bytes::new(bytes)), Seed(7))
}

/// What a run comes back under.
pub fn run_settings(choice: u8) -> Settings {
    let other = [1, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 1, 9, 1, 0, 2, 0, 2, 7, 1, 1, 2, 1, 1, 0, 1];
    let bytes: &[u8] = if choice.is_multiple_of(2) { &[] } else { &other };
    Settings::new(&mut Bytes::new(bytes))
}

/// Of a breaker.
pub fn breaker(choice: u8, bytes: &mut Bytes<'_>) -> Vec<u8> {
    let (policy, seed) = breaker_settings(choice);
    let life = breaker::Life::new(CircuitBreaker::new(policy, seed), policy, seed, Instant::ORIGIN);
    life.go_on(bytes).snapshot(Instant::ORIGIN)
}

/// Of a budget.
pub fn budget(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut now = Instant::ORIGIN;
    let mut budget = Budget::new(settings::limits(bytes), now);
    let mut envelopes = vec![budget.root()];
    let mut reservations = Vec::new();
    for _ in 0..HAPPENINGS {
        now = bytes.instant_after(now);
        let envelope = envelopes[usize::from(bytes.byte()) % envelopes.len()];
        match bytes.up_to(4) {
            0 | 1 => envelopes.extend(budget.child(envelope, settings::limits(bytes), now)),
            2 => reservations.extend(budget.reserve(envelope, now, settings::spend(bytes))),
            3 => reservations.pop().into_iter().for_each(|last| budget.settle(last, settings::spend(bytes))),
            _ => drop(budget.close(envelope)),
        }
    }
    budget.snapshot(now)
}

/// Of a ledger.
pub fn ledger(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut ledger = Ledger::default();
    for _ in 0..bytes.up_to(5) {
        let key = Key { run: crate::run::ID, call: CallId(bytes.number()) };
        let effect = bytes.pick(&[Effect::None, Effect::Idempotent, Effect::Once]);
        let state = bytes.pick(&[EffectState::Intended, EffectState::Started, EffectState::Done, EffectState::Unknown]);
        ledger.write(LedgerEntry {
            key,
            tool: bytes.text(),
            args: bytes.text(),
            effect,
            state,
            tries: 1,
            output: bytes.text(),
        });
    }
    ledger.snapshot()
}

/// Of a run.
pub fn run(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut world = World::new(bytes);
    for _ in 0..HAPPENINGS {
        world.step(bytes);
    }
    world.snapshot()
}
