//! Bytes as snapshots: as they are, as the state in a whole frame, or as changes to a snapshot that was good.

use crate::bytes::Bytes;
use crate::run::World;
use crate::{breaker, seal, valid};
use steadfast::breaker::CircuitBreaker;
use steadfast::budget::{Budget, Spend};
use steadfast::effect::{Claim, EffectState, Ledger};
use steadfast::time::{Duration, Instant};

/// The kinds of snapshots, as their frames spell them.
pub const KINDS: [u8; 4] = *b"bglr";

/// The target.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (choice, how) = (bytes.byte(), bytes.up_to(2));
    let (kind, settings) = (usize::from(choice % 4), choice / 4);
    let now = bytes.pick(&[0, 1_000_000, u64::MAX, u64::MAX - 1, 1 << 40]);
    let elapsed = bytes.pick(&[0, 1, 60_000_000, u64::MAX]);
    let moment = (Instant::from_micros(now), Duration::from_micros(elapsed));
    let snapshot = match how {
        0 => seal::sealed(KINDS[kind], bytes.rest()),
        1 => changed(kind, settings, &mut bytes),
        _ => bytes.rest().to_vec(),
    };
    let mut story = Bytes::new(data);
    match kind {
        0 => of_breaker(&snapshot, settings, moment, &mut story),
        1 => of_budget(&snapshot, moment, &mut story),
        2 => of_ledger(&snapshot),
        _ => of_run(&snapshot, settings, moment, &mut story),
    }
}

/// A good snapshot with something wrong in it, and checksums that say otherwise.
fn changed(kind: usize, settings: u8, bytes: &mut Bytes<'_>) -> Vec<u8> {
    let changes: Vec<_> = (0..bytes.up_to(4))
        .map(|_| (bytes.up_to(4), usize::from(u16::from_le_bytes([bytes.byte(), bytes.byte()])), bytes.number()))
        .collect();
    let mut snapshot = match kind {
        0 => valid::breaker(settings, bytes),
        1 => valid::budget(bytes),
        2 => valid::ledger(bytes),
        _ => valid::run(bytes),
    };
    for (what, place, value) in changes {
        let place = place % snapshot.len().max(1);
        let [low, ..] = value.to_le_bytes();
        match what {
            0 => snapshot[place] ^= 1 << (low % 8),
            1 => snapshot[place] = low,
            2 => snapshot.insert(place, low),
            3 => drop(snapshot.remove(place)),
            _ => snapshot.iter_mut().skip(place).zip(value.to_le_bytes()).for_each(|(byte, new)| *byte = new),
        }
    }
    seal::repair(&mut snapshot);
    snapshot
}

fn of_breaker(snapshot: &[u8], settings: u8, (now, elapsed): (Instant, Duration), story: &mut Bytes<'_>) {
    let (policy, seed) = valid::breaker_settings(settings);
    let Ok(breaker) = CircuitBreaker::restore(snapshot, policy, seed, now, elapsed) else { return };
    breaker::works_again(&breaker, policy, seed, now);
    breaker::Life::new(breaker, policy, seed, now).go_on(story);
}

fn of_budget(snapshot: &[u8], (now, elapsed): (Instant, Duration), story: &mut Bytes<'_>) {
    let Ok(mut budget) = Budget::restore(snapshot, now, elapsed) else { return };
    let once = budget.snapshot(now);
    let again = Budget::restore(&once, now, Duration::ZERO).expect("what was written is read");
    assert!(seal::same_state(&once, &again.snapshot(now)), "{budget:?}\n{again:?}");
    let root = budget.root();
    let before = budget.spent(root);
    let child = budget.child(root, crate::settings::limits(story), now).expect("the root is open");
    if let Ok(reservation) = budget.reserve(child, now, Spend { attempts: 1, ..Spend::NONE }) {
        assert_eq!(budget.reserved(root).attempts, 1);
        budget.settle(reservation, Spend { attempts: 1, ..Spend::NONE });
    }
    assert_eq!(budget.reserved(root), Spend::NONE);
    assert!(budget.spent(root).attempts >= before.attempts);
    assert!(
        budget.left(child, now).attempts <= budget.left(root, now).attempts
            || budget.left(root, now).attempts.is_none()
    );
    budget.close(child).expect("it is open");
}

fn of_ledger(snapshot: &[u8]) {
    let Ok(mut ledger) = Ledger::restore(snapshot) else { return };
    let again = Ledger::restore(&ledger.snapshot()).expect("what was written is read");
    assert_eq!(again, ledger);
    assert!(ledger.entries().iter().all(|entry| entry.state != EffectState::Started));
    for entry in again.entries() {
        let known = ledger.entry(entry.key).map(|known| known.state);
        let granted = ledger.claim(Claim { entry: entry.clone(), again: false });
        assert_ne!(granted, steadfast::effect::Claimed::Granted, "it is there already");
        assert_eq!(ledger.entry(entry.key).map(|known| known.state), known);
    }
}

fn of_run(snapshot: &[u8], settings: u8, (now, elapsed): (Instant, Duration), story: &mut Bytes<'_>) {
    let settings = valid::run_settings(settings);
    let Ok(run) = settings.restore(snapshot, now, elapsed) else { return };
    settings.works_again(&run, now);
    let mut world = World::of(settings, run, now);
    world.tell(steadfast::run::Input::Start);
    while !story.is_empty() {
        world.step(story);
    }
    world.end();
}
