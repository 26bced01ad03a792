//! Which part of the page is shown: on a phone one place at a time, each under a tab. A wider window shows everything at once, but for
//! what comes of it, of which it shows one thing at a time too.

use core::ops::Range;
use leptos::prelude::*;

/// What a phone is, as the style sheets have it.
const PHONE: &str = "(width < 40rem)";

/// The places by their tabs: the run, what is set, and everything that comes of it.
pub(crate) const PLACES: [&str; 6] = ["Timeline", "Faults", "Why", "State", "Messages", "Code"];
pub(crate) const TIMELINE: usize = 0;
pub(crate) const FINDINGS: Range<usize> = 2..PLACES.len();

/// What is shown. A change of it has the whole page drawn again, as a part of it has not been laid out before ([`Store::show`]).
///
/// [`Store::show`]: crate::store::Store::show
#[derive(Clone, Copy)]
pub(crate) struct Places {
    is_phone: StoredValue<bool>,
    place: RwSignal<usize>,
    finding: RwSignal<usize>,
}

impl Places {
    pub(crate) fn new() -> Self {
        let [place, finding] = [TIMELINE, FINDINGS.start].map(RwSignal::new);
        Self { is_phone: StoredValue::new(matches_phone()), place, finding }
    }

    /// Looks how wide the window is, and says whether that makes another page of it.
    pub(crate) fn look(self) -> bool {
        let before = self.is_phone();
        self.is_phone.set_value(matches_phone());
        before != self.is_phone()
    }

    /// Whether the page is shown a place at a time.
    pub(crate) fn is_phone(self) -> bool {
        self.is_phone.get_value()
    }

    /// The place that a phone shows.
    pub(crate) fn place(self) -> RwSignal<usize> {
        self.place
    }

    /// What is shown of what comes of it, on any window.
    pub(crate) fn finding(self) -> RwSignal<usize> {
        self.finding
    }

    /// Shows one.
    pub(crate) fn choose(self, place: usize) {
        self.place.set(place);
        if FINDINGS.contains(&place) {
            self.finding.set(place);
        }
    }

    /// Whether the run is in sight.
    pub(crate) fn has_timeline(self) -> bool {
        !self.is_phone() || self.place.get_untracked() == TIMELINE
    }
}

fn matches_phone() -> bool {
    window().match_media(PHONE).ok().flatten().is_some_and(|query| query.matches())
}
