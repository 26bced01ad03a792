//! Where two traces first decide otherwise.

use crate::event::Event;
use crate::trace::Entry;

/// The first entry that is another decision, or that only one of them has; `None` if they decide alike to the end. With
/// `cut`, the second was cut short: that it ends earlier is no difference then.
#[must_use]
pub fn first_difference(one: &[Entry], other: &[Entry], cut: bool) -> Option<usize> {
    let differs = one.iter().zip(other).position(|(one, other)| !same_decision(one, other));
    differs.or_else(|| {
        let (shorter, longer) = (one.len().min(other.len()), one.len().max(other.len()));
        let ends_early = shorter < longer && !(cut && other.len() == shorter);
        ends_early.then_some(shorter)
    })
}

/// Whether two entries are the same decision at the same instant. What merely repeats the settings, such as how many steps
/// there may be, is no decision.
#[must_use]
pub fn same_decision(one: &Entry, other: &Entry) -> bool {
    let place = |entry: &Entry| (entry.at, entry.step, entry.call, entry.attempt);
    place(one) == place(other) && same_event(&one.event, &other.event)
}

fn same_event(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::RunStarted { run, seed, .. }, Event::RunStarted { run: other, seed: same, .. }) => {
            (run, seed) == (other, same)
        }
        (Event::ModelCalled { messages, .. }, Event::ModelCalled { messages: other, .. }) => messages == other,
        (Event::StepStarted { step, .. }, Event::StepStarted { step: other, .. }) => step == other,
        (Event::AttemptStarted { option, .. }, Event::AttemptStarted { option: other, .. }) => option == other,
        (
            Event::BackingOff { next, until, delay, .. },
            Event::BackingOff { next: other, until: same, delay: drawn, .. },
        ) => (next, until, delay) == (other, same, drawn),
        (
            Event::ApprovalAsked { id, digest, again, .. },
            Event::ApprovalAsked { id: other, digest: same, again: too, .. },
        ) => (id, digest, again) == (other, same, too),
        _ => one == other,
    }
}
