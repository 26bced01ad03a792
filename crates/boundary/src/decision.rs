//! What a guarded call decided, as JSON: the shape that [`json`](crate::json) writes of the same entry, and nothing of what
//! only a run decides. A serializer of everything that a trace can hold would weigh more than the machines of a call.

use core::fmt::Write;
use steadfast::breaker::{ChangeReason, RejectReason};
use steadfast::event::Event;
use steadfast::failure::Failure;
use steadfast::fallback::{FallbackReason, PauseReason, RetryRefusal};
use steadfast::outcome::CallError;
use steadfast::sentence::OfCall;
use steadfast::time::{Duration, Instant, micros};
use steadfast::trace::Entry;

/// As JSON; empty for what no guarded call decides.
#[must_use]
pub fn text(entry: &Entry) -> String {
    let mut json = Json(String::new());
    if name(&entry.event).is_some() {
        json.object(entry);
    }
    json.0
}

/// What is an object in JSON.
trait Told {
    /// Writes its members.
    fn tell(&self, to: &mut Json);
}

/// JSON so far. One small function for each kind of member, never inlined: what is told is a row of calls then, which is
/// half the size of a list of members to be gone through.
struct Json(String);

impl Json {
    #[inline(never)]
    fn object(&mut self, told: &dyn Told) {
        self.0.push('{');
        told.tell(self);
        self.0.push('}');
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        quoted(&mut self.0, name);
        self.0.push(':');
    }

    #[inline(never)]
    fn of(&mut self, name: &str, told: &dyn Told) {
        self.name(name);
        self.object(told);
    }

    #[inline(never)]
    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        quoted(&mut self.0, text);
    }

    #[inline(never)]
    fn word(&mut self, name: &str, word: &str) {
        self.name(name);
        self.0.push_str(word);
    }

    fn flag(&mut self, name: &str, flag: bool) {
        self.word(name, if flag { "true" } else { "false" });
    }

    #[inline(never)]
    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        // A string has room for whatever comes.
        let _ = write!(self.0, "{number}");
    }

    #[inline(never)]
    fn whole(&mut self, name: &str, number: u32) {
        self.number(name, number.into());
    }

    /// Microseconds as milliseconds. An instant that never comes is a number that JavaScript reads as `Infinity`.
    #[inline(never)]
    fn at(&mut self, name: &str, at: Instant) {
        let micros = at.as_micros();
        if micros > 9_000_000_000_000_000_000 {
            return self.word(name, "1e999");
        }
        self.number(name, micros / 1_000);
        let rest = micros % 1_000;
        if rest > 0 {
            let _ = write!(self.0, ".{rest:03}");
        }
    }

    #[inline(never)]
    fn span(&mut self, name: &str, span: Duration) {
        self.at(name, Instant::from_micros(micros(span)));
    }

    /// Not even the name where there is none.
    fn span_if_any(&mut self, name: &str, span: Option<Duration>) {
        if let Some(span) = span {
            self.span(name, span);
        }
    }
}

/// As a string of JSON.
#[inline(never)]
pub(crate) fn quoted(to: &mut String, text: &str) {
    to.push('"');
    for character in text.chars() {
        match character {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            control @ '\0'..='\x1f' => {
                let _ = write!(to, "\\u{:04x}", control as u32);
            }
            other => to.push(other),
        }
    }
    to.push('"');
}

impl Told for Entry {
    fn tell(&self, to: &mut Json) {
        to.at("at", self.at);
        to.text("what", name(&self.event).unwrap_or_default());
        to.of("why", &self.event);
        to.text("text", &OfCall(&self.event).to_string());
        if let Some(step) = self.step {
            to.whole("step", step);
        }
        if let Some(call) = self.call {
            to.text("call", &call.0.to_string());
        }
        if let Some(attempt) = self.attempt {
            to.whole("attempt", attempt);
        }
    }
}

