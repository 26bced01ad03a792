//! Budgets that go away and come back, or are refused.

use super::*;
use crate::budget::{BudgetExceeded, EnvelopeError, Reservation};
use crate::rng::Seed;

const T0: Instant = Instant::from_millis(1_000);

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn attempts(attempts: u64) -> Spend {
    Spend { attempts, ..Spend::NONE }
}

fn of_attempts(limit: u64) -> Limits {
    Limits::none().with_attempts(limit).unwrap()
}

/// A root of 10 attempts within 500 ms, a child that has spent 2 and holds 3, and a place that was left.
fn tree() -> (Budget, Envelope, Envelope, Reservation) {
    let mut budget = Budget::new(of_attempts(10).with_deadline(ms(500)).unwrap(), T0);
    let closed = budget.child(budget.root(), Limits::none(), T0).unwrap();
    let child = budget.child(budget.root(), of_attempts(6).with_deadline(ms(200)).unwrap(), T0).unwrap();
    budget.close(closed).unwrap();
    let done = budget.reserve(child, T0, attempts(1)).unwrap();
    budget.settle(done, attempts(2));
    let open = budget.reserve(child, T0, attempts(3)).unwrap();
    (budget, child, closed, open)
}

#[test]
fn what_was_reserved_at_the_snapshot_is_spent_after_it() {
    let (budget, child, closed, open) = tree();
    let bytes = budget.snapshot(at(1_050));
    let mut restored = Budget::restore(&bytes, at(10), ms(30)).unwrap();
    for envelope in [child, restored.root()] {
        assert_eq!((restored.spent(envelope), restored.reserved(envelope)), (attempts(5), Spend::NONE));
    }
    assert_eq!(restored.left(child, at(10)).attempts, Some(1));
    assert_eq!(restored.left(child, at(10)).time, Some(ms(120)), "80 ms of 200 are over");
    assert_eq!(restored.left(restored.root(), at(10)).time, Some(ms(420)));
    assert_eq!(restored.child(closed, Limits::none(), at(10)), Err(EnvelopeError::Closed));
    restored.settle(open, attempts(4));
    assert_eq!(restored.spent(restored.root()), attempts(5), "its estimate is counted already");
    let over = BudgetExceeded { what: Resource::Time, limit: 200_000, left: 0, asked: 0 };
    assert_eq!(restored.reserve(child, at(130), attempts(1)), Err(over));
}

#[test]
fn a_restored_budget_gives_the_same_bytes_again_but_for_its_life() {
    let (budget, ..) = tree();
    let once = Budget::restore(&budget.snapshot(T0), T0, Duration::ZERO).unwrap();
    let twice = Budget::restore(&once.snapshot(T0), T0, Duration::ZERO).unwrap();
    assert_eq!((once.life, twice.life), (1, 2));
    let body = |budget: &Budget| {
        let bytes = budget.snapshot(T0);
        bytes[11 + 8..bytes.len() - 8].to_vec()
    };
    assert_eq!(body(&once), body(&twice));
    assert_eq!(body(&budget), body(&once), "reserved or spent, it is the same amount");
}

#[test]
fn a_snapshot_by_a_clock_that_went_back_gives_no_time_back() {
    let (mut budget, child, ..) = tree();
    assert!(budget.reserve(child, at(1_150), Spend::NONE).is_ok());
    let restored = Budget::restore(&budget.snapshot(T0), T0, Duration::ZERO).unwrap();
    assert_eq!(restored.left(child, T0).time, Some(ms(50)), "150 ms of 200 were over");
}

#[test]
fn bytes_beyond_the_budget_are_refused() {
    let (budget, ..) = tree();
    let mut writer = Writer::new(Kind::Budget, T0);
    writer.put(&budget).put(&0_u8);
    let error = Budget::restore(&writer.finish(), T0, Duration::ZERO).unwrap_err();
    assert_eq!(error, SnapshotError::Damaged);
}

