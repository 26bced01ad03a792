//! What a human was asked in a run: what was shown, what they said to it, and what then ran. Read from the journal.

use crate::answer::Answer;
use crate::json;
use steadfast::approval::{ApprovalRequest, Digest, sha256};
use steadfast::event::Event;
use steadfast::id::{ApprovalId, Key, RunId};
use steadfast_sim::{Line, What, WorldEvent};

/// One question and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The line that asks it.
    pub asked: usize,
    /// Its number.
    pub id: ApprovalId,
    /// The tool it is about.
    pub tool: String,
    /// The arguments that were shown.
    pub args: String,
    /// The digest that was shown.
    pub shown: Digest,
    /// Whether it is about something that may have happened already.
    pub is_again: bool,
    /// The line that ends it, whether by a human or because time is up; none while it is open.
    pub ended: Option<usize>,
    /// The digest that a yes is bound to, and whether the human changed the arguments.
    pub approved: Option<(Digest, bool)>,
    /// The arguments that the tool was called with under this approval, and their digest: worked out from that line, not
    /// copied from the question.
    pub ran: Option<(String, Digest)>,
    /// How often the tool then took effect in the world with exactly those arguments, and how often with others.
    pub effects: (usize, usize),
}

impl Question {
    /// Whether what ran is what was approved; nothing as long as nothing ran.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        let (_, ran) = self.ran.as_ref()?;
        Some(
            self.approved.is_some_and(|(digest, edited)| digest == *ran && (edited || digest == self.shown))
                && self.effects.1 == 0,
        )
    }
}

impl Question {
    /// The same as a sentence.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match (self.ended, self.approved, self.holds()) {
            (None, ..) => "Nobody has decided yet.",
            (_, None, _) => "Nobody said yes, and nothing ran.",
            (_, Some(_), None) => "It was approved and has not run yet.",
            (_, Some((_, false)), Some(true)) => "What was shown is what ran.",
            (_, Some((_, true)), Some(true)) => "You changed the arguments, and what you approved is what ran.",
            (_, Some(_), Some(false)) => "What ran is not what was approved.",
        }
    }
}

/// The questions of a run, in the order in which they were asked.
#[must_use]
pub fn questions(lines: &[Line]) -> Vec<Question> {
    let mut run = RunId(0);
    let mut questions: Vec<(Question, Key)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let entry = match &line.what {
            What::Decision(entry) => entry,
            What::World(WorldEvent::EffectHappened { args, key, .. }) => {
                for (question, _) in questions.iter_mut().filter(|(_, of)| of.to_string() == *key) {
                    if let Some((ran, _)) = &question.ran {
                        let count = if ran == args { &mut question.effects.0 } else { &mut question.effects.1 };
                        *count += 1;
                    }
                }
                continue;
            }
            What::World(_) => continue,
        };
        match &entry.event {
            Event::RunStarted { run: id, .. } | Event::RunResumed { run: id, .. } => run = *id,
            Event::ApprovalAsked { id, tool, args, digest, again, .. } => {
                let question = Question {
                    asked: index,
                    id: *id,
                    tool: tool.clone(),
                    args: args.clone(),
                    shown: *digest,
                    is_again: *again,
                    ended: None,
                    approved: None,
                    ran: None,
                    effects: (0, 0),
                };
                questions.push((question, Key { run, call: entry.call.unwrap_or_default() }));
            }
            Event::ApprovalGranted { id, edited, digest } => {
                if let Some(question) = end(&mut questions, *id, index) {
                    question.approved = Some((*digest, *edited));
                }
            }
            Event::ApprovalDenied { id, .. } | Event::ApprovalExpired { id } | Event::ApprovalWithdrawn { id } => {
                let _ = end(&mut questions, *id, index);
            }
            Event::ToolCalled { tool, args, .. } => {
                let of_call = |(question, key): &&mut (Question, Key)| {
                    Some(key.call) == entry.call && question.approved.is_some() && question.ran.is_none()
                };
                if let Some((question, key)) = questions.iter_mut().rev().find(of_call) {
                    question.ran = Some((args.clone(), Digest::of_call(sha256, *key, tool, args)));
                }
            }
            _ => {}
        }
    }
    questions.into_iter().map(|(question, _)| question).collect()
}

fn end(questions: &mut [(Question, Key)], id: ApprovalId, line: usize) -> Option<&mut Question> {
    let (question, _) = questions.iter_mut().find(|(question, _)| question.id == id)?;
    question.ended.get_or_insert(line);
    Some(question)
}

/// One argument, as it is and as it was when the same tool was last called or asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// What it was; nothing if it was not there.
    pub before: Option<String>,
    /// What it is; nothing if it is not there any more.
    pub now: Option<String>,
}

impl Argument {
    /// What changed, as a word.
    #[must_use]
    pub fn change(&self) -> &'static str {
        match (&self.before, &self.now) {
            (None, _) => "new",
            (_, None) => "gone",
            (before, now) if before == now => "same",
            _ => "changed",
        }
    }
}

