//! The sentences of explanations: for somebody who has never seen the code.

use super::nearest::Limit;
use super::{Explanation, Setting, Subject, Value};
use crate::approval::DecisionRejected;
use crate::backoff::{Backoff, Delay};
use crate::breaker::{BreakerPolicy, SlowPolicy};
use crate::budget::{BudgetExceeded, Resource, RetryBudgetSpent};
use crate::deadline::Scope;
use crate::failure::FailureClass;
use crate::fallback::PauseReason;
use crate::outcome::StopReason;
use crate::progress::{Repetition, Rung};
use crate::sentence::{are, counted, so_often};
use crate::time::{Duration, Instant, micros};
use alloc::format;
use alloc::string::String;
use core::fmt;

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("the model"),
            Self::Tool(name) => f.write_str(name),
            Self::Run => f.write_str("the run"),
            Self::Call => f.write_str("the call"),
        }
    }
}

/// The subject at the beginning of a sentence.
fn first(subject: &Subject) -> String {
    match subject {
        Subject::Model => "The model".into(),
        Subject::Tool(name) => name.clone(),
        Subject::Run => "The run".into(),
        Subject::Call => "The call".into(),
    }
}

fn span(duration: Duration) -> Value {
    Value::Duration(duration)
}

pub(super) const NO_LIMIT: &str = "No timeout and no deadline is set, so nothing limits how long this attempt takes.";
pub(super) const ENDLESS: &str =
    "The limits that are set lie beyond the end of time, so nothing limits how long this attempt takes.";
pub(super) const UNASKED: &str = "Nothing of that number was under way, so the answer changes nothing.";
pub(super) const AFTER_COMMIT: &str =
    "A part of the answer had been shown and cannot be taken back, so nothing is tried again.";
pub(super) const RETRIED: &str = "Another try would have been waited for.";
pub(super) const BUDGET_SUFFICES: &str = "The budget would have sufficed.";
pub(super) const LEASE_ENDED: &str =
    "Nothing was heard of the probe within the time it was lent, so it counts as failed.";
pub(super) const PROBE_FAILED: &str = "The probe failed, so the service is not back yet; no setting decides that.";
pub(super) const BY_HAND: &str = "Somebody set the breaker by hand; its rules have no say.";
pub(super) const STAYED_HALF_OPEN: &str = "The breaker would have stayed half open, for another probe.";
pub(super) const ANOTHER_PROBE: &str = "This attempt would have gone through, as one more probe.";
pub(super) const DECIDED_ELSEWHERE: &str =
    "The run was resumed somewhere else as well, and what was decided there counts.";
pub(super) const SETTLED: &str = "A late answer settled what the question was about, so nobody needs to decide it.";
pub(super) const NO_HINT: &str = "The model would not have been told that it repeats itself.";

pub(super) fn first_limit(
    scope: Scope,
    subject: &Subject,
    limit: Option<&Limit>,
    limits: &[Limit],
    now: Instant,
    until: Instant,
) -> String {
    let left = span(until - now);
    let mut text = match scope {
        Scope::Attempt => format!("{}'s timeout of {left} comes first.", first(subject)),
        Scope::FirstOutput | Scope::Idle => format!("The limit of {left} for the first output comes first."),
        Scope::Call => format!("The call's deadline comes first, in {left}."),
        Scope::Run => format!("The run's deadline comes first, in {left}."),
    };
    let comes = limits.iter().filter(|other| other.at < Instant::MAX);
    for other in comes.filter(|other| limit.is_none_or(|limit| limit.setting.name != other.setting.name)) {
        let left = span(other.at - now);
        let leaves = match other.scope {
            Scope::Attempt => "The timeout leaves",
            Scope::FirstOutput | Scope::Idle => "The limit for the first output leaves",
            Scope::Call => "The call's deadline leaves",
            Scope::Run => "The run's deadline leaves",
        };
        text = format!("{text} {leaves} {left}.");
    }
    text
}

