//! The circuit breaker against a simple model of it: all interleavings of a few calls, and long random histories.
//!
//! The model keeps every call and every result it ever saw and looks at all of them each time. It is slow and plainly right.
//! The one thing it takes from the real breaker is how long that stays open, which is drawn; it checks the draw's bounds.

use steadfast::breaker::{BreakerPolicy, CircuitBreaker, Permit, PermitOutcome, SlowPolicy, State, WindowPolicy};
use steadfast::rng::{Seed, Stream};
use steadfast::time::{Duration, Instant};

/// How a call can end. One that ends after a change of state is late, and one that nobody ends never does: the enumeration
/// goes through those, too.
const OUTCOMES: [PermitOutcome; 5] =
    [PermitOutcome::Ok, PermitOutcome::Failed, PermitOutcome::Slow, PermitOutcome::Ignored, PermitOutcome::Cancelled];

/// The settings, said again in plain numbers.
#[derive(Clone, Copy)]
struct Numbers {
    consecutive: usize,
    /// In a thousand, calls, milliseconds, minimum.
    window: Option<(usize, usize, u64, usize)>,
    /// Milliseconds, in a thousand.
    slow: Option<(u64, usize)>,
    open_ms: u64,
    open_max_ms: u64,
    probes: usize,
    successes: usize,
    lease_ms: u64,
}

impl Numbers {
    /// Whether a probe's lease ends because it is slow.
    fn slow_probe(self) -> bool {
        self.slow.is_some_and(|(limit, _)| limit < self.lease_ms)
    }

    fn policy(self) -> BreakerPolicy {
        let ms = Duration::from_millis;
        let window = self.window.map(|(rate, calls, span, minimum)| {
            let number = |n: usize| u32::try_from(n).unwrap();
            WindowPolicy::new(number(rate), number(calls), ms(span), number(minimum)).unwrap()
        });
        let slow = self.slow.map(|(limit, rate)| SlowPolicy::new(ms(limit), u32::try_from(rate).unwrap()).unwrap());
        BreakerPolicy::default()
            .with_slow(slow)
            .with_consecutive(u32::try_from(self.consecutive).unwrap())
            .with_window(window)
            .with_open_for(ms(self.open_ms), ms(self.open_max_ms))
            .unwrap()
            .with_probes(u32::try_from(self.probes).unwrap(), u32::try_from(self.successes).unwrap())
            .unwrap()
            .with_lease(ms(self.lease_ms))
            .unwrap()
    }
}

/// The model: a list of what happened since the last change of state.
struct Model {
    numbers: Numbers,
    state: State,
    era: u32,
    now: u64,
    open_until: u64,
    opened_in_row: u32,
    opened: u64,
    results: Vec<(u64, bool)>,
    /// The calls of this era whose duration is not known, and when each began.
    in_flight: Vec<(usize, u64)>,
    /// The calls of this era whose duration is known: when that was, and whether it was slow.
    durations: Vec<(u64, bool)>,
    probes: Vec<(usize, u64)>,
    good_probes: usize,
    late: u64,
    slow: u64,
}

