//! The circuit breaker against a simple model of it: all interleavings of a few calls, and long random histories.
//!
//! The model keeps every result it ever saw and looks at all of them each time. It is slow and plainly right. The one thing
//! it takes from the real breaker is how long that stays open, which is drawn; it checks the draw's bounds.

use steadfast::breaker::{BreakerPolicy, CircuitBreaker, Permit, PermitOutcome, State, WindowPolicy};
use steadfast::rng::{Seed, Stream};
use steadfast::time::{Duration, Instant};

const OUTCOMES: [PermitOutcome; 4] =
    [PermitOutcome::Ok, PermitOutcome::Failed, PermitOutcome::Ignored, PermitOutcome::Cancelled];

/// The settings, said again in plain numbers.
#[derive(Clone, Copy)]
struct Numbers {
    consecutive: usize,
    /// In a thousand, calls, milliseconds, minimum.
    window: Option<(usize, usize, u64, usize)>,
    open_ms: u64,
    open_max_ms: u64,
    probes: usize,
    successes: usize,
    lease_ms: u64,
}

impl Numbers {
    fn policy(self) -> BreakerPolicy {
        let ms = Duration::from_millis;
        let window = self.window.map(|(rate, calls, span, minimum)| {
            let number = |n: usize| u32::try_from(n).unwrap();
            WindowPolicy::new(number(rate), number(calls), ms(span), number(minimum)).unwrap()
        });
        BreakerPolicy::default()
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
    results: Vec<(u64, bool)>,
    probes: Vec<(usize, u64)>,
    good_probes: usize,
    late: u64,
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
            results: Vec::new(),
            probes: Vec::new(),
            good_probes: 0,
            late: 0,
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
        self.results.clear();
        self.probes.clear();
        self.good_probes = 0;
    }

    /// Opens at `at`, for as long as the real one drew; `until` must be within what the settings allow.
    fn open(&mut self, at: u64, until: u64) {
        self.enter(State::Open);
        self.opened_in_row += 1;
        let most = (self.numbers.open_ms * 1_000).saturating_mul(1 << (self.opened_in_row - 1).min(20));
        let most = most.min(self.numbers.open_max_ms * 1_000);
        let drawn = until - at;
        assert!(most / 2 <= drawn && drawn <= most, "open for {drawn} of at most {most}");
        self.open_until = until;
    }

    /// `until` tells the drawn ends of open times, one for each time it opened.
    fn pass(&mut self, now: u64, until: &mut impl Iterator<Item = u64>) {
        self.now = now;
        if self.state == State::HalfOpen
            && let Some(end) = self.probes.iter().map(|(_, end)| *end).filter(|end| now >= *end).min()
        {
            self.open(end, until.next().expect("it opened"));
        }
        if self.state == State::Open && now >= self.open_until {
            self.enter(State::HalfOpen);
        }
    }

    fn admits(&mut self, call: usize) -> bool {
        match self.state {
            State::Closed => true,
            State::HalfOpen if self.probes.len() < self.numbers.probes => {
                self.probes.push((call, self.now + self.numbers.lease_ms * 1_000));
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
        let failed = outcome == PermitOutcome::Failed;
        let counts = failed || outcome == PermitOutcome::Ok;
        match self.state {
            State::Closed if counts => {
                self.results.push((self.now, failed));
                if failed && self.too_many() {
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

    fn too_many(&self) -> bool {
        let in_row = self.results.iter().rev().take_while(|(_, failed)| *failed).count();
        let by_row = self.numbers.consecutive > 0 && in_row >= self.numbers.consecutive;
        by_row
            || self.numbers.window.is_some_and(|(rate, calls, span, minimum)| {
                let recent: Vec<_> = self.results.iter().rev().take(calls).collect();
                let recent = recent.iter().filter(|(at, _)| self.now - at < span * 1_000);
                let (all, bad) = (recent.clone().count(), recent.filter(|(_, failed)| *failed).count());
                all >= minimum && bad * 1_000 >= rate * all
            })
    }
}

/// Both side by side.
struct Pair {
    real: CircuitBreaker,
    model: Model,
    permits: Vec<Option<(Permit, u32)>>,
    now: u64,
}

impl Pair {
    fn new(numbers: Numbers, seed: u64) -> Self {
        let real = CircuitBreaker::new(numbers.policy(), Seed(seed));
        Self { real, model: Model::new(numbers), permits: Vec::new(), now: 0 }
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
        assert_eq!(self.real.stats().late, self.model.late);
    }

    fn outstanding(&self) -> Vec<usize> {
        (0..self.permits.len()).filter(|call| self.permits[*call].is_some()).collect()
    }

    /// The next instant at which something can change by itself.
    fn next_instant(&self) -> Option<u64> {
        match self.model.state {
            State::Open => Some(self.model.open_until),
            State::HalfOpen => self.model.probes.iter().map(|(_, end)| *end).min(),
            _ => None,
        }
    }
}

const SMALL: Numbers =
    Numbers { consecutive: 2, window: None, open_ms: 10, open_max_ms: 30, probes: 1, successes: 1, lease_ms: 7 };

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

/// Every order in which `calls` calls can begin and end, each in every way or never, with `leaps` leaps of time to just
/// before, or exactly to, the next instant that matters. Answers how many orders there were.
fn exhaust(numbers: Numbers, calls: usize, leaps: usize) -> u64 {
    let mut choices = Choices { taken: Vec::new(), next: 0 };
    let mut orders = 0;
    loop {
        let mut pair = Pair::new(numbers, orders % 5);
        let mut leaps_left = leaps;
        loop {
            let outstanding = pair.outstanding();
            let begin = usize::from(pair.permits.len() < calls);
            let leap = if leaps_left > 0 && pair.next_instant().is_some() { 2 } else { 0 };
            let ends = outstanding.len() * OUTCOMES.len();
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
                pair.settle(outstanding[end / OUTCOMES.len()], OUTCOMES[end % OUTCOMES.len()]);
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
    assert_eq!(exhaust(SMALL, 4, 0), 34_537);
}

#[test]
fn every_interleaving_of_three_calls_with_leaps_of_time_goes_as_the_model_says() {
    for (probes, successes) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let numbers = Numbers { consecutive: 1, probes, successes, ..SMALL };
        assert!(exhaust(numbers, 3, 3) > 20_000);
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
            window: if pick(3) == 0 { None } else { window },
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
                let outcome = [0, 1, 1, 2, 3][usize::try_from(luck.up_to(4)).unwrap()];
                pair.settle(call, OUTCOMES[outcome]);
            }
            8 => pair.now += luck.up_to(5_000),
            _ => pair.now = pair.next_instant().unwrap_or(pair.now).max(pair.now),
        }
    }
    assert_eq!(pair.model.era > 0, pair.real.stats().opened > 0);
}