pub(super) fn timed_out(
    scope: Scope,
    subject: &Subject,
    setting: Option<&Setting>,
    after: Duration,
    came: Option<(Duration, bool)>,
) -> String {
    let limit = setting.map_or(span(after), |setting| setting.value.clone());
    let over = match scope {
        Scope::Attempt => format!("{}'s timeout of {limit} was over", first(subject)),
        Scope::FirstOutput => format!("{}'s first output did not come within {limit}", first(subject)),
        Scope::Idle => format!("{} brought no further output for {limit}", first(subject)),
        Scope::Call => format!("The call's deadline of {limit} was over, after {} of this attempt", span(after)),
        Scope::Run => format!("The run's deadline of {limit} was over, after {} of this attempt", span(after)),
    };
    match came {
        None => format!("{over}; nothing later came of this attempt."),
        Some((took, true)) => format!("{over}; its answer came after {}, too late.", span(took)),
        Some((took, false)) => format!("{over}; word that it failed came after {}, too late.", span(took)),
    }
}

pub(super) fn reply_in_time(took: Duration, ok: bool) -> String {
    let what = if ok { "The answer that came" } else { "The failure that was told" };
    format!("{what} after {} would have been in time.", span(took))
}

pub(super) fn abandoned(after: Duration) -> String {
    format!("The caller took it back after {}; no setting decides that.", span(after))
}

pub(super) fn abandoned_at_the_end(after: Duration) -> String {
    format!(
        "The run's deadline came after {} of this attempt, and with the run everything under way ends.",
        span(after)
    )
}

pub(super) fn committed(after: Duration) -> Explanation {
    let text = "A part of the answer was shown to somebody. What was seen cannot be taken back, so if this attempt fails \
                now, the call does.";
    Explanation::new("committed", text).number("after", span(after))
}

pub(super) fn late(over: Instant, by: Duration) -> String {
    format!("The attempt was over at {over}, {} earlier: its answer comes too late for its call.", span(by))
}

/// What a late answer tells of an effect.
pub(super) fn late_word(tool: &str, became: &str) -> String {
    format!("It tells that {tool} {became}, though, and that counts.")
}

pub(super) fn backing_off(next: u32, of: u32, delay: Delay, backoff: &Backoff) -> String {
    let wait = span(delay.delay);
    if let Some(asked) = delay.retry_after {
        return format!(
            "The server asked to be left alone for {}, which is longer than the wait of our own, so attempt {next} of \
             {of} waits {wait}: a little more, lest all who were told the same come back at once.",
            span(asked)
        );
    }
    let (floor, ceiling) = (span(delay.floor), span(delay.ceiling));
    let drawn = if delay.floor == delay.ceiling {
        format!("exactly {ceiling}, without chance")
    } else {
        format!("{wait} by chance between {floor} and {ceiling}")
    };
    let capped = if delay.ceiling >= backoff.cap() { ", the longest wait allowed" } else { "" };
    format!("Waits begin at {} and grow: before attempt {next} of {of} it is {drawn}{capped}.", span(backoff.base()))
}

pub(super) fn last_attempt(attempts: u32) -> String {
    format!("Attempt {attempts} would have been the last.")
}

pub(super) fn another_attempt(attempt: u32) -> String {
    format!("Attempt {attempt} would have been waited for instead.")
}

pub(super) fn attempts_used_up(subject: &Subject, attempts: u32) -> String {
    match attempts {
        1 => format!("{} may be tried once, and this attempt failed.", first(subject)),
        2 => format!("{} may be tried twice, and both attempts failed.", first(subject)),
        attempts => {
            format!("{} may be tried {}, and all {attempts} attempts failed.", first(subject), so_often(attempts))
        }
    }
}

pub(super) fn no_retries(subject: &Subject, once: bool) -> String {
    if once {
        format!("{} must not happen twice, so it is never tried again by itself.", first(subject))
    } else {
        format!("Retries are switched off for {subject}, so its only attempt was the last.")
    }
}

pub(super) fn not_transient(class: FailureClass) -> String {
    format!("A failure of the kind \"{class}\" would be the same at every try; no setting decides that.")
}

pub(super) fn out_of_time(scope: Scope) -> String {
    format!("The {}'s deadline was over before another try could begin.", scope.as_str())
}

pub(super) fn wait_beyond(scope: Scope, wait: Option<(Duration, Duration)>) -> String {
    let whose = scope.as_str();
    match wait {
        Some((wait, left)) => format!(
            "The next try would come after a wait of {}, and the {whose}'s deadline leaves {}: there is no use in waiting.",
            span(wait),
            span(left)
        ),
        None => {
            format!("The wait before the next try would end after the {whose}'s deadline: there is no use in waiting.")
        }
    }
}

pub(super) fn time_to_wait(wait: Duration) -> String {
    format!("There would have been time to wait {} and to try again.", span(wait))
}