impl Model {
    fn new(numbers: Numbers) -> Self {
        Self {
            numbers,
            state: State::Closed,
            era: 0,
            now: 0,
            open_until: 0,
            opened_in_row: 0,
            opened: 0,
            results: Vec::new(),
            in_flight: Vec::new(),
            durations: Vec::new(),
            probes: Vec::new(),
            good_probes: 0,
            late: 0,
            slow: 0,
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
        self.results.clear();
        self.in_flight.clear();
        self.durations.clear();
        self.probes.clear();
        self.good_probes = 0;
    }

    /// Opens at `at`, for as long as the real one drew; `until` must be within what the settings allow.
    fn open(&mut self, at: u64, until: u64) {
        self.enter(State::Open);
        self.opened_in_row += 1;
        self.opened += 1;
        let most = (self.numbers.open_ms * 1_000).saturating_mul(1 << (self.opened_in_row - 1).min(20));
        let most = most.min(self.numbers.open_max_ms * 1_000);
        let drawn = until - at;
        assert!(most / 2 <= drawn && drawn <= most, "open for {drawn} of at most {most}");
        self.open_until = until;
    }

    /// `until` tells the drawn ends of open times, one for each time it opened.
    fn pass(&mut self, now: u64, until: &mut impl Iterator<Item = u64>) {
        self.now = now;
        while let Some((end, call)) = self.next_slow().filter(|(end, _)| now >= *end) {
            self.in_flight.retain(|(other, _)| *other != call);
            self.slow += 1;
            self.durations.push((end, true));
            if self.too_many_slow(end) {
                self.open(end, until.next().expect("it opened"));
            }
        }
        if self.state == State::HalfOpen
            && let Some(end) = self.probes.iter().map(|(_, end)| *end).filter(|end| now >= *end).min()
        {
            self.slow += u64::from(self.numbers.slow_probe());
            self.open(end, until.next().expect("it opened"));
        }
        if self.state == State::Open && now >= self.open_until {
            self.enter(State::HalfOpen);
        }
    }

    fn admits(&mut self, call: usize) -> bool {
        match self.state {
            State::Closed => {
                self.in_flight.push((call, self.now));
                true
            }
            State::HalfOpen if self.probes.len() < self.numbers.probes => {
                let limit = self.numbers.slow.map_or(u64::MAX, |(limit, _)| limit);
                self.probes.push((call, self.now + self.numbers.lease_ms.min(limit) * 1_000));
                true
            }
            _ => false,
        }
    }

    fn settle(&mut self, call: usize, era: u32, outcome: PermitOutcome, until: &mut impl Iterator<Item = u64>) {
        if era != self.era {
            self.late += 1;
            return;
        }
        let slow = outcome == PermitOutcome::Slow;
        let probe = self.state == State::HalfOpen;
        let failed = outcome == PermitOutcome::Failed || slow && probe && self.numbers.slow.is_some();
        let counts = failed || slow || outcome == PermitOutcome::Ok;
        // A call that became slow in flight was counted then.
        let counted = !probe && !self.in_flight.iter().any(|(other, _)| *other == call);
        self.in_flight.retain(|(other, _)| *other != call);
        self.slow += u64::from(slow && !counted);
        match self.state {
            State::Closed if counts => {
                self.results.push((self.now, failed));
                if !counted {
                    self.durations.push((self.now, slow));
                }
                if failed && self.too_many() || slow && !counted && self.too_many_slow(self.now) {
                    self.open(self.now, until.next().expect("it opened"));
                }
            }
            State::HalfOpen => {
                self.probes.retain(|(probe, _)| *probe != call);
                if failed {
                    self.open(self.now, until.next().expect("it opened"));
                } else if counts {
                    self.good_probes += 1;
                    if self.good_probes >= self.numbers.successes {
                        self.enter(State::Closed);
                        self.opened_in_row = 0;
                    }
                }
            }
            _ => {}
        }
    }

    /// Calls and probes of before belong to no one any more; everything else stays.
    fn restart(&mut self) {
        self.era += 1;
        self.in_flight.clear();
        self.probes.clear();
    }

    fn too_many(&self) -> bool {
        let in_row = self.results.iter().rev().take_while(|(_, failed)| *failed).count();
        let by_row = self.numbers.consecutive > 0 && in_row >= self.numbers.consecutive;
        by_row
            || self.numbers.window.is_some_and(|(rate, calls, span, minimum)| {
                reached(&self.results, self.now, (rate, calls, span, minimum))
            })
    }

    fn too_many_slow(&self, at: u64) -> bool {
        let (_, calls, span, minimum) = self.numbers.window.unwrap_or((500, 20, 60_000, 5));
        self.numbers.slow.is_some_and(|(_, rate)| reached(&self.durations, at, (rate, calls, span, minimum)))
    }

    /// When the next call in flight becomes slow, and which.
    fn next_slow(&self) -> Option<(u64, usize)> {
        let (limit, _) = self.numbers.slow?;
        self.in_flight.iter().map(|(call, began)| (began + limit * 1_000, *call)).min()
    }
}

/// Whether the share of bad ones among the recent results is reached.
fn reached(all: &[(u64, bool)], now: u64, (rate, calls, span, minimum): (usize, usize, u64, usize)) -> bool {
    let recent = all.iter().rev().take(calls).filter(|(at, _)| now - at < span * 1_000);
    let (all, bad) = (recent.clone().count(), recent.filter(|(_, bad)| *bad).count());
    all >= minimum && bad * 1_000 >= rate * all
}

/// Both side by side.
struct Pair {
    real: CircuitBreaker,
    model: Model,
    permits: Vec<Option<(Permit, u32)>>,
    now: u64,
    seed: Seed,
}

impl Pair {
    fn new(numbers: Numbers, seed: u64) -> Self {
        let seed = Seed(seed);
        let real = CircuitBreaker::new(numbers.policy(), seed);
        Self { real, model: Model::new(numbers), permits: Vec::new(), now: 0, seed }
    }

