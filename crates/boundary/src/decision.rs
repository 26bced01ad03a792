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
    let mut text = String::new();
    entry.write(&mut text);
    text
}

/// Writes itself as JSON.
trait Told {
    fn write(&self, to: &mut String);
}

/// What stands behind a name.
enum Value<'a> {
    /// Not even the name.
    Absent,
    Null,
    Flag(bool),
    Whole(u64),
    /// Microseconds, written as milliseconds.
    Micros(u64),
    Text(&'a str),
    Of(&'a dyn Told),
}

use Value::{Absent, Flag, Null, Of, Text};

fn whole(number: u32) -> Value<'static> {
    Value::Whole(number.into())
}

fn at(instant: Instant) -> Value<'static> {
    Value::Micros(instant.as_micros())
}

fn span(duration: Duration) -> Value<'static> {
    Value::Micros(micros(duration))
}

fn span_if_any(duration: Option<Duration>) -> Value<'static> {
    duration.map_or(Absent, span)
}

/// An object with these members.
#[inline(never)]
fn object(to: &mut String, members: &[(&str, Value<'_>)]) {
    to.push('{');
    for (name, value) in members {
        if matches!(value, Absent) {
            continue;
        }
        if !to.ends_with('{') {
            to.push(',');
        }
        quoted(to, name);
        to.push(':');
        match value {
            Absent | Null => to.push_str("null"),
            Flag(flag) => to.push_str(if *flag { "true" } else { "false" }),
            Value::Whole(number) => number_of(to, *number),
            Value::Micros(micros) => millis(to, *micros),
            Text(text) => quoted(to, text),
            Of(told) => told.write(to),
        }
    }
    to.push('}');
}

/// An object whose first member says what it is.
fn tagged(to: &mut String, tag: &str, name: &str) {
    object(to, &[(tag, Text(name))]);
}

fn number_of(to: &mut String, number: u64) {
    // A string has room for whatever comes.
    let _ = write!(to, "{number}");
}

/// An instant that never comes is a number that JavaScript reads as `Infinity`.
fn millis(to: &mut String, micros: u64) {
    if micros > 9_000_000_000_000_000_000 {
        return to.push_str("1e999");
    }
    number_of(to, micros / 1_000);
    let rest = micros % 1_000;
    if rest > 0 {
        let _ = write!(to, ".{rest:03}");
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
    fn write(&self, to: &mut String) {
        let Some(what) = name(&self.event) else { return };
        let (text, call) = (OfCall(&self.event).to_string(), self.call.map(|call| call.0.to_string()));
        object(
            to,
            &[
                ("at", at(self.at)),
                ("what", Text(what)),
                ("why", Of(&self.event)),
                ("text", Text(&text)),
                ("step", self.step.map_or(Absent, whole)),
                ("call", call.as_deref().map_or(Absent, Text)),
                ("attempt", self.attempt.map_or(Absent, whole)),
            ],
        );
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
    fn write(&self, to: &mut String) {
        match self {
            Self::AttemptStarted { option, until, scope } => object(
                to,
                &[("option", whole(*option)), ("until", until.map_or(Null, at)), ("scope", Text(scope.as_str()))],
            ),
            Self::AttemptSucceeded { after }
            | Self::FirstOutput { after }
            | Self::Committed { after }
            | Self::AttemptAbandoned { after } => object(to, &[("after", span(*after))]),
            Self::AttemptFailed { failure, after } => {
                object(to, &[("failure", Of(failure)), ("after", span(*after))]);
            }
            Self::InnerRetries { attempts } => object(to, &[("attempts", Value::Whole(*attempts))]),
            Self::RetryRefused { reason } => object(to, &[("reason", Of(reason))]),
            Self::AttemptTimedOut { scope, after } => {
                object(to, &[("scope", Text(scope.as_str())), ("after", span(*after))]);
            }
            Self::BackingOff { next, of, until, delay } => {
                object(to, &[("next", whole(*next)), ("of", whole(*of)), ("until", at(*until)), ("delay", Of(delay))]);
            }
            Self::Paused { option, until, reason } => {
                object(to, &[("option", whole(*option)), ("until", at(*until)), ("reason", Text(pause(*reason)))]);
            }
            Self::FellBack { from, to: next, reason } => {
                object(to, &[("from", whole(*from)), ("to", whole(*next)), ("reason", Of(reason))]);
            }
            Self::CallFailed { error } => object(to, &[("error", Of(error))]),
            Self::LateReply { ok } => object(to, &[("ok", Flag(*ok))]),
            Self::BreakerOpened { option, until, reason } => {
                object(to, &[("option", whole(*option)), ("until", at(*until)), ("reason", Of(reason))]);
            }
            Self::BreakerHalfOpened { option } => object(to, &[("option", whole(*option))]),
            Self::BreakerClosed { option, reason } => {
                object(to, &[("option", whole(*option)), ("reason", Of(reason))]);
            }
            Self::BreakerSet { option, state, reason } => {
                object(to, &[("option", whole(*option)), ("state", Text(state)), ("reason", Of(reason))]);
            }
            Self::BreakerRejected { option, retry_at, reason } => {
                object(to, &[("option", whole(*option)), ("retry_at", at(*retry_at)), ("reason", Of(reason))]);
            }
            Self::ClockWentBack { by } => object(to, &[("by", span(*by))]),
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
    fn write(&self, to: &mut String) {
        object(
            to,
            &[
                ("class", Text(self.class.as_str())),
                ("transient", Flag(self.transient)),
                ("retry_after", span_if_any(self.retry_after)),
                ("message", Text(&self.message)),
            ],
        );
    }
}

impl Told for steadfast::backoff::Delay {
    fn write(&self, to: &mut String) {
        object(
            to,
            &[
                ("delay", span(self.delay)),
                ("floor", span(self.floor)),
                ("ceiling", span(self.ceiling)),
                ("retry_after", span_if_any(self.retry_after)),
            ],
        );
    }
}

impl Told for RetryRefusal {
    fn write(&self, to: &mut String) {
        match self {
            Self::RetryBudget(spent) => object(
                to,
                &[
                    ("rule", Text("retry_budget")),
                    ("retries", Value::Whole(spent.retries)),
                    ("allowed", Value::Whole(spent.allowed)),
                    ("calls", Value::Whole(spent.calls)),
                ],
            ),
            Self::Throttle { tokens_thousandths } => {
                object(to, &[("rule", Text("throttle")), ("tokens_thousandths", whole(*tokens_thousandths))]);
            }
        }
    }
}

impl Told for FallbackReason {
    fn write(&self, to: &mut String) {
        match self {
            Self::AttemptsUsedUp { attempts } => {
                object(to, &[("rule", Text("attempts_used_up")), ("attempts", whole(*attempts))]);
            }
            Self::NotTransient { class } => {
                object(to, &[("rule", Text("not_transient")), ("class", Text(class.as_str()))]);
            }
            Self::RetriesRefused { reason } => {
                object(to, &[("rule", Text("retries_refused")), ("reason", Of(reason))]);
            }
            Self::BreakerOpen { retry_at } => {
                object(to, &[("rule", Text("breaker_open")), ("retry_at", at(*retry_at))]);
            }
            Self::Paused { until, reason } => {
                object(to, &[("rule", Text("paused")), ("until", at(*until)), ("reason", Text(pause(*reason)))]);
            }
            Self::WaitBeyondDeadline { wait, remaining } => object(
                to,
                &[("rule", Text("wait_beyond_deadline")), ("wait", span(*wait)), ("remaining", span(*remaining))],
            ),
        }
    }
}

impl Told for CallError {
    fn write(&self, to: &mut String) {
        match self {
            Self::NotTransient { failure } => {
                object(to, &[("error", Text("not_transient")), ("failure", Of(failure))]);
            }
            Self::RetriesExhausted { attempts, last } => {
                object(to, &[("error", Text("retries_exhausted")), ("attempts", whole(*attempts)), ("last", Of(last))]);
            }
            Self::DeadlineExceeded { scope, last } => object(
                to,
                &[
                    ("error", Text("deadline_exceeded")),
                    ("scope", Text(scope.as_str())),
                    ("last", last.as_ref().map_or(Null, |last| Of(last))),
                ],
            ),
            Self::PauseTooLong { wait, limit, last } => object(
                to,
                &[
                    ("error", Text("pause_too_long")),
                    ("wait", span(*wait)),
                    ("limit", span(*limit)),
                    ("last", Of(last)),
                ],
            ),
            Self::CircuitOpen(rejection) => object(
                to,
                &[
                    ("error", Text("circuit_open")),
                    ("retry_at", at(rejection.retry_at)),
                    ("reason", Of(&rejection.reason)),
                ],
            ),
            Self::BudgetExceeded(exceeded) => object(
                to,
                &[
                    ("error", Text("budget_exceeded")),
                    ("what", Text(exceeded.what.as_str())),
                    ("limit", Value::Whole(exceeded.limit)),
                    ("left", Value::Whole(exceeded.left)),
                    ("asked", Value::Whole(exceeded.asked)),
                ],
            ),
            Self::AfterCommit { failure } => {
                object(to, &[("error", Text("after_commit")), ("failure", Of(failure))]);
            }
            Self::AllOptionsFailed { options, last } => object(
                to,
                &[("error", Text("all_options_failed")), ("options", whole(*options)), ("last", Of(last.as_ref()))],
            ),
            Self::Cancelled => tagged(to, "error", "cancelled"),
        }
    }
}

impl Told for ChangeReason {
    fn write(&self, to: &mut String) {
        match self {
            Self::Consecutive { failures } => {
                object(to, &[("rule", Text("consecutive")), ("failures", whole(*failures))]);
            }
            Self::Window { failed, calls } => {
                object(to, &[("rule", Text("window")), ("failed", whole(*failed)), ("calls", whole(*calls))]);
            }
            Self::Slow { slow, calls } => {
                object(to, &[("rule", Text("slow")), ("slow", whole(*slow)), ("calls", whole(*calls))]);
            }
            Self::ProbeFailed => tagged(to, "rule", "probe_failed"),
            Self::LeaseEnded => tagged(to, "rule", "lease_ended"),
            Self::OpenTimeOver => tagged(to, "rule", "open_time_over"),
            Self::ProbesSucceeded { successes } => {
                object(to, &[("rule", Text("probes_succeeded")), ("successes", whole(*successes))]);
            }
            Self::ByHand { reason } => object(to, &[("rule", Text("by_hand")), ("reason", Text(reason))]),
        }
    }
}

impl Told for RejectReason {
    fn write(&self, to: &mut String) {
        match self {
            Self::Open => tagged(to, "rule", "open"),
            Self::ProbesUnderWay { probes } => {
                object(to, &[("rule", Text("probes_under_way")), ("probes", whole(*probes))]);
            }
            Self::ForcedOpen { reason } => object(to, &[("rule", Text("forced_open")), ("reason", Text(reason))]),
        }
    }
}