pub(super) fn time_to_begin() -> String {
    "There would have been time for an attempt to begin.".into()
}

/// A server's word, and what it leads to.
pub(super) fn paused(reason: PauseReason, wait: Duration) -> String {
    let wait = span(wait);
    match reason {
        PauseReason::ServerAsked => format!(
            "The server asked for another {wait} of rest. No setting shortens that, nothing else may be tried sooner, and there is \
             time for it: so it is waited out."
        ),
        PauseReason::BacksOff => {
            format!(
                "The wait before this attempt began in a process that ended. What is left of it, {wait}, is waited out."
            )
        }
        PauseReason::BreakerOpen => format!(
            "The call waits for what a server asked for in any case, and sooner than that, in {wait}, this breaker lets an attempt \
             through."
        ),
    }
}

pub(super) fn left_for_a_pause(reason: PauseReason, wait: Duration, limit: Option<Duration>) -> String {
    let wait = span(wait);
    match (reason, limit) {
        (PauseReason::ServerAsked, Some(limit)) => format!(
            "The server asked for {wait} of rest. A call waits {} at most where another option may be tried sooner, and here one \
             may: so it is tried.",
            span(limit)
        ),
        (PauseReason::ServerAsked, None) => {
            format!(
                "The server asked for another {wait} of rest, and another option may be tried sooner: so it is tried."
            )
        }
        _ => format!("It is left alone for another {wait}, and another option may be tried sooner: so it is tried."),
    }
}

pub(super) fn pause_too_long(wait: Duration, limit: Duration) -> String {
    format!(
        "The server asked for {} of rest, and a call waits {} at most for that. It is not asked earlier either: so this ends here, \
         and says when to come back.",
        span(wait),
        span(limit)
    )
}

pub(super) fn would_be_waited_out(wait: Duration) -> String {
    format!("The pause of {} would have been waited out.", span(wait))
}

pub(super) fn circuit_open(subject: &Subject) -> String {
    format!("The breaker of {subject} lets nothing through, and there is nothing else to try here.")
}

pub(super) fn cancelled(by_deadline: bool) -> String {
    if by_deadline {
        "The run's deadline came, and with the run everything under way ends.".into()
    } else {
        "Whoever wanted it took it back; no setting decides that.".into()
    }
}

pub(super) fn throttled(tokens_thousandths: u32, tokens: Option<u32>) -> String {
    let left = Value::Thousandths(tokens_thousandths);
    let of = tokens.map(|tokens| format!(" of {tokens}")).unwrap_or_default();
    format!(
        "Most of what goes there fails: each failure took a token, {left}{of} {} left, and without more than half of them \
         nothing is tried a second time.",
        if tokens_thousandths == 1_000 { "is" } else { "are" }
    )
}

pub(super) fn retries_spent(spent: RetryBudgetSpent) -> String {
    let RetryBudgetSpent { retries, allowed, calls } = spent;
    let calls = counted(calls, "call", "calls");
    match allowed {
        0 => format!("With {calls} so far, the run may make no retry."),
        allowed => {
            let allowed = counted(allowed, "retry", "retries");
            format!("With {calls} so far, the run may make {allowed}, and {retries} {} made.", are(retries))
        }
    }
}

fn amount(what: Resource, number: u64) -> String {
    match what {
        Resource::Time => format!("{}", span(Duration::from_micros(number))),
        Resource::Attempts => format!("{}", counted(number, "attempt", "attempts")),
        Resource::Steps => format!("{}", counted(number, "step", "steps")),
        Resource::Tokens => format!("{}", counted(number, "token", "tokens")),
        Resource::Money => format!("{}", counted(number, "millionth of money", "millionths of money")),
    }
}

pub(super) fn budget(exceeded: BudgetExceeded) -> String {
    let BudgetExceeded { what, limit, left, asked } = exceeded;
    let limit = amount(what, limit);
    match (what, asked) {
        (Resource::Time, _) => format!("The budget allows {limit}, and that time is over."),
        (_, 0) => format!("The budget allows {limit}, and nothing of that is left."),
        _ => format!("The budget allows {limit}; {left} {} left, and this attempt asks for {asked}.", are(left)),
    }
}

pub(super) fn budget_of_a_step(exceeded: BudgetExceeded) -> String {
    let BudgetExceeded { what, limit, left, asked } = exceeded;
    if asked == 0 {
        return budget(exceeded);
    }
    format!("The budget allows {}; {left} {} left, and another step asks for {asked}.", amount(what, limit), are(left))
}