/// The names of what a call decides.
fn name(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::AttemptStarted { .. } => "attempt_started",
        Event::AttemptSucceeded { .. } => "attempt_succeeded",
        Event::AttemptFailed { .. } => "attempt_failed",
        Event::FirstOutput { .. } => "first_output",
        Event::Committed { .. } => "committed",
        Event::InnerRetries { .. } => "inner_retries",
        Event::RetryRefused { .. } => "retry_refused",
        Event::AttemptTimedOut { .. } => "attempt_timed_out",
        Event::AttemptAbandoned { .. } => "attempt_abandoned",
        Event::BackingOff { .. } => "backing_off",
        Event::Paused { .. } => "paused",
        Event::FellBack { .. } => "fell_back",
        Event::CallFailed { .. } => "call_failed",
        Event::LateReply { .. } => "late_reply",
        Event::BreakerOpened { .. } => "breaker_opened",
        Event::BreakerHalfOpened { .. } => "breaker_half_opened",
        Event::BreakerClosed { .. } => "breaker_closed",
        Event::BreakerSet { .. } => "breaker_set",
        Event::BreakerRejected { .. } => "breaker_rejected",
        Event::ClockWentBack { .. } => "clock_went_back",
        _ => return None,
    })
}

impl Told for Event {
    fn tell(&self, to: &mut Json) {
        match self {
            Self::AttemptStarted { option, until, scope } => {
                to.whole("option", *option);
                match until {
                    Some(until) => to.at("until", *until),
                    None => to.word("until", "null"),
                }
                to.text("scope", scope.as_str());
            }
            Self::AttemptSucceeded { after }
            | Self::FirstOutput { after }
            | Self::Committed { after }
            | Self::AttemptAbandoned { after } => {
                to.span("after", *after);
            }
            Self::AttemptFailed { failure, after } => {
                to.of("failure", failure);
                to.span("after", *after);
            }
            Self::InnerRetries { attempts } => {
                to.number("attempts", *attempts);
            }
            Self::RetryRefused { reason } => {
                to.of("reason", reason);
            }
            Self::AttemptTimedOut { scope, after } => {
                to.text("scope", scope.as_str());
                to.span("after", *after);
            }
            Self::BackingOff { next, of, until, delay } => {
                to.whole("next", *next);
                to.whole("of", *of);
                to.at("until", *until);
                to.of("delay", delay);
            }
            Self::Paused { option, until, reason } => {
                to.whole("option", *option);
                to.at("until", *until);
                to.text("reason", pause(*reason));
            }
            Self::FellBack { from, to: next, reason } => {
                to.whole("from", *from);
                to.whole("to", *next);
                to.of("reason", reason);
            }
            Self::CallFailed { error } => {
                to.of("error", error);
            }
            Self::LateReply { ok } => {
                to.flag("ok", *ok);
            }
            Self::BreakerOpened { option, until, reason } => {
                to.whole("option", *option);
                to.at("until", *until);
                to.of("reason", reason);
            }
            Self::BreakerHalfOpened { option } => {
                to.whole("option", *option);
            }
            Self::BreakerClosed { option, reason } => {
                to.whole("option", *option);
                to.of("reason", reason);
            }
            Self::BreakerSet { option, state, reason } => {
                to.whole("option", *option);
                to.text("state", state);
                to.of("reason", reason);
            }
            Self::BreakerRejected { option, retry_at, reason } => {
                to.whole("option", *option);
                to.at("retry_at", *retry_at);
                to.of("reason", reason);
            }
            Self::ClockWentBack { by } => {
                to.span("by", *by);
            }
            _ => {}
        }
    }
}

fn pause(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::ServerAsked => "server_asked",
        PauseReason::BacksOff => "backs_off",
        PauseReason::BreakerOpen => "breaker_open",
    }
}

impl Told for Failure {
    fn tell(&self, to: &mut Json) {
        to.text("class", self.class.as_str());
        to.flag("transient", self.transient);
        to.span_if_any("retry_after", self.retry_after);
        to.text("message", &self.message);
    }
}

impl Told for steadfast::backoff::Delay {
    fn tell(&self, to: &mut Json) {
        to.span("delay", self.delay);
        to.span("floor", self.floor);
        to.span("ceiling", self.ceiling);
        to.span_if_any("retry_after", self.retry_after);
    }
}

impl Told for RetryRefusal {
    fn tell(&self, to: &mut Json) {
        match self {
            Self::RetryBudget(spent) => {
                to.text("rule", "retry_budget");
                to.number("retries", spent.retries);
                to.number("allowed", spent.allowed);
                to.number("calls", spent.calls);
            }
            Self::Throttle { tokens_thousandths } => {
                to.text("rule", "throttle");
                to.whole("tokens_thousandths", *tokens_thousandths);
            }
        }
    }
}