    fn opened(&mut self) -> impl Iterator<Item = u64> + use<> {
        let changes: Vec<_> = std::iter::from_fn(|| self.real.poll_change()).collect();
        changes.into_iter().filter_map(|change| change.until.map(Instant::as_micros))
    }

    fn admit(&mut self) {
        let admitted = self.real.admit(Instant::from_micros(self.now), None);
        let mut opened = self.opened();
        self.model.pass(self.now, &mut opened);
        assert_eq!(admitted.is_ok(), self.model.admits(self.permits.len()), "call {}", self.permits.len());
        if let Err(rejection) = &admitted {
            let comes_back = match self.model.state {
                State::Open => self.model.open_until,
                _ => self.model.probes.iter().map(|(_, end)| *end).min().unwrap(),
            };
            assert_eq!(rejection.retry_at.as_micros(), comes_back);
        }
        self.permits.push(admitted.ok().map(|permit| (permit, self.model.era)));
        self.agree();
    }

    fn settle(&mut self, call: usize, outcome: PermitOutcome) {
        let Some((permit, era)) = self.permits[call].take() else { return };
        self.real.settle(permit, outcome, Instant::from_micros(self.now));
        let mut opened = self.opened();
        self.model.pass(self.now, &mut opened);
        self.model.settle(call, era, outcome, &mut opened);
        self.agree();
    }

    fn agree(&self) {
        assert_eq!(self.real.state(), self.model.state, "at {}", self.now);
        assert_eq!((self.real.stats().late, self.real.stats().slow), (self.model.late, self.model.slow));
    }

    /// Its process ends and another goes on where it was; every permit given so far is late.
    fn restart(&mut self) {
        let now = Instant::from_micros(self.now);
        self.real.advance(now);
        let mut opened = self.opened();
        self.model.pass(self.now, &mut opened);
        let (bytes, policy) = (self.real.snapshot(now), *self.real.policy());
        self.real = CircuitBreaker::restore(&bytes, policy, self.seed, now, Duration::ZERO).unwrap();
        self.model.restart();
        self.agree();
    }

    fn outstanding(&self) -> Vec<usize> {
        (0..self.permits.len()).filter(|call| self.permits[*call].is_some()).collect()
    }

    /// The next instant at which something can change by itself.
    fn next_instant(&self) -> Option<u64> {
        match self.model.state {
            State::Open => Some(self.model.open_until),
            State::HalfOpen => self.model.probes.iter().map(|(_, end)| *end).min(),
            _ => self.model.next_slow().map(|(end, _)| end),
        }
    }
}

const SMALL: Numbers = Numbers {
    consecutive: 2,
    window: None,
    slow: None,
    open_ms: 10,
    open_max_ms: 30,
    probes: 1,
    successes: 1,
    lease_ms: 7,
};

/// Opens when half of two calls or more are slow; a probe is slow before its lease ends.
const SLOW: Numbers = Numbers { consecutive: 3, window: Some((1_000, 3, 100, 2)), slow: Some((4, 500)), ..SMALL };

/// A choice at each step: the sequence of all choices is counted through like the digits of a number.
struct Choices {
    taken: Vec<(usize, usize)>,
    next: usize,
}

impl Choices {
    fn choose(&mut self, of: usize) -> usize {
        if self.next == self.taken.len() {
            self.taken.push((0, of));
        }
        let (choice, allowed) = self.taken[self.next];
        assert_eq!(allowed, of, "the run must only depend on the choices");
        self.next += 1;
        choice
    }