pub(super) fn opened_in_a_row(subject: &Subject, failures: u32) -> String {
    match failures {
        1 => format!("{} failed, and one failure is enough.", first(subject)),
        failures => format!("{} failed {} in a row, which is how many it takes.", first(subject), so_often(failures)),
    }
}

pub(super) fn opened_by_share(subject: &Subject, failed: u32, calls: u32, share: Option<u32>) -> String {
    let share = share.map(|share| format!(", and {} is enough", Value::PerMille(share))).unwrap_or_default();
    match calls {
        1 => format!("The last call of {subject} failed{share}."),
        calls => format!("{failed} of the last {calls} calls of {subject} failed{share}."),
    }
}

pub(super) fn opened_by_slowness(subject: &Subject, slow: u32, calls: u32, rule: Option<SlowPolicy>) -> String {
    let rule = rule.map(|rule| {
        format!(" {} or longer is slow, and {} is enough.", span(rule.limit()), Value::PerMille(rule.per_mille()))
    });
    let rule = rule.unwrap_or_default();
    match (slow, calls) {
        (_, 1) => format!("The last call of {subject} was slow.{rule}"),
        (1, calls) => format!("1 of the last {calls} calls of {subject} was slow.{rule}"),
        (slow, calls) => format!("{slow} of the last {calls} calls of {subject} were slow.{rule}"),
    }
}

/// The arithmetic of an open time: from half the ceiling to all of it, and the ceiling doubles each time in a row.
pub(super) fn open_time(lasts: Duration, policy: &BreakerPolicy) -> String {
    let (base, most) = (micros(policy.open_for()), micros(policy.open_for_max()));
    let mut ceiling = base;
    while ceiling < micros(lasts) && ceiling < most {
        ceiling = ceiling.saturating_mul(2).min(most).max(ceiling.saturating_add(1));
    }
    let ceiling = Duration::from_micros(ceiling);
    format!("It stays open for {}: by chance between half and all of {}.", span(lasts), span(ceiling))
}

pub(super) fn stayed_closed() -> String {
    "The breaker would have stayed closed.".into()
}

pub(super) fn half_opened(probes: u32) -> String {
    let probes = if probes == 1 { "one probe".into() } else { format!("{probes} probes") };
    format!("The time for which it was open is over, so {probes} may find out whether the service is back.")
}

pub(super) fn closed(successes: u32) -> String {
    match successes {
        1 => "A probe succeeded, and one is enough: the service is back.".into(),
        successes => format!("{successes} probes succeeded, which is how many it takes: the service is back."),
    }
}

pub(super) fn breaker_set(state: &str) -> Explanation {
    Explanation::new("by_hand", BY_HAND).number("state", Value::text(state))
}

pub(super) fn rejected(subject: &Subject, left: Duration) -> String {
    if left.is_zero() {
        format!("The breaker of {subject} is open, so nothing is asked of it.")
    } else {
        format!("The breaker of {subject} is open for another {}, so nothing is asked of it.", span(left))
    }
}

pub(super) fn probes_under_way(probes: u32) -> String {
    match probes {
        1 => "One probe at a time finds out whether the service is back, and it is under way.".into(),
        probes => format!("{probes} probes at a time find out whether the service is back, and they are under way."),
    }
}

pub(super) fn tool_unknown(tool: &str) -> String {
    format!("The model asked for {tool}, which is none of the tools it was given.")
}

pub(super) fn nobody_to_ask(tool: &str) -> String {
    format!("{tool} is risky and needs a human's yes, and there is no human to ask.")
}

pub(super) fn would_be_asked(tool: &str) -> String {
    format!("A human would have been asked whether {tool} may run.")
}

pub(super) fn denied(tool: &str) -> String {
    format!("A human said no to {tool}; no setting decides that.")
}

pub(super) fn expired(expires_after: Option<&Setting>) -> String {
    let within = expires_after.map(|setting| format!(" within {}", setting.value)).unwrap_or_default();
    format!("Nobody answered{within}, and silence is a no.")
}

pub(super) fn would_count(took: Duration) -> String {
    format!("The decision that came after {} would have counted.", span(took))
}