impl Told for FallbackReason {
    fn tell(&self, to: &mut Json) {
        match self {
            Self::AttemptsUsedUp { attempts } => {
                to.text("rule", "attempts_used_up");
                to.whole("attempts", *attempts);
            }
            Self::NotTransient { class } => {
                to.text("rule", "not_transient");
                to.text("class", class.as_str());
            }
            Self::RetriesRefused { reason } => {
                to.text("rule", "retries_refused");
                to.of("reason", reason);
            }
            Self::BreakerOpen { retry_at } => {
                to.text("rule", "breaker_open");
                to.at("retry_at", *retry_at);
            }
            Self::Paused { until, reason } => {
                to.text("rule", "paused");
                to.at("until", *until);
                to.text("reason", pause(*reason));
            }
            Self::WaitBeyondDeadline { wait, remaining } => {
                to.text("rule", "wait_beyond_deadline");
                to.span("wait", *wait);
                to.span("remaining", *remaining);
            }
        }
    }
}

impl Told for CallError {
    fn tell(&self, to: &mut Json) {
        match self {
            Self::NotTransient { failure } => {
                to.text("error", "not_transient");
                to.of("failure", failure);
            }
            Self::RetriesExhausted { attempts, last } => {
                to.text("error", "retries_exhausted");
                to.whole("attempts", *attempts);
                to.of("last", last);
            }
            Self::DeadlineExceeded { scope, last } => {
                to.text("error", "deadline_exceeded");
                to.text("scope", scope.as_str());
                match last {
                    Some(last) => to.of("last", last),
                    None => to.word("last", "null"),
                }
            }
            Self::PauseTooLong { wait, limit, last } => {
                to.text("error", "pause_too_long");
                to.span("wait", *wait);
                to.span("limit", *limit);
                to.of("last", last);
            }
            Self::CircuitOpen(rejection) => {
                to.text("error", "circuit_open");
                to.at("retry_at", rejection.retry_at);
                to.of("reason", &rejection.reason);
            }
            Self::BudgetExceeded(exceeded) => {
                to.text("error", "budget_exceeded");
                to.text("what", exceeded.what.as_str());
                to.number("limit", exceeded.limit);
                to.number("left", exceeded.left);
                to.number("asked", exceeded.asked);
            }
            Self::AfterCommit { failure } => {
                to.text("error", "after_commit");
                to.of("failure", failure);
            }
            Self::AllOptionsFailed { options, last } => {
                to.text("error", "all_options_failed");
                to.whole("options", *options);
                to.of("last", last.as_ref());
            }
            Self::Cancelled => to.text("error", "cancelled"),
        }
    }
}

impl Told for ChangeReason {
    fn tell(&self, to: &mut Json) {
        match self {
            Self::Consecutive { failures } => {
                to.text("rule", "consecutive");
                to.whole("failures", *failures);
            }
            Self::Window { failed, calls } => {
                to.text("rule", "window");
                to.whole("failed", *failed);
                to.whole("calls", *calls);
            }
            Self::Slow { slow, calls } => {
                to.text("rule", "slow");
                to.whole("slow", *slow);
                to.whole("calls", *calls);
            }
            Self::ProbeFailed => to.text("rule", "probe_failed"),
            Self::LeaseEnded => to.text("rule", "lease_ended"),
            Self::OpenTimeOver => to.text("rule", "open_time_over"),
            Self::ProbesSucceeded { successes } => {
                to.text("rule", "probes_succeeded");
                to.whole("successes", *successes);
            }
            Self::ByHand { reason } => {
                to.text("rule", "by_hand");
                to.text("reason", reason);
            }
        }
    }
}

impl Told for RejectReason {
    fn tell(&self, to: &mut Json) {
        match self {
            Self::Open => to.text("rule", "open"),
            Self::ProbesUnderWay { probes } => {
                to.text("rule", "probes_under_way");
                to.whole("probes", *probes);
            }
            Self::ForcedOpen { reason } => {
                to.text("rule", "forced_open");
                to.text("reason", reason);
            }
        }
    }
}
