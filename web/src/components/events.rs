//! The table "Events": every decision with its reason, and what the world did. The timeline's twin in words.
//!
//! Of a long run only some rows are there at a time. They say which of how many they are, scrolling brings others, and so do two
//! buttons before and after them, so that the table alone tells the whole story to whoever does not scroll. While the run moves on
//! there are no more than can be seen: the others come once it rests.

use core::ops::Range;
use core::time::Duration;

use super::text::line;
use crate::store::{Store, store};
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use steadfast_playground::{Action, Page, Row, State, row, rows};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// How high a row is about, in pixels: what is not there takes so much room.
const ROW_PX: usize = 36;
/// How low the lowest row is, in pixels: a line of text, its margins and a border.
const LEAST_PX: usize = 33;
/// So many are seen as long as nobody has looked.
const FEW: usize = 12;
/// How far a press of a button goes.
const PAGE: usize = 60;
/// So long after its last change a run rests.
const REST: Duration = Duration::from_millis(150);

/// Which run is shown, and how much of it.
type Moment = (u64, usize);

/// Where the table is scrolled to.
#[derive(Clone, Copy)]
struct View {
    scroller: NodeRef<Div>,
    /// How many rows can be seen at most.
    rows: StoredValue<usize>,
    /// Whether the next that is heard of scrolling is what was done here.
    is_put: StoredValue<bool>,
}

#[component]
pub(crate) fn Events() -> impl IntoView {
    let store = store();
    let scroller = NodeRef::<Div>::new();
    let view = View { scroller, rows: StoredValue::new(FEW), is_put: StoredValue::new(false) };
    // Where somebody scrolled to, until the run moves on.
    let elsewhere = RwSignal::new(None::<(Moment, usize)>);
    let rested = RwSignal::new(None::<Moment>);
    let there = rows_there(store, view, elsewhere, rested);
    // All rows that are there are told again with each change; Leptos touches only those that differ.
    let drawn = move || {
        let there = there.get();
        let looked_at = store.page().with(|page| page.looked_at);
        store.peek(|state| told(state, there, looked_at))
    };
    let go = move |line: usize| {
        let when = store.page().with_untracked(moment);
        elsewhere.set(Some((when, line)));
    };
    // Brings other rows, and scrolls to where they stand.
    let turn = move |line: usize| {
        go(line);
        request_animation_frame(move || {
            let top = i32::try_from(line * ROW_PX).unwrap_or(i32::MAX);
            scroller.get_untracked().inspect(|scroller| scroller.set_scroll_top(top));
        });
    };
    follow(store, view, rested);
    let on_scroll = move |_| {
        if view.is_put.try_update_value(core::mem::take).unwrap_or_default() {
            return;
        }
        let Some(scroller) = scroller.get_untracked() else { return };
        let there = there.get_untracked();
        let top = usize::try_from(scroller.scroll_top()).unwrap_or_default();
        let bottom = top + usize::try_from(scroller.client_height()).unwrap_or_default();
        let height = usize::try_from(scroller.scroll_height()).unwrap_or_default();
        let shown = store.page().with_untracked(|page| page.position);
        if top < there.start * ROW_PX {
            go(top / ROW_PX);
        } else if bottom + (shown - there.end) * ROW_PX > height && there.end < shown {
            go(shown.saturating_sub((height - bottom) / ROW_PX + 1));
        }
    };
    // A click is a shortcut for those who point; Step and the timeline lead everybody to the same explanation.
    let choose = move |event: MouseEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let row = element.and_then(|element| element.closest("tr[id]").ok().flatten());
        let line = row.and_then(|row| row.id().strip_prefix("event-")?.parse().ok());
        if line.is_some() {
            store.send(Action::Select(line));
        }
    };
    let empty = store.text(|page| match page.position {
        0 => "Nothing has happened yet. Press Step.".into(),
        _ => String::new(),
    });
    let all = store.text(|page| (page.position + 1).to_string());
    let room = move |rows: fn(&Range<usize>, usize) -> usize| {
        Signal::derive(move || {
            let shown = store.page().with(|page| page.position);
            format!("{}px", there.with(|there| rows(there, shown)) * ROW_PX)
        })
    };
    view! {
        <section class="card events" aria-labelledby="events-title">
            <h2 id="events-title">"Events"</h2>
            // Outside of what scrolls: whoever goes to them scrolls nothing.
            {more(store, there, "Earlier events", Box::new(move || turn(there.get_untracked().start.saturating_sub(PAGE / 2))))}
            <div
                class="events-scroll"
                node_ref=scroller
                tabindex="0"
                role="region"
                aria-label="Events, scrollable"
                on:scroll=on_scroll
            >
                <div class="events-room" style=("height", room(|there, _| there.start))></div>
                <table role="table" aria-rowcount=all on:click=choose>
                    <caption class="unseen">"Events"</caption>
                    <thead role="rowgroup">
                        <tr role="row" aria-rowindex="1">
                            <th scope="col" role="columnheader">"Time"</th>
                            <th scope="col" role="columnheader">"Where"</th>
                            <th scope="col" role="columnheader">"Decision and reason"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{drawn}</tbody>
                </table>
                <div class="events-room" style=("height", room(|there, shown| shown - there.end.min(shown)))></div>
                {line("empty", empty)}
            </div>
            {more(store, there, "Later events", Box::new(move || turn(there.get_untracked().end + PAGE / 2)))}
        </section>
    }
}

