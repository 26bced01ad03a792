//! The figures: each with its interval, for one policy or two, and by how much these differ.

use leptos::prelude::*;
use steadfast_playground::odds::{Figure, Results, RowDrawn};

pub(super) fn table(results: &Results) -> impl IntoView + use<> {
    let is_compared = results.sides.len() > 1;
    let heads = results.sides.iter().map(|side| side.name.clone());
    let heads = heads.chain(is_compared.then(|| "Difference".to_owned())).map(head).collect_view();
    let rows = results.rows.iter().map(row).collect_view();
    view! {
        <table class="odds-table" class:compared=is_compared role="table">
            <caption class="unseen">"Odds, each figure with its 95 % interval"</caption>
            <thead role="rowgroup"><tr role="row"><td role="cell"></td>{heads}</tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

fn head(name: String) -> impl IntoView {
    view! { <th scope="col" role="columnheader">{name}</th> }
}

fn row(row: &RowDrawn) -> impl IntoView + use<> {
    let cells = row.figures.iter().map(|figure| cell(figure, "")).collect_view();
    let has_difference = row.difference.is_some() || row.figures.len() > 1;
    let difference = row.difference.clone().unwrap_or_default();
    let difference = has_difference.then(|| cell(&difference, row.verdict));
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                {row.title}
                <span class="quiet">{row.about}</span>
            </th>
            {cells}
            {difference}
        </tr>
    }
}

fn cell(figure: &Figure, verdict: &'static str) -> impl IntoView + use<> {
    view! {
        <td role="cell" data-verdict=verdict>
            <strong>{figure.value.clone()}</strong>
            <span class="quiet">{figure.interval.clone()}</span>
            <span class="odds-verdict">{verdict}</span>
        </td>
    }
}
