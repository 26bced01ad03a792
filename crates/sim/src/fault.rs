//! Faults, and what each does to an attempt. Draws are keyed by seed, call and attempt: the same attempt has the same luck
//! whatever else happens in the run.

use steadfast::call::Attempt;
use steadfast::failure::{Failure, FailureClass};
use steadfast::rng::{Seed, Stream};
use steadfast::time::Duration;

/// Something that can be wrong with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The model fails twice at the first call, and later each attempt with a chance of 40 %, but never three times in a row.
    FlakyModel,
    /// The first attempt of the first model call never answers, nor with a chance of 25 % the first of each later one.
    HungCall,
    /// The model cannot be reached at all.
    Outage,
    /// The model asks for the same tool call again and again.
    RunawayLoop,
    /// The model wants to send an e-mail.
    RiskyTool,
}

/// In a thousand: how often a flaky model fails after the first call.
const FLAKY_PER_MILLE: u32 = 400;
/// In a thousand: how often the first attempt of a later call hangs.
const HUNG_PER_MILLE: u32 = 250;
/// How long a flaky model's rate limit asks callers to stay away.
const RETRY_AFTER: Duration = Duration::from_secs(2);

impl Fault {
    /// All faults, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::FlakyModel, Self::HungCall, Self::Outage, Self::RunawayLoop, Self::RiskyTool];

    /// Its name for links and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FlakyModel => "flaky",
            Self::HungCall => "hung",
            Self::Outage => "down",
            Self::RunawayLoop => "looping",
            Self::RiskyTool => "risky",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::FlakyModel => "Flaky model",
            Self::HungCall => "Hung call",
            Self::Outage => "Outage",
            Self::RunawayLoop => "Runaway loop",
            Self::RiskyTool => "Risky tool",
        }
    }

    /// What it does, in one sentence with its numbers.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::FlakyModel => {
                "The model fails twice at first, later 40 % of the time, but never three times in a row."
            }
            Self::HungCall => {
                "The model's first attempt never answers; a later call's first attempt, 25 % of the time."
            }
            Self::Outage => "The model cannot be reached at all.",
            Self::RunawayLoop => "The model asks for the same tool call again and again.",
            Self::RiskyTool => "The model wants to send an e-mail.",
        }
    }
}

/// A set of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults(u8);

impl Faults {
    /// No fault.
    pub const NONE: Self = Self(0);

    /// Whether that fault is in the set.
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u8) != 0
    }

    /// With that fault, or without it.
    #[must_use]
    pub const fn with(self, fault: Fault, on: bool) -> Self {
        let bit = 1 << fault as u8;
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }

    /// The faults in it.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.has(*fault))
    }

    /// What becomes of an attempt at the model, and by which fault if one meddles.
    pub(crate) fn of_model(self, attempt: &Attempt, seed: Seed) -> (Fate, Option<Fault>) {
        let (call, number) = (attempt.id.call.0, attempt.id.attempt);
        let mut stream = luck(seed, call, number);
        let latency = Duration::from_micros(600_000 + stream.up_to(600_000));
        if self.has(Fault::Outage) {
            let refused = Failure::new(FailureClass::ConnectFailed, "connection refused");
            return (Fate::Fails(Duration::from_millis(40), refused), Some(Fault::Outage));
        }
        let first_hangs = self.has(Fault::HungCall) && hangs(seed, call);
        if first_hangs && number == 1 {
            return (Fate::Hangs, Some(Fault::HungCall));
        }
        if self.has(Fault::FlakyModel) && fails(seed, call, number, first_hangs) {
            let delay = Duration::from_micros(80_000 + stream.up_to(320_000));
            return (Fate::Fails(delay, flaky_failure(&mut stream)), Some(Fault::FlakyModel));
        }
        (Fate::Answers(latency), None)
    }
}

/// What becomes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It answers after so long.
    Answers(Duration),
    /// It fails after so long.
    Fails(Duration, Failure),
    /// It never comes back.
    Hangs,
}

fn luck(seed: Seed, call: u64, attempt: u32) -> Stream {
    // The world's dice are not the engine's.
    seed.derive(u64::from(u32::from_be_bytes(*b"luck"))).stream(call, attempt)
}

/// Whether the first attempt of that call hangs.
fn hangs(seed: Seed, call: u64) -> bool {
    let mut stream = luck(seed, call, 1);
    // The first draw is the attempt's latency.
    let _ = stream.up_to(1);
    call == 1 || stream.happens(HUNG_PER_MILLE)
}

/// Whether a flaky model fails that attempt. Three failures in a row are one too many: the third of them succeeds. An
/// attempt that hangs is one of the three.
fn fails(seed: Seed, call: u64, attempt: u32, first_hangs: bool) -> bool {
    let would = |number: u32| {
        let hangs = first_hangs && number == 1;
        hangs || (call == 1 && number <= 2) || luck(seed, call, number).happens(FLAKY_PER_MILLE)
    };
    let mut in_row = 0;
    (1..=attempt.min(1_000)).fold(false, |_, number| {
        let fails = would(number) && in_row < 2;
        in_row = if fails { in_row + 1 } else { 0 };
        fails
    })
}

fn flaky_failure(stream: &mut Stream) -> Failure {
    match stream.up_to(3) {
        0 => Failure::new(FailureClass::RateLimited, "429 too many requests").with_retry_after(RETRY_AFTER),
        1 => Failure::new(FailureClass::ServerError, "500 internal server error"),
        _ => Failure::new(FailureClass::Overloaded, "503 service unavailable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast::id::{AttemptId, CallId, Key};

    fn attempt(call: u64, number: u32) -> Attempt {
        let id = AttemptId { call: CallId(call), attempt: number };
        Attempt { id, option: 0, key: Key::default(), until: None, deadline: None }
    }

    #[test]
    fn a_flaky_model_fails_twice_at_first_and_never_three_times_in_a_row() {
        let faults = Faults::NONE.with(Fault::FlakyModel, true);
        for seed in 0..500 {
            let failed =
                |call, number| matches!(faults.of_model(&attempt(call, number), Seed(seed)).0, Fate::Fails(..));
            assert!(failed(1, 1) && failed(1, 2) && !failed(1, 3), "seed {seed}");
            for call in 2..5 {
                assert!(!(failed(call, 1) && failed(call, 2) && failed(call, 3)), "seed {seed} call {call}");
            }
        }
    }

    #[test]
    fn a_flaky_model_fails_about_as_often_as_it_says() {
        let faults = Faults::NONE.with(Fault::FlakyModel, true);
        let failed =
            (0..2_000).filter(|seed| matches!(faults.of_model(&attempt(2, 1), Seed(*seed)).0, Fate::Fails(..))).count();
        assert!((720..880).contains(&failed), "{failed} of 2,000 at 40 %");
    }

    #[test]
    fn without_faults_everything_answers() {
        assert_eq!(Faults::NONE.iter().count(), 0);
        for seed in 0..100 {
            assert!(matches!(Faults::NONE.of_model(&attempt(1, 1), Seed(seed)), (Fate::Answers(_), None)));
        }
    }

    #[test]
    fn faults_combine_and_can_be_taken_back() {
        let all = Fault::ALL.into_iter().fold(Faults::NONE, |faults, fault| faults.with(fault, true));
        assert_eq!(all.iter().collect::<Vec<_>>(), Fault::ALL);
        assert!(!all.with(Fault::Outage, false).has(Fault::Outage));
    }
}
