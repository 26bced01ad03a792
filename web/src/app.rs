//! The page: its three columns, the transport below them, and the question above everything.

use crate::components::{
    Approval, Differences, Events, Faults, Findings, Fork, Incident, LeftOut, LoopStrip, Notice, Odds, Outcome,
    Policies, Presets, Proofs, Seed, Timeline, Transport, intro,
};
use crate::store::Store;
use crate::whole::{self, later};
use crate::{address, odds, time};
use leptos::prelude::*;

#[component]
pub(crate) fn App() -> impl IntoView {
    let store = Store::new(&address::hash());
    provide_context(store);
    whole::look_out();
    whole::then(Box::new(move || {
        address::keep_in_step(store);
        time::let_pass(store);
        odds::keep_in_step(store);
    }));
    intro(store);
    view! {
        {later(Box::new(|| view! { <LeftOut/> }.into_any()))}
        <Notice/>
        <main class="columns">
            <div class="column settings">
                {later(Box::new(|| view! { <Incident/> }.into_any()))}
                <Presets/>
                <Faults/>
                {later(Box::new(|| view! { <Policies/> }.into_any()))}
                <Seed/>
            </div>
            <div class="column centre">
                <LoopStrip/>
                <Timeline/>
                {later(Box::new(|| view! { <Differences/> }.into_any()))}
                <Events/>
            </div>
            <div class="column findings">
                <Outcome/>
                {later(Box::new(|| view! { <Proofs/> }.into_any()))}
                <Findings/>
            </div>
            {later(Box::new(|| view! { <Odds/> }.into_any()))}
        </main>
        <Transport/>
        {later(Box::new(|| view! { <Approval/> }.into_any()))}
        {later(Box::new(|| view! { <Fork/> }.into_any()))}
    }
}