/// Which rows are there: those around where one looks, and while a long run moves on those that can be seen.
fn rows_there(
    store: Store,
    view: View,
    elsewhere: RwSignal<Option<(Moment, usize)>>,
    rested: RwSignal<Option<Moment>>,
) -> Memo<Range<usize>> {
    let before = StoredValue::new(0..0);
    Memo::new(move |_| {
        let (elsewhere, rested) = (elsewhere.get(), rested.get());
        store.page().with(|page| {
            let elsewhere = elsewhere.filter(|(when, _)| *when == moment(page));
            let line = elsewhere.map(|(_, line)| line).or(page.looked_at);
            let there = rows(page.position, line.unwrap_or_default(), before.get_value());
            // Who chose one looks elsewhere too.
            let moves = elsewhere.is_none() && !page.is_chosen && rested != Some(moment(page));
            let in_sight = page.position.saturating_sub(view.rows.get_value())..page.position;
            if moves && there.start > 0 && in_sight.len() < there.len() {
                return in_sight;
            }
            before.set_value(there.clone());
            there
        })
    })
}

/// Keeps what is looked at in view, and notes when the run rests.
fn follow(store: Store, view: View, rested: RwSignal<Option<Moment>>) {
    let resting = StoredValue::new(None::<TimeoutHandle>);
    let rest = move || {
        let is_at_end = view.is_at_end();
        let (now, line, is_chosen) = store.page().with_untracked(|page| (moment(page), page.looked_at, page.is_chosen));
        rested.set(Some(now));
        if is_at_end || is_chosen {
            request_animation_frame(move || view.show(line, !is_chosen));
        }
    };
    store.after_each_change(Box::new(move |page| {
        let (line, is_latest) = (page.looked_at, !page.is_chosen);
        // The table has its new row only after this turn.
        request_animation_frame(move || view.show(line, is_latest));
        if rested.get_untracked() != Some(moment(page)) {
            let next = set_timeout_with_handle(rest, REST).ok();
            let last = resting.try_update_value(|resting| core::mem::replace(resting, next));
            if let Some(last) = last.flatten() {
                last.clear();
            }
        }
    }));
}

fn moment(page: &Page) -> Moment {
    (page.version, page.position)
}

/// Brings other rows; it is only there where some are not.
fn more(store: Store, there: Memo<Range<usize>>, label: &'static str, act: Box<dyn Fn() + Send>) -> impl IntoView {
    let is_whole = store.flag(move |page| there.with(Range::len) >= page.position);
    view! { <button class="button plain small events-more" hidden=is_whole on:click=move |_| act()>{label}</button> }
}

fn told(state: &State, there: Range<usize>, looked_at: Option<usize>) -> Vec<impl IntoView + use<>> {
    let shown = state.shown();
    let rows = there.filter_map(|line| Some((line, row(shown.get(line)?))));
    rows.map(|(line, row)| event_row(line, row, looked_at == Some(line))).collect()
}

fn event_row(line: usize, row: Row, is_looked_at: bool) -> impl IntoView + use<> {
    let Row { at, place, sentence, kind, is_world } = row;
    let class = match (is_world, is_looked_at) {
        (false, false) => "",
        (false, true) => "looked-at",
        (true, false) => "world",
        (true, true) => "world looked-at",
    };
    let tag = if is_world { "World" } else { "" };
    view! {
        <tr role="row" id=format!("event-{line}") class=class data-kind=kind.as_str() aria-rowindex=(line + 2).to_string()>
            <td role="cell" class="event-time">{at}</td>
            <td role="cell" class="event-place"><span class="tag">{tag}</span>" "{place}</td>
            <td role="cell" class="event-what"><span>{sentence}</span></td>
        </tr>
    }
}

impl View {
    /// The newest row is in view; of another that somebody chose, as much as it takes.
    fn show(self, line: Option<usize>, is_latest: bool) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let (before, height) = (scroller.scroll_top(), scroller.client_height());
        self.rows.set_value(usize::try_from(height).unwrap_or_default() / LEAST_PX + 2);
        let Some(to) = (if is_latest { Some(scroller.scroll_height() - height) } else { place(&scroller, line) })
        else {
            return;
        };
        scroller.set_scroll_top(to);
        // Only what has moved is heard of.
        let has_moved = scroller.scroll_top() != before;
        self.is_put.update_value(|is_put| *is_put |= has_moved);
    }

    /// Whether the last row is in view.
    fn is_at_end(self) -> bool {
        let near =
            |scroller: &HtmlElement| scroller.scroll_top() + scroller.client_height() + 4 >= scroller.scroll_height();
        self.scroller.get_untracked().is_some_and(|scroller| near(&scroller))
    }
}

/// How far to scroll for a row that is not in view.
fn place(scroller: &HtmlElement, line: Option<usize>) -> Option<i32> {
    let row = document().get_element_by_id(&format!("event-{}", line?))?.dyn_into::<HtmlElement>().ok()?;
    // A row says where it is in its table, whatever stands above that.
    let table = row.offset_parent().and_then(|table| table.dyn_into::<HtmlElement>().ok());
    let top = row.offset_top() + table.map_or(0, |table| table.offset_top());
    let (seen, height) = (scroller.scroll_top(), scroller.client_height());
    let is_in_view = top >= seen + row.offset_height() && top + row.offset_height() <= seen + height;
    (!is_in_view).then_some(top - height / 2)
}
