//! Decisions on their way to whoever listens: numbers where these say it all, else JSON.

use crate::hall::hall;
use steadfast::deadline::Scope;
use steadfast::event::Event;
use steadfast::time::Duration;
use steadfast::trace::Entry;
use steadfast_boundary::decision;
use steadfast_boundary::registers::{instant, length_of, micros_of, number, put, unsigned};
use wasm_bindgen::prelude::wasm_bindgen;

/// No event.
const NONE: u32 = 0;
/// An attempt began: option, until and scope are in registers 4 to 6.
const STARTED: u32 = 1;
/// An attempt succeeded: after how long is in register 4.
const SUCCEEDED: u32 = 2;
/// Any other: [`event_json`] has it.
const OTHER: u32 = 3;
/// Not among the events of a call: something around it tries again too, so many times in all as register 4 says.
const INNER_RETRIES: u32 = 4;

const SCOPES: [Scope; 5] = [Scope::Attempt, Scope::FirstOutput, Scope::Idle, Scope::Call, Scope::Run];

/// Which event comes next. The two that every call has are numbers alone, so that listening costs little while all is well:
/// at, call and attempt in registers 1 to 3, what is their own from 4 on. They are taken off; any other waits for
/// [`event_json`].
#[wasm_bindgen]
#[must_use]
pub fn event_next() -> u32 {
    hall(|hall| {
        let kind = match hall.common.events.front() {
            None => return NONE,
            Some(Entry { event: Event::AttemptStarted { option, until, scope }, .. }) => {
                put(4, f64::from(*option));
                put(5, micros_of(*until));
                put(6, f64::from(*scope as u32));
                STARTED
            }
            Some(Entry { event: Event::AttemptSucceeded { after }, .. }) => {
                put(4, length_of(*after));
                SUCCEEDED
            }
            Some(_) => return OTHER,
        };
        if let Some(Entry { at, call, attempt, .. }) = hall.common.events.pop_front() {
            put(1, micros_of(Some(at)));
            put(2, steadfast_boundary::registers::count_of(call.map(|call| call.0)));
            put(3, f64::from(attempt.unwrap_or(0)));
        }
        kind
    })
}

/// The next event as JSON, taken off.
#[wasm_bindgen]
#[must_use]
pub fn event_json() -> String {
    hall(|hall| hall.common.events.pop_front()).map_or_else(String::new, |entry| decision::text(&entry))
}

/// An event in words that was told in numbers, which stand in the registers as they were told.
#[wasm_bindgen]
#[must_use]
pub fn event_words(kind: u32) -> String {
    let event = if kind == STARTED {
        let scope = usize::try_from(unsigned(number(6))).ok().and_then(|index| SCOPES.get(index).copied());
        let until = Some(number(5)).filter(|until| until.is_finite()).map(instant);
        let option = u32::try_from(unsigned(number(4))).unwrap_or(0);
        Event::AttemptStarted { option, until, scope: scope.unwrap_or(Scope::Attempt) }
    } else if kind == INNER_RETRIES {
        Event::InnerRetries { attempts: unsigned(number(4)) }
    } else {
        Event::AttemptSucceeded { after: Duration::from_micros(unsigned(number(4))) }
    };
    decision::text(&Entry { at: instant(0.0), step: None, call: None, attempt: None, event })
}
