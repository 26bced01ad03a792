//! A circuit breaker under any schedule.

use crate::bytes::Bytes;
use crate::{seal, settings};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker, Permit, PermitOutcome, RejectReason, State, Stats};
use steadfast::rng::Seed;
use steadfast::time::{Duration, Instant};

const OUTCOMES: [PermitOutcome; 5] =
    [PermitOutcome::Ok, PermitOutcome::Failed, PermitOutcome::Slow, PermitOutcome::Ignored, PermitOutcome::Cancelled];
/// Permits that a host holds at a time.
const HELD: usize = 64;

/// The target.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let policy = settings::breaker(&mut bytes);
    let seed = Seed(bytes.number());
    Life::new(CircuitBreaker::new(policy, seed), policy, seed, Instant::ORIGIN).go_on(&mut bytes);
}

/// A breaker, its clock, and the permits that are out.
#[derive(Debug)]
pub struct Life {
    breaker: CircuitBreaker,
    policy: BreakerPolicy,
    seed: Seed,
    now: Instant,
    permits: Vec<Permit>,
    state: State,
    changed: Instant,
}

impl Life {
    /// From here on.
    pub fn new(breaker: CircuitBreaker, policy: BreakerPolicy, seed: Seed, now: Instant) -> Self {
        let state = breaker.state();
        Self { breaker, policy, seed, now, permits: Vec::new(), state, changed: Instant::ORIGIN }
    }

    /// To the end of the bytes.
    pub fn go_on(mut self, bytes: &mut Bytes<'_>) -> CircuitBreaker {
        while !bytes.is_empty() {
            let before = self.breaker.stats();
            self.step(bytes);
            never_less(before, self.breaker.stats());
            self.hear_changes();
        }
        self.breaker
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.byte() % 16;
        // What the host says; the breaker's own clock never goes back.
        let said = bytes.instant_after(self.now);

        self.now = self.now.max(said);
        match what {
            0..=5 => self.admit(said, bytes),
            6..=10 => {
                let Some(last) = self.permits.len().checked_sub(1) else { return self.breaker.advance(said) };
                let permit = self.permits.swap_remove(last - usize::from(bytes.byte()).min(last));
                self.breaker.settle(permit, bytes.pick(&OUTCOMES), said);
            }
            11 => {
                let reason = bytes.text();
                self.breaker.force_open(reason, said);
                assert_eq!((self.breaker.state(), self.breaker.open_until()), (State::ForcedOpen, Some(Instant::MAX)));
            }
            12 => {
                self.breaker.disable(bytes.text(), said);
                assert_eq!(self.breaker.state(), State::Disabled);
            }
            13 => {
                self.breaker.reset(said);
                assert_eq!(self.breaker.state(), State::Closed);
            }
            14 => self.breaker.advance(said),
            _ => self.restore(said, bytes),
        }
    }

    fn admit(&mut self, said: Instant, bytes: &mut Bytes<'_>) {
        let mut seen = self.breaker.clone();
        seen.advance(said);
        match (self.breaker.admit(said, bytes.limit()), seen.state()) {
            (Ok(permit), State::Closed | State::Disabled | State::HalfOpen) => {
                assert!(seen.state() == State::HalfOpen || permit.lease_until() == Instant::MAX);
                self.permits.push(permit);
                if self.permits.len() > HELD {
                    // A host that loses one: it is never settled.
                    drop(self.permits.remove(0));
                }
            }
            (Err(rejection), State::Open) => {
                assert_eq!(rejection.reason, RejectReason::Open);
                assert_eq!(Some(rejection.retry_at), seen.open_until());
                assert!(rejection.retry_at > self.now, "nobody is told to come back at once");
            }
            (Err(rejection), State::HalfOpen) => {
                assert!(matches!(rejection.reason, RejectReason::ProbesUnderWay { .. }));
                assert!(rejection.retry_at > self.now, "nobody is told to come back at once");
            }
            (Err(rejection), State::ForcedOpen) => assert_eq!(rejection.retry_at, Instant::MAX),
            (result, state) => panic!("{result:?} while {state:?}"),
        }
    }

    fn restore(&mut self, said: Instant, bytes: &mut Bytes<'_>) {
        let snapshot = self.breaker.snapshot(said);
        let back = |now, elapsed| CircuitBreaker::restore(&snapshot, self.policy, self.seed, now, elapsed);
        let restored = back(self.now, Duration::ZERO).expect("what was written is read");
        self.breaker.advance(said);
        assert_eq!(restored.state(), self.breaker.state());
        assert_eq!(restored.stats(), self.breaker.stats());
        assert_eq!(restored.open_until(), self.breaker.open_until());
        works_again(&restored, self.policy, self.seed, self.now);
        match bytes.up_to(2) {
            0 => {}
            1 => self.take(restored, self.now),
            _ => {
                let (now, elapsed) = (bytes.instant_after(self.now), bytes.duration());
                self.take(back(now, elapsed).expect("what was written is read"), now);
            }
        }
    }

    /// Another process goes on, perhaps with another clock. The permits of this one are still out.
    fn take(&mut self, restored: CircuitBreaker, now: Instant) {
        (self.state, self.changed) = (restored.state(), Instant::ORIGIN);
        (self.breaker, self.now) = (restored, now);
    }

    /// Every change begins where the last one ended, in order.
    fn hear_changes(&mut self) {
        let mut heard = 0;
        while let Some(change) = self.breaker.poll_change() {
            heard += 1;
            assert!(heard <= 8, "changes come to an end");
            assert_eq!(change.from, self.state, "{change:?}");
            assert_eq!(change.until.is_some(), change.to == State::Open);
            assert!(change.at >= self.changed && change.at <= self.now, "{change:?} after {:?}", self.changed);
            (self.state, self.changed) = (change.to, change.at);
        }
        assert_eq!(self.state, self.breaker.state());
    }
}

/// A breaker that came back comes back again, the same.
pub fn works_again(breaker: &CircuitBreaker, policy: BreakerPolicy, seed: Seed, now: Instant) {
    let once = breaker.snapshot(now);
    let again = CircuitBreaker::restore(&once, policy, seed, now, Duration::ZERO).expect("what was written is read");
    assert!(seal::same_state(&once, &again.snapshot(now)), "{breaker:?}\n{again:?}");
}

fn never_less(before: Stats, after: Stats) {
    let counts = |stats: Stats| {
        let Stats { successes, failures, rejected, late, ignored, opened, slow } = stats;
        [successes, failures, rejected, late, ignored, opened, slow]
    };
    assert!(counts(before).iter().zip(counts(after)).all(|(before, after)| *before <= after), "{before:?} {after:?}");
}
