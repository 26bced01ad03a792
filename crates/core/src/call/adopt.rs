//! A call under other settings, while it is under way.

use super::{Call, Phase, Shared};
use crate::deadline::{Deadline, Scope};
use crate::outcome::CallError;
use crate::policy::CallPolicy;
use crate::time::Instant;
use crate::trace::Trace;

impl Call {
    /// Goes on under other settings. What was begun stays: attempts made count, and so does a wait that was drawn. Limits hold as if
    /// they had been these from the beginning: of the call since it began, of an attempt since it started, of its next
    /// part since the last one.
    pub(crate) fn adopt(&mut self, policy: &CallPolicy, parent: Deadline) {
        let idle_before = self.idle;
        (self.timeout, self.limit, self.estimate) = (policy.timeout, policy.deadline, policy.estimate);
        (self.first_output, self.idle) = (policy.first_output, policy.idle);
        (self.retry, self.longest_pause) = (policy.retry, policy.longest_pause);
        self.deadline = Deadline::limited(self.began, self.limit, Scope::Call).within(parent);
        if let Phase::Attempting(attempting) = &mut self.phase {
            attempting.until =
                Deadline::limited(attempting.started, self.timeout, Scope::Attempt).within(self.deadline);
            attempting.output_by = match (attempting.output_by.scope(), attempting.output_by.at(), idle_before) {
                (Scope::Idle, Some(due), Some(before)) if self.idle.is_some() => {
                    let last = Instant::ORIGIN + ((due - Instant::ORIGIN).saturating_sub(before.duration()));
                    Deadline::limited(last, self.idle, Scope::Idle)
                }
                // When the last part came is not known: a new limit holds from the next one on.
                (Scope::Idle, ..) => Deadline::until(Instant::MAX, Scope::Idle),
                _ => Deadline::limited(attempting.started, self.first_output, Scope::FirstOutput),
            };
        }
    }

    /// Whether it waits to begin an attempt.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::BackingOff { .. })
    }

    /// Waits no longer, and is over: as if it had no tries left, or where it had none yet as if its caller had taken it back.
    pub(crate) fn stop_waiting<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) -> CallError {
        self.not_retried(shared);
        let error = match self.last_failure.take() {
            Some(last) => CallError::RetriesExhausted { attempts: self.tries, last },
            None => CallError::Cancelled,
        };
        self.finish(error.clone(), trace);
        error
    }
}
