//! The world's own books: what really happened, counted whether or not anybody writes the journal.
//!
//! They know nothing of what an agent believes. Whether an effect was harmful is judged by what a human said to the exact
//! call, and whether it happened twice by what the world saw twice.

use serde::Serialize;
use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::call::Attempt;
use steadfast::id::Key;
use steadfast::time::Instant;

/// What happened in a run, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// When the agent ended; `None` where it never does, or waits for a human who has yet to decide.
    pub ended_at: Option<Instant>,
    /// Attempts at the model, at tools, and to look up what became of one.
    pub attempts: u64,
    /// Calls that these attempts were made for.
    pub calls: u64,
    /// Effects that must not happen twice, and happened.
    pub effects: u64,
    /// Those of them that no human had agreed to: nobody was asked, the answer was no, or it was a yes to something else.
    pub harmful: u64,
    /// Those of them that had happened before: the same tool with the same arguments.
    pub duplicates: u64,
}

/// A human's yes to one exact call.
#[derive(Debug)]
struct Yes {
    from: Instant,
    key: Key,
    tool: String,
    args: String,
}

/// What the world writes down for itself.
#[derive(Debug, Default)]
pub(crate) struct Books {
    counts: Counts,
    yeses: Vec<Yes>,
    happened: Vec<(String, String)>,
}

impl Books {
    /// An attempt begins.
    pub(crate) fn begins(&mut self, attempt: &Attempt) {
        self.counts.attempts += 1;
        self.counts.calls += u64::from(attempt.id.attempt == 1);
    }

    /// A human's answer to that question will be known then.
    pub(crate) fn decided(&mut self, request: &ApprovalRequest, decision: &Decision, at: Instant) {
        let args = match decision {
            Decision::Approve => &request.args,
            Decision::ApproveEdited { args } => args,
            Decision::Deny { .. } => return,
        };
        // What comes at the very instant of its limit is late.
        if at < request.expires_at {
            let (tool, args) = (request.tool.clone(), args.clone());
            self.yeses.push(Yes { from: at, key: request.key, tool, args });
        }
    }

    /// Whether a human had agreed to exactly this by then.
    pub(crate) fn agreed(&self, key: Key, tool: &str, args: &str, now: Instant) -> bool {
        self.yeses.iter().any(|yes| yes.from <= now && yes.key == key && yes.tool == tool && yes.args == args)
    }

    /// An effect that must not happen twice has happened.
    pub(crate) fn happened(&mut self, tool: &str, args: &str, agreed: bool) {
        self.counts.effects += 1;
        self.counts.harmful += u64::from(!agreed);
        let same = |(other, with): &(String, String)| other == tool && with == args;
        if self.happened.iter().any(same) {
            self.counts.duplicates += 1;
        } else {
            self.happened.push((tool.into(), args.into()));
        }
    }

    /// The agent has ended.
    pub(crate) fn ends(&mut self, at: Instant) {
        self.counts.ended_at = Some(at);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, Faults, Human, Scenario, Setup, simulate};
    use steadfast::event::Event;
    use steadfast::id::{ApprovalId, CallId, RunId};
    use steadfast::trace::Entry;

    fn counts(setup: &Setup) -> Counts {
        simulate(setup).counts
    }

    #[test]
    fn counts_of_a_flaky_run_are_those_of_its_journal() {
        let outcome = simulate(&Scenario::Flaky.setup(7));
        let started = |entry: &&Entry| matches!(entry.event, Event::AttemptStarted { .. });
        let attempts = outcome.journal.decisions().filter(started).count() as u64;
        let ended_at = outcome.journal.lines().last().map(|line| line.at);
        assert_eq!(outcome.counts, Counts { ended_at, attempts, calls: 3, ..Counts::default() });
        assert!(attempts >= 5, "the first call alone takes three: {attempts}");
    }

    #[test]
    fn counts_are_the_same_where_nobody_writes_the_journal() {
        for scenario in Scenario::ALL {
            for human in [Human::Nobody, Human::Approves, Human::Denies] {
                let setup = Setup { human, ..scenario.setup(11) };
                assert_eq!(counts(&setup), counts(&Setup { trace: false, ..setup }), "{scenario}");
            }
        }
    }

    #[test]
    fn mail_is_harmful_unless_a_human_agreed_to_it() {
        let harm = |human, protection| {
            let counts = counts(&Setup { protection, human, ..Scenario::Risky.setup(7) });
            (counts.effects, counts.harmful)
        };
        assert_eq!(harm(Human::Approves, true), (1, 0));
        assert_eq!(harm(Human::Denies, true), (0, 0));
        assert_eq!(harm(Human::Nobody, true), (0, 0));
        assert_eq!(harm(Human::Approves, false), (1, 1), "the naive agent asks nobody");
    }

    #[test]
    fn who_never_ends_has_no_end() {
        let hung = Setup { protection: false, ..Scenario::Hung.setup(7) };
        assert_eq!((counts(&hung).ended_at, counts(&hung).attempts), (None, 1));
        let asks = Setup { human: Human::Decided(Vec::new()), ..Scenario::Risky.setup(7) };
        assert_eq!(counts(&asks).ended_at, None, "a human has yet to decide");
        let faults = Faults::NONE.with(Fault::RunawayLoop, true).into();
        assert_eq!(counts(&Setup { faults, protection: false, ..Setup::default() }).ended_at, None);
    }

    #[test]
    fn a_yes_is_to_one_exact_call_and_not_to_another() {
        let key = |call| Key { run: RunId(1), call: CallId(call) };
        let request = ApprovalRequest {
            id: ApprovalId(1),
            key: key(3),
            tool: "send_email".into(),
            args: "to ana".into(),
            digest: steadfast::approval::Digest([0; 32]),
            asked_at: Instant::ORIGIN,
            expires_at: Instant::from_millis(9_000),
            again: false,
            why: String::new(),
        };
        let at = Instant::from_millis;
        let mut books = Books::default();
        books.decided(&request, &Decision::Deny { message: String::new() }, at(1_000));
        books.decided(&request, &Decision::Approve, at(9_000));
        assert!(!books.agreed(key(3), "send_email", "to ana", at(10_000)), "no, and a yes that came too late");
        books.decided(&request, &Decision::ApproveEdited { args: "to bob".into() }, at(2_000));
        assert!(books.agreed(key(3), "send_email", "to bob", at(2_000)));
        assert!(!books.agreed(key(3), "send_email", "to bob", Instant::from_micros(1_999_999)), "not yet");
        assert!(!books.agreed(key(3), "send_email", "to ana", at(3_000)), "these arguments were edited away");
        assert!(!books.agreed(key(4), "send_email", "to bob", at(3_000)), "another call");
        assert!(!books.agreed(key(3), "pay", "to bob", at(3_000)), "another tool");
    }

    #[test]
    fn the_same_effect_again_is_a_duplicate_and_another_one_is_not() {
        let mut books = Books::default();
        books.happened("send_email", "to ana", true);
        books.happened("send_email", "to bob", false);
        books.happened("send_email", "to ana", true);
        books.happened("send_email", "to ana", true);
        let Counts { effects, harmful, duplicates, .. } = books.counts();
        assert_eq!((effects, harmful, duplicates), (4, 1, 2));
    }
}