pub(super) fn withdrawn(deadline: Option<&Setting>) -> String {
    match deadline {
        Some(deadline) => format!("The run's deadline of {} came before anybody answered.", deadline.value),
        None => "The run ended before anybody answered.".into(),
    }
}

pub(super) fn effect_unknown(tool: &str, reconciles: bool) -> String {
    let next = if reconciles { "it is looked up whether it happened" } else { "only a human may let it run again" };
    format!("{tool} must not happen twice, and how it ended leaves open whether it happened: {next}.")
}

pub(super) fn reconcile(tool: &str) -> String {
    format!("Somebody can tell whether {tool} happened, so they are asked before anybody decides.")
}

pub(super) fn effect_taken(tool: &str) -> Explanation {
    let text = format!("{tool} must not happen twice, and another resume of this run had begun it before.");
    Explanation::new("effect_taken", text)
}

pub(super) fn asked(tool: &str, again: bool, expires_after: Option<&Value>) -> String {
    let why = if again {
        format!("{tool} may have happened already, and only a human may let it run again")
    } else {
        format!("{tool} is risky, so a human decides")
    };
    match expires_after {
        Some(expires_after) => format!("{why}; silence for {expires_after} is a no."),
        None => format!("{why}."),
    }
}

pub(super) fn decision_ignored(reason: DecisionRejected) -> String {
    match reason {
        DecisionRejected::Unknown => "The decision names a question that was never asked.".into(),
        DecisionRejected::AlreadyDecided => "The question was settled before, and a decision is used once.".into(),
        DecisionRejected::Expired => "The question had expired, and silence was a no.".into(),
        DecisionRejected::OtherArguments => {
            "What may have happened already can run again, or not: with other arguments it would be another call, and nobody would \
             know any more what became of this one. The question is still open."
                .into()
        }
        DecisionRejected::Suspended => {
            "The run has ended for now, and nothing moves it on: restore it from its snapshot, start it, and hand it the decision then. \
             The question is still open."
                .into()
        }
        DecisionRejected::OtherCall => {
            "The human was shown another call than the one that would run, so the decision does not count.".into()
        }
    }
}

pub(super) fn step_limit(limit: u32) -> String {
    match limit {
        1 => "The run may make one step, and it is made without a final answer.".into(),
        limit => format!("The run may make {limit} steps, and all are made without a final answer."),
    }
}

pub(super) fn another_step(step: u32) -> String {
    format!("Step {step} would have begun.")
}

pub(super) fn repetition(rung: Rung, rule: &Repetition, enough: Option<u32>) -> String {
    let what = match rung {
        Rung::Hint => "so it is told",
        Rung::Synthetic => "so nothing runs and it is shown what it knows",
        Rung::LastTurn => "so nothing runs any more and it gets a last turn",
        Rung::Stop => "so it is stopped",
    };
    let enough = match (rung, rule, enough) {
        (Rung::Stop, _, _) => " It went on although it had been given its last turn.".into(),
        (_, _, None) => String::new(),
        (_, Repetition::Identical { .. } | Repetition::Cycle { .. }, Some(1)) => {
            " The first repeat is enough for a hint; each further one is met with more.".into()
        }
        (_, Repetition::Identical { .. } | Repetition::Cycle { .. }, Some(enough)) => {
            format!(" {enough} repeats are enough for a hint; each further one is met with more.")
        }
        (_, _, Some(enough)) => format!(" {enough} turns are enough for a hint; each further one is met with more."),
    };
    format!("The model repeats itself, {what}: {rule}.{enough}")
}

pub(super) fn run_suspended(questions: usize) -> Explanation {
    let text = "Nothing but a human's answer can move the run on, and nobody is there to ask.";
    Explanation::new("suspended", text).number("questions", Value::Number(questions as u64))
}

pub(super) fn run_finished(
    stop: StopReason,
    led: Option<usize>,
    why: Option<&Explanation>,
    setting: Option<&Setting>,
) -> String {
    match (stop, led, why, setting) {
        (StopReason::Answered, ..) => "The model gave an answer and asked for no more tools.".into(),
        (_, Some(entry), Some(why), _) => format!("Entry {entry} of the trace decided it. {}", why.text),
        (StopReason::Deadline, _, _, Some(setting)) => {
            format!("The run may take {}, and that time is over.", setting.value)
        }
        (StopReason::Cancelled, ..) => "Whoever wanted it took it back; no setting decides that.".into(),
        _ => format!("The run ended because {stop}."),
    }
}
