//! The lanes of one run: bars, marks and dots of what is in sight, and the scale they stand on.

use super::item::{give_place, on_arrow, timeline_item};
use super::paint::Paint;
use crate::store::store;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::{Action, Lane, Page, Timeline};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Of one run on the axis of the page.
#[component]
pub(crate) fn Lanes(
    /// Which run.
    run: fn(&Page) -> &Timeline,
    /// Whether its faults can be painted.
    #[prop(optional)]
    is_painted: bool,
) -> impl IntoView {
    let store = store();
    let window = store.sight().window();
    let items = move || {
        let window = window.get();
        store.page().with(|page| {
            let items = run(page).items(page.position, &window);
            items.iter().map(|item| timeline_item(page, run(page), item)).collect::<Vec<_>>()
        })
    };
    let scale = move || {
        let window = window.get();
        store.page().with(|page| {
            let draw = |class, from, to, label| scale_mark(class, page.axis.at(from), page.axis.at(to), 0, label);
            let faults = run(page).faults().iter().map(|bar| {
                scale_mark("fault-bar", page.axis.at(bar.from), page.axis.at(bar.to), bar.row, bar.text.clone())
            });
            let ticks = page.axis.ticks(&window).map(|(at, label)| draw("tick", at, Instant::MAX, label));
            let folds = page.axis.folds(&window).map(|fold| draw("fold", fold.from, fold.to, fold.text));
            let bands = run(page).bands(page.position, &window);
            let bands = bands
                .map(|band| draw("band", band.from, band.to.unwrap_or(Instant::MAX), format!("Step {}", band.step)));
            let dots = run(page).dots(page.position, &window).map(|dot| {
                let class = if dot.is_success { "result-dot" } else { "result-dot bad" };
                draw(class, dot.at, dot.at, String::new())
            });
            folds.chain(ticks).chain(faults).chain(bands).chain(dots).collect::<Vec<_>>()
        })
    };
    let rows = move |lane: Lane| store.text(move |page| run(page).rows(lane).to_string());
    let before_breaker = store.text(move |page| row_of(run(page), Lane::Breaker, 0).to_string());
    let all_rows = store.text(move |page| row_of(run(page), Lane::Cost, 1).to_string());
    let lane = move |lane: Lane| {
        view! { <span class="lane" style=("--rows", rows(lane))><span>{lane.title()}</span></span> }
    };
    // A click anywhere on a bar: one listener for however many there are.
    let choose = move |event: MouseEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let item = element.and_then(|element| element.closest(".item").ok().flatten());
        if let Some(line) = item.and_then(|item| item.get_attribute("data-line")?.parse().ok()) {
            store.send(Action::Select(Some(line)));
        }
    };
    store.after_each_change(Box::new(move |_| {
        request_animation_frame(|| give_place(None));
    }));
    view! {
        <div class="lanes" aria-hidden="true">{Lane::ALL.into_iter().map(lane).collect_view()}</div>
        <div class="track" style=("--all-rows", all_rows) style=("--fault-rows", rows(Lane::Faults)) style=("--breaker-row", before_breaker)>
            <div class="scale" aria-hidden="true">{scale}</div>
            {is_painted.then(|| view! { <Paint/> })}
            <ul
                class="items"
                role="list"
                aria-labelledby="timeline-title"
                on:click=choose
                on:keydown=move |event| on_arrow(store, run, &event)
            >
                {items}
            </ul>
            <div class="playhead" aria-hidden="true"></div>
        </div>
    }
}

/// The row of a lane's row among those of all lanes.
pub(super) fn row_of(run: &Timeline, lane: Lane, row: usize) -> usize {
    let above = Lane::ALL.into_iter().take_while(|above| *above != lane);
    above.map(|above| run.rows(above)).sum::<usize>() + row
}

/// A tick of the axis, the stretch of one turn of the loop, a folded gap, or a dot of the breaker.
fn scale_mark(class: &'static str, from: String, to: String, row: usize, label: String) -> impl IntoView {
    view! {
        <span class=class style=("--from", from) style=("--to", to) style=("--row", row.to_string())><span>{label}</span></span>
    }
}
