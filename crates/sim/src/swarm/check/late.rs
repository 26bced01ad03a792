//! Late successes: what happened after nobody waited for it any more. It does not run again for a model that was not told.

use std::collections::{BTreeMap, BTreeSet};
use steadfast::id::{AttemptId, CallId};
use steadfast::run::{Message, Role};

#[derive(Clone, Default)]
pub(super) struct LateSuccesses {
    /// Attempts of tools that must not happen twice: which tool, with which arguments.
    ran: BTreeMap<AttemptId, (String, String)>,
    /// Those of which the agent was told that they succeeded.
    heard: BTreeSet<AttemptId>,
    untold: Vec<LateSuccess>,
    /// Of each looking up: the call it is about.
    looking_up: BTreeMap<CallId, CallId>,
}

#[derive(Clone)]
struct LateSuccess {
    of: AttemptId,
    output: String,
    /// How many messages there were when it came, and which call was the last one then: what was wanted before is no answer
    /// to it.
    after: usize,
    last_call: CallId,
}

impl LateSuccesses {
    pub(super) fn ran(&mut self, attempt: AttemptId, tool: &str, args: &str) {
        self.ran.insert(attempt, (tool.into(), args.into()));
    }

    /// A success came, for an attempt that counts or does not count any more.
    pub(super) fn came(&mut self, of: AttemptId, counts: bool, output: &str, after: usize, last_call: CallId) {
        let first_word = self.heard.insert(of);
        if self.ran.contains_key(&of) && first_word && !counts {
            self.untold.push(LateSuccess { of, output: output.into(), after, last_call });
        }
    }

    pub(super) fn looks_up(&mut self, by: AttemptId, call: CallId) {
        self.looking_up.insert(by.call, call);
    }

    /// It was found that it happened: a later word on it is no news.
    pub(super) fn found(&mut self, by: AttemptId) {
        let call = self.looking_up.get(&by.call);
        self.heard.extend(self.ran.keys().filter(|id| Some(&id.call) == call));
    }

    /// What the model is told it knows: by a result of that call, or of another.
    pub(super) fn read(&mut self, messages: &[Message]) {
        self.untold.retain(|late| {
            let since = messages.iter().skip(late.after).filter(|message| message.role == Role::Tool);
            let mut results = since.map(|message| &message.content);
            !results.any(|result| result.contains(&late.output) || result.contains("happened 2 times"))
        });
    }

    /// Another call that did the same, without the model knowing.
    pub(super) fn before(&self, call: CallId, tool: &str, args: &str) -> Option<CallId> {
        let same = |id: &AttemptId| self.ran.get(id).is_some_and(|(of, exact)| of == tool && exact == args);
        self.untold.iter().find(|late| call > late.last_call && same(&late.of)).map(|late| late.of.call)
    }
}
