//! All machines, each under the number that JavaScript has of it.
//!
//! WebAssembly runs on one thread and nothing here calls out, so no function is ever entered while another is at work.

use crate::approval::Question;
use crate::breaker::Breaker;
use crate::guard::{Guard, Running};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use steadfast::breaker::Permit;
use steadfast::budget::{Budget, Envelope, Reservation};
use steadfast::trace::Entry;
use steadfast_boundary::slab::Slab;
use wasm_bindgen::prelude::wasm_bindgen;

/// Everything there is.
pub(crate) struct Hall {
    /// What calls share; apart from the calls, so that both can be borrowed at once.
    pub(crate) common: Common,
    pub(crate) calls: Slab<Running>,
    pub(crate) permits: Slab<Permit>,
    pub(crate) reservations: Slab<(u32, Reservation)>,
    pub(crate) approvals: Slab<Question>,
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

/// A lock that nobody ever waits for: on one thread it is a flag, and smaller than a `RefCell` of the thread's own.
static HALL: Mutex<Hall> = Mutex::new(Hall {
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
});

#[expect(clippy::inline_always, reason = "else each of forty functions hands its arguments over by way of memory")]
#[inline(always)]
pub(crate) fn hall<R>(act: impl FnOnce(&mut Hall) -> R) -> R {
    act(&mut HALL.lock().unwrap_or_else(PoisonError::into_inner))
}

/// How many machines of every kind there are: what a test looks at after a million calls.
#[wasm_bindgen]
#[must_use]
pub fn machines() -> u32 {
    hall(|hall| {
        let all = [
            hall.common.breakers.count(),
            hall.common.guards.count(),
            hall.common.budgets.count(),
            hall.common.envelopes.count(),
            hall.calls.count(),
            hall.permits.count(),
            hall.reservations.count(),
            hall.approvals.count(),
        ];
        u32::try_from(all.iter().sum::<usize>()).unwrap_or(u32::MAX)
    })
}