/// The arguments that this tool had when it was last called or asked about before that line.
#[must_use]
pub fn last_args<'a>(lines: &'a [Line], tool: &str) -> Option<&'a str> {
    lines.iter().rev().find_map(|line| match &line.what {
        What::Decision(entry) => match &entry.event {
            Event::ToolCalled { tool: of, args, .. } | Event::ApprovalAsked { tool: of, args, .. } if of == tool => {
                Some(args.as_str())
            }
            _ => None,
        },
        What::World(_) => None,
    })
}

/// Two texts of arguments side by side: by name where both are objects, else as a whole.
#[must_use]
pub fn compare(before: &str, now: &str) -> Vec<Argument> {
    let (Some(old), Some(new)) = (json::members(before), json::members(now)) else {
        return vec![Argument { name: "arguments".into(), before: Some(before.into()), now: Some(now.into()) }];
    };
    let find =
        |list: &[(String, String)], name: &str| list.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone());
    let mut names: Vec<_> = new.iter().map(|(name, _)| name).collect();
    names.extend(old.iter().map(|(name, _)| name).filter(|name| find(&new, name).is_none()));
    names
        .into_iter()
        .map(|name| Argument { name: name.clone(), before: find(&old, name), now: find(&new, name) })
        .collect()
}

/// The question that a human has to answer now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// What is asked.
    pub request: ApprovalRequest,
    /// Beside what this tool had before; nothing where this is its first call.
    pub since_last: Option<Vec<Argument>>,
    /// What the human typed instead, if they began to.
    pub draft: Option<Draft>,
}

impl Asking {
    /// The arguments to approve instead of those that are asked about, once they are others and in order.
    #[must_use]
    pub fn edit(&self) -> Option<&str> {
        let (args, _) = self.draft.as_ref()?.read.as_ref().ok()?;
        (*args != self.request.args && !self.request.again).then_some(args.as_str())
    }
}

/// Arguments as a human types them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// As typed.
    pub text: String,
    /// In canonical form with the digest they would have, or what is wrong with them.
    pub read: Result<(String, Digest), String>,
}

impl Draft {
    /// Reads what was typed for that question.
    #[must_use]
    pub fn of(request: &ApprovalRequest, text: &str) -> Self {
        let read = Answer::canonical(text).map(|args| {
            let digest = Digest::of_call(sha256, request.key, &request.tool, &args);
            (args, digest)
        });
        Self { text: text.into(), read }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast::time::Instant;
    use steadfast_sim::{Human, Scenario, Setup, simulate};

    fn changes(before: &str, now: &str) -> Vec<(String, &'static str)> {
        compare(before, now).iter().map(|argument| (argument.name.clone(), argument.change())).collect()
    }

    #[test]
    fn arguments_are_compared_by_name() {
        let (before, now) = (r#"{"body":"391","cc":"cy","to":"ana"}"#, r#"{"bcc":"di","body":"391","to":"bo"}"#);
        let expected = [("bcc", "new"), ("body", "same"), ("to", "changed"), ("cc", "gone")];
        assert_eq!(changes(before, now), expected.map(|(name, change)| (name.to_owned(), change)));
        assert_eq!(changes("[1]", "{}"), [("arguments".to_owned(), "changed")]);
    }

    #[test]
    fn last_arguments_are_those_of_the_same_tool() {
        let outcome = simulate(&Setup { human: Human::Approves, ..Scenario::Risky.setup(7) });
        let lines = outcome.journal.lines();
        assert_eq!(last_args(lines, "multiply"), Some(r#"{"a":17,"b":23}"#));
        assert!(last_args(lines, "send_email").unwrap().contains("ana@example.com"));
        assert_eq!(last_args(lines, "look"), None);
    }

    /// A journal in which another call ran than was approved, as no engine writes it.
    #[test]
    fn a_call_that_was_swapped_after_the_yes_is_seen() {
        let outcome = simulate(&Setup { human: Human::Approves, ..Scenario::Risky.setup(7) });
        let mut lines = outcome.journal.lines().to_vec();
        assert_eq!(questions(&lines)[0].holds(), Some(true));
        for line in &mut lines {
            if let What::Decision(entry) = &mut line.what
                && let Event::ToolCalled { tool, args, .. } = &mut entry.event
                && tool == "send_email"
            {
                *args = args.replace("ana", "eve");
            }
        }
        let question = questions(&lines).remove(0);
        assert_eq!(question.holds(), Some(false));
        assert_eq!(question.verdict(), "What ran is not what was approved.");
        let effect = |args: &str| {
            let (tool, key) = ("send_email".into(), "run-7-call-4".into());
            Line { at: Instant::ORIGIN, what: What::World(WorldEvent::EffectHappened { tool, args: args.into(), key }) }
        };
        let mut lines = outcome.journal.lines().to_vec();
        let key = lines.iter().find_map(|line| match &line.what {
            What::World(WorldEvent::EffectHappened { key, .. }) => Some(key.clone()),
            _ => None,
        });
        let mut other = effect("{}");
        if let (What::World(WorldEvent::EffectHappened { key, .. }), Some(of)) = (&mut other.what, key) {
            *key = of;
        }
        lines.push(other);
        assert_eq!(questions(&lines)[0].holds(), Some(false), "the world saw something else happen under its key");
    }
}