    /// Moves on to the next sequence, if there is one.
    fn advance(&mut self) -> bool {
        self.next = 0;
        while let Some((choice, of)) = self.taken.pop() {
            if choice + 1 < of {
                self.taken.push((choice + 1, of));
                return true;
            }
        }
        false
    }
}

/// Every order in which `calls` calls can begin and end, each in every way of `outcomes` or never, with `leaps` leaps of
/// time to just before, or exactly to, the next instant that matters. Answers how many orders there were.
fn exhaust(numbers: Numbers, outcomes: &[PermitOutcome], calls: usize, leaps: usize) -> u64 {
    let mut choices = Choices { taken: Vec::new(), next: 0 };
    let mut orders = 0;
    loop {
        let mut pair = Pair::new(numbers, orders % 5);
        let mut leaps_left = leaps;
        loop {
            let outstanding = pair.outstanding();
            let begin = usize::from(pair.permits.len() < calls);
            let leap = if leaps_left > 0 && pair.next_instant().is_some() { 2 } else { 0 };
            let ends = outstanding.len() * outcomes.len();
            // The last choice is to stop here: whatever is outstanding never ends.
            let choice = choices.choose(begin + leap + ends + 1);
            if choice < begin {
                pair.admit();
            } else if choice < begin + leap {
                let exactly = pair.next_instant().unwrap();
                pair.now = if choice == begin { exactly - 1 } else { exactly };
                leaps_left -= 1;
            } else if choice < begin + leap + ends {
                let end = choice - begin - leap;
                pair.settle(outstanding[end / outcomes.len()], outcomes[end % outcomes.len()]);
            } else {
                break;
            }
        }
        orders += 1;
        if !choices.advance() {
            return orders;
        }
    }
}

#[test]
fn every_interleaving_of_four_calls_goes_as_the_model_says() {
    assert_eq!(exhaust(SMALL, &OUTCOMES, 4, 0), 80_610);
    assert_eq!(exhaust(SLOW, &OUTCOMES, 4, 0), 75_975);
}

#[test]
fn every_interleaving_of_three_calls_with_leaps_of_time_goes_as_the_model_says() {
    for (probes, successes) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let numbers = Numbers { consecutive: 1, probes, successes, ..SMALL };
        assert!(exhaust(numbers, &OUTCOMES, 3, 3) > 20_000);
    }
}

#[test]
fn every_interleaving_of_calls_that_become_slow_in_flight_goes_as_the_model_says() {
    // Without ignored calls, which are as cancelled ones: with those it would be a million orders.
    let outcomes = [PermitOutcome::Ok, PermitOutcome::Failed, PermitOutcome::Slow, PermitOutcome::Cancelled];
    assert!(exhaust(SLOW, &outcomes, 4, 1) > 200_000);
    for (rate, minimum) in [(500, 1), (1_000, 2)] {
        let numbers = Numbers { window: Some((1_000, 3, 100, minimum)), slow: Some((4, rate)), ..SLOW };
        assert!(exhaust(numbers, &OUTCOMES, 3, 2) > 100_000);
    }
}

#[test]
fn long_random_histories_go_as_the_model_says() {
    let window = Some((500, 6, 40, 3));
    for seed in 0..300 {
        let mut luck = Seed(seed).stream(9, 9);
        let mut pick = |most: u64| usize::try_from(luck.up_to(most)).unwrap();
        let numbers = Numbers {
            consecutive: pick(4),
            window: [None, window, window, Some((500, 30, 40, 3))][pick(3)],
            slow: [None, Some((3, 400)), Some((9, 700))][pick(2)],
            probes: 1 + pick(2),
            successes: 1 + pick(2),
            ..SMALL
        };
        history(numbers, seed, luck);
    }
}

fn history(numbers: Numbers, seed: u64, mut luck: Stream) {
    let mut pair = Pair::new(numbers, seed);
    for _ in 0..400 {
        let outstanding = pair.outstanding();
        match luck.up_to(9) {
            0..=3 => pair.admit(),
            4..=7 if !outstanding.is_empty() => {
                let call = outstanding[usize::try_from(luck.up_to(outstanding.len() as u64 - 1)).unwrap()];
                // Failures twice as often: a breaker that never opens shows nothing.
                let outcome = [0, 1, 1, 2, 3, 4][usize::try_from(luck.up_to(5)).unwrap()];
                pair.settle(call, OUTCOMES[outcome]);
            }
            8 if luck.happens(100) => pair.restart(),
            8 => pair.now += luck.up_to(5_000),
            _ => pair.now = pair.next_instant().unwrap_or(pair.now).max(pair.now),
        }
    }
    assert_eq!(pair.model.opened, pair.real.stats().opened);
}
