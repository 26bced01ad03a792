//! What each fault does to an attempt. Draws are keyed by seed, call and attempt: the same attempt has the same luck
//! whatever else happens in the run. A fault with a rate has dice of its own, and a higher rate only adds to what a lower one hits.

use super::{Fault, FaultPlan};
use steadfast::call::Attempt;
use steadfast::failure::{Failure, FailureClass};
use steadfast::rng::{Seed, Stream};
use steadfast::time::{Duration, Instant};

/// In a thousand: how often a flaky model fails after the first call.
const FLAKY_PER_MILLE: u32 = 400;
/// In a thousand: how often other faults meddle after the first call.
const LATER_PER_MILLE: u32 = 250;
/// How long a flaky model's rate limit asks callers to stay away.
const FLAKY_RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long a rate limit asks callers to stay away.
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// How many parts of its answer a stream brings before it stalls.
const PARTS: u32 = 3;

/// What becomes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It answers after so long.
    Answers(Duration),
    /// It fails after so long.
    Fails(Duration, Failure),
    /// It brings so many parts of its answer, each after so long, and then nothing.
    Stalls(u32, Duration),
    /// It never comes back.
    Hangs,
}

/// What a model that answers has on its mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    /// It asks for what it knows already.
    pub(crate) loops: bool,
    /// It wants the mail sent, if it has got so far.
    pub(crate) mails: bool,
    /// The arguments of its tool call break off.
    pub(crate) breaks_off: bool,
}

impl FaultPlan {
    /// Whether the task is to send a mail as well.
    pub(crate) fn wants_mail(&self) -> bool {
        self.has(Fault::RiskyTool) || self.has(Fault::LostAcknowledgement)
    }

    /// What becomes of an attempt at the model that starts then, and by which fault if one meddles. Whom a call falls back on is
    /// somebody else's service, and has none of these faults.
    pub(crate) fn of_model(&self, attempt: &Attempt, at: Instant, seed: Seed) -> (Fate, Option<Fault>) {
        let (call, number) = (attempt.id.call.0, attempt.id.attempt);
        let mut stream = luck(seed, call, number);
        let latency = Duration::from_micros(600_000 + stream.up_to(600_000));
        if attempt.option > 0 {
            return (Fate::Answers(latency), None);
        }
        let meddles = |fault, by_itself: &dyn Fn() -> bool| self.meddles(fault, at, seed, attempt, by_itself);
        if meddles(Fault::Outage, &|| true) {
            let refused = Failure::new(FailureClass::ConnectFailed, "connection refused");
            return (Fate::Fails(Duration::from_millis(40), refused), Some(Fault::Outage));
        }
        if meddles(Fault::RateLimit, &|| (call == 1 && number == 1) || later(Fault::RateLimit, seed, call, number)) {
            let limited =
                Failure::new(FailureClass::RateLimited, "429 too many requests").with_retry_after(RETRY_AFTER);
            return (
                Fate::Fails(Duration::from_micros(80_000 + stream.up_to(120_000)), limited),
                Some(Fault::RateLimit),
            );
        }
        if meddles(Fault::HungCall, &|| number == 1 && hangs(seed, call)) {
            return (Fate::Hangs, Some(Fault::HungCall));
        }
        let stalls = || number == 1 && (call == 1 || later(Fault::StalledStream, seed, call, number));
        if meddles(Fault::StalledStream, &stalls) {
            let part = Duration::from_micros(200_000 + stream.up_to(200_000));
            return (Fate::Stalls(PARTS, part), Some(Fault::StalledStream));
        }
        let first_hangs = self.of(Fault::HungCall).is_some_and(|hung| hung.rate().is_none()) && hangs(seed, call);
        if meddles(Fault::FlakyModel, &|| fails(seed, call, number, first_hangs)) {
            let delay = Duration::from_micros(80_000 + stream.up_to(320_000));
            return (Fate::Fails(delay, flaky_failure(&mut stream)), Some(Fault::FlakyModel));
        }
        (Fate::Answers(latency), None)
    }

    /// What a model that answers an attempt that started then has on its mind.
    pub(crate) fn of_reply(&self, attempt: &Attempt, at: Instant, seed: Seed) -> Reply {
        let (call, number) = (attempt.id.call.0, attempt.id.attempt);
        let meddles = |fault, by_itself: &dyn Fn() -> bool| self.meddles(fault, at, seed, attempt, by_itself);
        Reply {
            loops: meddles(Fault::RunawayLoop, &|| true),
            // For its acknowledgement to be lost a mail has to be sent, whatever else is on.
            mails: if self.has(Fault::RiskyTool) {
                meddles(Fault::RiskyTool, &|| true)
            } else {
                self.has(Fault::LostAcknowledgement)
            },
            breaks_off: meddles(Fault::MalformedArguments, &|| {
                call == 1 || later(Fault::MalformedArguments, seed, call, number)
            }),
        }
    }

    /// Whether no word comes back of a mail that is sent then.
    pub(crate) fn loses_acknowledgement(&self, attempt: &Attempt, at: Instant, seed: Seed) -> bool {
        let (call, number) = (attempt.id.call.0, attempt.id.attempt);
        let by_itself = || number == 1 || later(Fault::LostAcknowledgement, seed, call, number);
        self.meddles(Fault::LostAcknowledgement, at, seed, attempt, &by_itself)
    }

    /// Whether a fault meddles with an attempt that starts then: by its rate, or without one as it does by itself.
    fn meddles(&self, fault: Fault, at: Instant, seed: Seed, attempt: &Attempt, by_itself: &dyn Fn() -> bool) -> bool {
        let Some(occurrence) = self.of(fault).filter(|occurrence| occurrence.is_on_at(at)) else { return false };
        match occurrence.rate() {
            Some(rate) => dice(fault, seed, attempt.id.call.0, attempt.id.attempt).happens(rate),
            None => by_itself(),
        }
    }
}

fn luck(seed: Seed, call: u64, attempt: u32) -> Stream {
    // The world's dice are not the engine's.
    seed.derive(u64::from(u32::from_be_bytes(*b"luck"))).stream(call, attempt)
}

/// A fault's own dice.
fn dice(fault: Fault, seed: Seed, call: u64, attempt: u32) -> Stream {
    seed.derive(u64::from(u32::from_be_bytes(*b"dice"))).derive(fault as u64).stream(call, attempt)
}

fn later(fault: Fault, seed: Seed, call: u64, attempt: u32) -> bool {
    dice(fault, seed, call, attempt).happens(LATER_PER_MILLE)
}

/// Whether the first attempt of that call hangs.
fn hangs(seed: Seed, call: u64) -> bool {
    let mut stream = luck(seed, call, 1);
    // The first draw is the attempt's latency.
    let _ = stream.up_to(1);
    call == 1 || stream.happens(LATER_PER_MILLE)
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
        0 => Failure::new(FailureClass::RateLimited, "429 too many requests").with_retry_after(FLAKY_RETRY_AFTER),
        1 => Failure::new(FailureClass::ServerError, "500 internal server error"),
        _ => Failure::new(FailureClass::Overloaded, "503 service unavailable"),
    }
}

#[cfg(test)]
mod tests;
