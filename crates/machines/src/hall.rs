//! All machines, each under the number that JavaScript has of it.
//!
//! WebAssembly runs on one thread and nothing here calls out, so no function is ever entered while another is at work.

use crate::approval::Question;
use crate::breaker::Breaker;
use crate::guard::{Guard, Running};
use crate::slab::Slab;
use core::cell::RefCell;
use std::collections::VecDeque;
use steadfast::breaker::Permit;
use steadfast::budget::{Budget, Envelope, Reservation};
use steadfast::trace::Entry;
use wasm_bindgen::prelude::wasm_bindgen;

/// Everything there is.
pub(crate) struct Hall {
    /// What calls share; apart from the calls, so that both can be borrowed at once.
    pub(crate) common: Common,
    pub(crate) calls: Slab<Running>,
    pub(crate) permits: Slab<Permit>,
    pub(crate) reservations: Slab<(u32, Reservation)>,
    pub(crate) approvals: Slab<Question>,
    /// Why the last opening failed.
    complaint: String,
}

/// What calls share.
pub(crate) struct Common {
    pub(crate) breakers: Slab<Breaker>,
    pub(crate) guards: Slab<Guard>,
    pub(crate) budgets: Slab<Budget>,
    pub(crate) envelopes: Slab<(u32, Envelope)>,
    /// What was decided in the last step of whatever somebody listens to. JavaScript fetches it before the next.
    pub(crate) events: VecDeque<Entry>,
}

thread_local! {
    static HALL: RefCell<Hall> = const {
        RefCell::new(Hall {
            common: Common {
                breakers: Slab::new(),
                guards: Slab::new(),
                budgets: Slab::new(),
                envelopes: Slab::new(),
                events: VecDeque::new(),
            },
            calls: Slab::new(),
            permits: Slab::new(),
            reservations: Slab::new(),
            approvals: Slab::new(),
            complaint: String::new(),
        })
    };
}

#[inline]
pub(crate) fn hall<R>(act: impl FnOnce(&mut Hall) -> R) -> R {
    HALL.with(|hall| act(&mut hall.borrow_mut()))
}

/// No machine: [`complaint`] says why.
const REFUSED: i32 = -1;

/// The number of what was opened, or the reason why not for [`complaint`].
pub(crate) fn opened<E: ToString>(hall: &mut Hall, result: Result<u32, E>) -> i32 {
    match result {
        Ok(number) => i32::try_from(number).unwrap_or(i32::MAX),
        Err(error) => {
            hall.complaint = error.to_string();
            REFUSED
        }
    }
}

/// Why the last opening failed, as a sentence.
#[wasm_bindgen]
#[must_use]
pub fn complaint() -> String {
    hall(|hall| core::mem::take(&mut hall.complaint))
}

/// How many machines of every kind there are: what a test looks at after a million calls.
#[wasm_bindgen]
#[must_use]
pub fn machines() -> u32 {
    hall(|hall| {
        let all = [
            hall.common.breakers.len(),
            hall.common.guards.len(),
            hall.common.budgets.len(),
            hall.common.envelopes.len(),
            hall.calls.len(),
            hall.permits.len(),
            hall.reservations.len(),
            hall.approvals.len(),
        ];
        u32::try_from(all.iter().sum::<usize>()).unwrap_or(u32::MAX)
    })
}
