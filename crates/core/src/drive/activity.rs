//! What attempts bring while they are under way.

use crate::budget::Spend;
use crate::id::AttemptId;
use alloc::collections::VecDeque;
use core::cell::RefCell;
use core::task::{Context, Waker};

/// What attempts bring while they are under way: parts of their output, word that something of it was shown, and what they spent.
///
/// Whoever makes an attempt tells it here, under [`Attempt::id`](crate::call::Attempt::id), and whoever drives the call or the run passes
/// it on before the outcome of that attempt. Without it no limit between two parts of an output can be kept:
/// [`call_streaming`](super::call_streaming) and [`Host::activity`](super::Host::activity) take one. It is for one call, or one run,
/// and one task.
#[derive(Debug, Default)]
pub struct Activity {
    told: RefCell<VecDeque<(AttemptId, Part)>>,
    waker: RefCell<Option<Waker>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Output,
    Commit,
    Spent(Spend),
}

impl Activity {
    /// A part of the output of that attempt came: see [`call::Input::Output`](crate::call::Input::Output).
    pub fn output(&self, attempt: AttemptId) {
        self.tell(attempt, Part::Output);
    }

    /// Something of that attempt was shown to somebody: see [`call::Input::Commit`](crate::call::Input::Commit).
    pub fn commit(&self, attempt: AttemptId) {
        self.tell(attempt, Part::Commit);
    }

    /// What that attempt really spent: see [`call::Input::Spent`](crate::call::Input::Spent).
    pub fn spent(&self, attempt: AttemptId, spend: Spend) {
        self.tell(attempt, Part::Spent(spend));
    }

    fn tell(&self, attempt: AttemptId, part: Part) {
        if let Ok(mut told) = self.told.try_borrow_mut() {
            told.push_back((attempt, part));
        }
        let waker = self.waker.try_borrow_mut().ok().and_then(|mut waker| waker.take());
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Where it is heard what attempts bring.
pub(super) trait Source {
    /// The next that was told; without one the task is woken once there is.
    fn next(&self, context: &Context<'_>) -> Option<(AttemptId, Part)>;
}

impl Source for Activity {
    fn next(&self, context: &Context<'_>) -> Option<(AttemptId, Part)> {
        let next = self.told.try_borrow_mut().ok().and_then(|mut told| told.pop_front());
        if next.is_none()
            && let Ok(mut waker) = self.waker.try_borrow_mut()
        {
            *waker = Some(context.waker().clone());
        }
        next
    }
}

/// Nowhere.
impl Source for () {
    fn next(&self, _: &Context<'_>) -> Option<(AttemptId, Part)> {
        None
    }
}

impl<S: Source> Source for Option<&S> {
    fn next(&self, context: &Context<'_>) -> Option<(AttemptId, Part)> {
        self.as_ref().and_then(|source| source.next(context))
    }
}
