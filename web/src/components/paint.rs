//! The fault lane as something to paint on: a stroke is a window in which the fault of that row meddles, a click takes one away. What is
//! painted can be typed as well, beside each fault's switch.

use crate::store::{Store, store};
use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::{Action, Lane, painted};
use steadfast_sim::Fault;

/// So near to the end of the axis a stroke means: to the end, in thousandths of it.
const TO_THE_END: f64 = 0.99;

/// A stroke under way: the fault, where it began, and where it is.
type Stroke = Option<(Fault, Instant, Instant)>;

#[component]
pub(crate) fn Paint() -> impl IntoView {
    let store = store();
    let layer = NodeRef::<Div>::new();
    let stroke = RwSignal::new(Stroke::None);
    let at = move |event: &PointerEvent| {
        let width = f64::from(layer.get_untracked().map_or(1, |layer| layer.client_width().max(1)));
        let share = f64::from(event.offset_x()) / width;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
        let millionths = (share.clamp(0.0, 1.0) * 1e6) as u64;
        if share >= TO_THE_END {
            Instant::MAX
        } else {
            store.page().with_untracked(|page| page.axis.instant(millionths))
        }
    };
    let begin = move |event: PointerEvent| {
        let Some(layer) = layer.get_untracked().filter(|_| event.button() == 0) else { return };
        let Some(fault) = fault_at(store, event.offset_y(), layer.client_height()) else { return };
        let _ = layer.set_pointer_capture(event.pointer_id());
        let from = at(&event);
        stroke.set(Some((fault, from, from)));
    };
    let go_on = move |event: PointerEvent| {
        if stroke.with_untracked(Option::is_some) {
            let to = at(&event);
            stroke.update(|stroke| {
                if let Some((.., until)) = stroke {
                    *until = to;
                }
            });
        }
    };
    let end = move |_| {
        let Some((fault, from, to)) = stroke.get_untracked() else { return };
        stroke.set(None);
        if let Some(windows) = store.peek(|state| painted(&state.settings().faults, fault, from, to)) {
            store.send(Action::SetFaultWindows(fault, windows));
        }
    };
    let place = move |of: fn((Instant, Instant)) -> Instant| {
        Signal::derive(move || {
            let (from, to) = stroke.get().map_or((Instant::ORIGIN, Instant::ORIGIN), |(_, from, to)| (from, to));
            store.page().with(|page| page.axis.at(of((from.min(to), from.max(to)))))
        })
    };
    view! {
        <div
            class="paint"
            aria-hidden="true"
            node_ref=layer
            on:pointerdown=begin
            on:pointermove=go_on
            on:pointerup=end
            on:pointercancel=move |_| stroke.set(None)
        >
            <span class="stroke" hidden=move || stroke.get().is_none_or(|(_, from, to)| from == to) style=("--from", place(|(from, _)| from)) style=("--to", place(|(_, to)| to))></span>
        </div>
    }
}

/// The fault whose row is at that height.
fn fault_at(store: Store, y: i32, height: i32) -> Option<Fault> {
    store.page().with_untracked(|page| {
        let run = page.recording.timeline();
        let rows = i32::try_from(run.rows(Lane::Faults)).ok()?;
        let row = usize::try_from(y * rows / height.max(1)).ok()?;
        run.faults().iter().find(|bar| bar.row == row).map(|bar| bar.fault)
    })
}