#[test]
fn an_envelope_comes_back_as_part_of_a_larger_snapshot() {
    let (budget, child, ..) = tree();
    let mut writer = Writer::new(Kind::Run, T0);
    writer.put(&budget).put(&child);
    let bytes = writer.finish();
    let mut reader = Reader::new(Kind::Run, &bytes, T0, Duration::ZERO).unwrap();
    let (restored, same): (Budget, Envelope) = (reader.take().unwrap(), reader.take().unwrap());
    reader.finish().unwrap();
    assert_eq!((same, restored.spent(same)), (child, attempts(5)));
}

#[test]
fn trees_that_cannot_be_are_refused() {
    type Spoil = fn(&mut Vec<Slot>);
    let impossible = |spoil: Spoil| {
        let mut budget = Budget::new(of_attempts(10).with_deadline(ms(500)).unwrap(), T0);
        let child = budget.child(budget.root(), of_attempts(6), T0).unwrap();
        let inner = budget.child(child, of_attempts(5), T0).unwrap();
        let _held = budget.reserve(inner, T0, attempts(2)).unwrap();
        spoil(&mut budget.slots);
        match Budget::restore(&budget.snapshot(T0), T0, Duration::ZERO) {
            Err(SnapshotError::Impossible { what }) => what,
            other => panic!("{other:?}"),
        }
    };
    let cases: [(Spoil, &str); 13] = [
        (Vec::clear, "the budget has no root"),
        (|slots| slots[0].node = None, "the budget has no root"),
        (|slots| node(slots, 0).parent = Some(0), "the budget has no root"),
        (|slots| node(slots, 2).parent = None, "the budget has two roots"),
        (|slots| node(slots, 2).parent = Some(3), "an envelope is in one that is not there"),
        (|slots| node(slots, 2).parent = Some(usize::MAX), "an envelope is in one that is not there"),
        (|slots| slots[1].node = None, "an envelope is in one that is not there"),
        (|slots| node(slots, 1).limits.attempts = Some(11), "an envelope is wider than the one it is in"),
        (|slots| node(slots, 1).limits.attempts = None, "an envelope is wider than the one it is in"),
        (|slots| node(slots, 1).deadline = due(at(1_501)), "an envelope is wider than the one it is in"),
        (|slots| node(slots, 1).limits.deadline = None, "an envelope has a deadline and no limit of time"),
        (
            |slots| {
                *node(slots, 1) = *node(slots, 2);
                node(slots, 1).parent = Some(2);
                node(slots, 2).parent = Some(1);
            },
            "envelopes are within each other",
        ),
        (|slots| node(slots, 0).reserved = attempts(1), "an envelope has spent less than those in it"),
    ];
    for (spoil, what) in cases {
        assert_eq!(impossible(spoil), what);
    }
}

fn node(slots: &mut [Slot], index: usize) -> &mut Node {
    slots[index].node.as_mut().unwrap()
}

#[test]
fn every_snapshot_with_a_true_checksum_is_read_without_a_panic() {
    let (budget, ..) = tree();
    let whole = budget.snapshot(T0);
    let body = &whole[11..whole.len() - 8];
    let mut restored = 0;
    for seed in 0..20_000 / crate::rng::FEWER {
        let mut luck = Seed(seed).stream(1, 1);
        let mut spoilt = body.to_vec();
        for _ in 0..=luck.up_to(2) {
            let place = usize::try_from(luck.up_to(body.len() as u64 - 1)).unwrap();
            spoilt[place] = [0, 1, 2, 3, 0xff][usize::try_from(luck.up_to(4)).unwrap()];
        }
        spoilt.truncate(body.len() - usize::try_from(luck.up_to(20).saturating_sub(18)).unwrap());
        let mut writer = Writer::new(Kind::Budget, T0);
        for byte in spoilt {
            writer.put(&byte);
        }
        let Ok(mut budget) = Budget::restore(&writer.finish(), at(20), ms(5)) else { continue };
        restored += 1;
        let root = budget.root();
        let child = budget.child(root, of_attempts(1), at(20)).unwrap();
        if let Ok(reservation) = budget.reserve(child, at(20), attempts(1)) {
            budget.settle(reservation, attempts(1));
        }
        assert!(Budget::restore(&budget.snapshot(at(30)), at(0), ms(1)).is_ok(), "seed {seed}");
    }
    assert!(restored > 1_000 / crate::rng::FEWER, "{restored} of 20,000 came back");
}
