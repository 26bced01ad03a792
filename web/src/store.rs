//! The one state, and the one value drawn from it.
//!
//! There are five signals: what is drawn, which changes with each line shown or setting made; what is entered, which changes with
//! settings alone; virtual time, which changes with each frame; what part of a long run is in sight; and the odds, which change
//! by themselves. Beside them stands what of the page is shown, which is nothing of the state. There is none for a single event.
//! Components turn the first into texts and attributes, always of the same two types: every further type would bring machinery
//! of its own into the page.

use crate::places::Places;
use crate::sight::Sight;
use crate::time;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::odds::{OddsAction, OddsDrawn, odds};
use steadfast_playground::{Action, Canvas, Entered, Page, State, page, update};

/// Draws what is to be seen on the axis.
pub(crate) type Draw = Box<dyn FnMut(&Page, &Canvas<'_>)>;

/// Where every component reads and whereto it sends actions.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    state: StoredValue<State>,
    page: RwSignal<Page>,
    entered: RwSignal<Entered>,
    now: RwSignal<Instant>,
    odds: RwSignal<OddsDrawn>,
    sight: Sight,
    places: Places,
}

impl Store {
    /// The state that a link describes.
    pub(crate) fn new(link: &str) -> Self {
        let mut state = State::default();
        if !link.is_empty() {
            update(&mut state, Action::OpenLink(link.to_owned()));
        }
        let (page, now) = (RwSignal::new(page(&state)), RwSignal::new(time::drawn(&state)));
        let (entered, odds) = (RwSignal::new(Entered::of(&state)), RwSignal::new(odds(&state)));
        let (sight, places) = (Sight::new(), Places::new());
        Self { state: StoredValue::new(state), page, entered, now, odds, sight, places }
    }

    /// Lets everything be what it is after that action.
    pub(crate) fn send(self, action: Action) {
        let is_tick = matches!(action, Action::Tick(_));
        let is_progress = matches!(action, Action::Odds(OddsAction::Progress(_)));
        let seen = |state: &State| (state.version(), state.position(), state.is_playing());
        let (changed, now) = self
            .state
            .try_update_value(|state| {
                let before = seen(state);
                update(state, action);
                ((!is_tick && !is_progress) || seen(state) != before, time::drawn(state))
            })
            .unwrap_or_default();
        if changed {
            let page = self.state.with_value(page);
            // First where one looks and then what there is, so that it is drawn once.
            self.sight.follow(now, &page.axis);
            self.page.set(page);
            let entered = self.state.with_value(Entered::of);
            if self.entered.with_untracked(|before| *before != entered) {
                self.entered.set(entered);
            }
        }
        self.now.set(now);
        let odds = if is_tick { None } else { Some(self.state.with_value(odds)) };
        if let Some(odds) = odds.filter(|odds| self.odds.with_untracked(|before| before != odds)) {
            self.odds.set(odds);
        }
    }

    /// Says something until the next action.
    pub(crate) fn remark(self, remark: &str) {
        self.page.update(|page| remark.clone_into(&mut page.status));
    }

    /// Something read from the state as it is now.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_value(read)
    }

    /// What is drawn.
    pub(crate) fn page(self) -> RwSignal<Page> {
        self.page
    }

    /// The odds.
    pub(crate) fn odds(self) -> RwSignal<OddsDrawn> {
        self.odds
    }

    /// A text of what is entered.
    pub(crate) fn entry(self, read: impl Fn(&Entered) -> String + Send + Sync + 'static) -> Signal<String> {
        Signal::derive(move || self.entered.with(|entered| read(entered)))
    }

    /// The value of an attribute, or no attribute, by what is entered.
    pub(crate) fn entry_word(
        self,
        read: impl Fn(&Entered) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Signal<Option<&'static str>> {
        Signal::derive(move || self.entered.with(|entered| read(entered)))
    }

    /// What part of the run is in sight.
    pub(crate) fn sight(self) -> Sight {
        self.sight
    }

    /// What of the page is shown.
    pub(crate) fn places(self) -> Places {
        self.places
    }

    /// Shows a place of the page.
    pub(crate) fn show(self, place: usize) {
        self.places.choose(place);
        self.draw_again();
    }

    /// Draws what is drawn once more, where it may not have been laid out before.
    pub(crate) fn draw_again(self) {
        self.page.notify();
    }

    /// Virtual time.
    pub(crate) fn now(self) -> RwSignal<Instant> {
        self.now
    }

    /// Does something now and after each change of what is drawn: for what a browser wants to be told rather than shown.
    pub(crate) fn after_each_change(self, act: Box<dyn Fn(&Page)>) {
        Effect::new(move || self.page.with(|page| act(page)));
    }

    /// Draws now and whenever something else is to be seen on the axis, or the present moves.
    pub(crate) fn draw(self, mut draw: Draw) {
        Effect::new(move || {
            let now = self.now.get();
            self.sight.seen().with(|seen| {
                self.page.with(|page| {
                    draw(page, &Canvas { axis: &page.axis, length: seen.length, window: &seen.window, now });
                });
            });
        });
    }

    /// A text of the page.
    pub(crate) fn text(self, read: impl Fn(&Page) -> String + Send + Sync + 'static) -> Signal<String> {
        Signal::derive(move || self.page.with(|page| read(page)))
    }

    /// An attribute that is there or not.
    pub(crate) fn flag(self, read: impl Fn(&Page) -> bool + Send + Sync + 'static) -> Signal<Option<&'static str>> {
        self.word(move |page| read(page).then_some(""))
    }

    /// The value of an attribute, or no attribute.
    pub(crate) fn word(
        self,
        read: impl Fn(&Page) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Signal<Option<&'static str>> {
        Signal::derive(move || self.page.with(|page| read(page)))
    }
}

/// The store of this page.
pub(crate) fn store() -> Store {
    expect_context::<Store>()
}
