//! The histogram of one policy: when its runs ended. Every bar opens its worst run; a table tells the same in numbers.

use crate::components::focus::focus;
use crate::places::TIMELINE;
use crate::store::Store;
use leptos::either::Either;
use leptos::prelude::*;
use steadfast_playground::Action;
use steadfast_playground::odds::{BarDrawn, OddsAction, SideDrawn};

pub(super) fn side(store: Store, side: usize, drawn: &SideDrawn) -> impl IntoView + use<> {
    let title = format!("odds-side-{side}");
    let named_by = title.clone();
    let worst = drawn.worst.clone().map(|(seed, why)| {
        view! {
            <p class="odds-worst">
                <button class="button" on:click=move |_| open(store, side, seed)>{format!("Open the worst run, seed {seed}")}</button>
                <span class="quiet">{format!("It {why}.")}</span>
            </p>
        }
    });
    view! {
        <div class="odds-side">
            <h3 id=title>{drawn.name.clone()}": when runs end"</h3>
            {worst}
            <ol class="odds-bars" role="list" aria-labelledby=named_by>
                {drawn.bars.iter().map(|drawn| bar(store, side, drawn)).collect_view()}
            </ol>
            <details class="odds-twin">
                <summary>"The same as a table"</summary>
                <table role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">"Ended after"</th>
                            <th scope="col" role="columnheader">"Runs"</th>
                            <th scope="col" role="columnheader">"Successes"</th>
                            <th scope="col" role="columnheader">"Worst seed"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{drawn.bars.iter().map(row).collect_view()}</tbody>
                </table>
            </details>
        </div>
    }
}

fn bar(store: Store, side: usize, bar: &BarDrawn) -> impl IntoView + use<> {
    let (from, label, runs) = (bar.from.clone(), bar.label.clone(), bar.runs.clone());
    let inside = view! {
        <span class="odds-bar-runs">{runs}</span>
        <span class="odds-bar-fill"><span></span></span>
        <span class="odds-bar-from" aria-hidden="true">{from}</span>
        <span class="odds-bar-label">{label}</span>
    };
    let (height, good) = (thousandths(bar.height), thousandths(bar.good));
    let inside = match bar.seed {
        Some(seed) => Either::Left(view! {
            <button
                class="odds-bar"
                aria-label=bar.name.clone()
                title=bar.name.clone()
                on:click=move |_| open(store, side, seed)
            >
                {inside}
            </button>
        }),
        None => Either::Right(view! { <div class="odds-bar">{inside}</div> }),
    };
    view! { <li style=("--height", height) style=("--good", good)>{inside}</li> }
}

fn row(bar: &BarDrawn) -> impl IntoView + use<> {
    let seed = bar.seed.map_or_else(|| "none".into(), |seed| seed.to_string());
    let cells = [bar.runs.clone(), bar.successes.clone(), seed];
    let cell = |text: String| view! { <td role="cell">{text}</td> };
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">{bar.label.clone()}</th>
            {cells.into_iter().map(cell).collect_view()}
        </tr>
    }
}

/// Shows the run, and leads whoever pressed the bar to where it is.
fn open(store: Store, side: usize, seed: u64) {
    store.send(Action::Odds(OddsAction::OpenSeed(side, seed)));
    store.show(TIMELINE);
    if let Ok(Some(run)) = document().query_selector(".centre") {
        run.scroll_into_view();
    }
    focus(&["[data-icon=back]"]);
}

fn thousandths(share: u64) -> String {
    format!("{}.{:03}", share / 1_000, share % 1_000)
}
