//! The page: its three columns, on a phone each under its tabs, the transport below them, and the question above everything.

use crate::components::{
    Approval, Differences, Events, FOUND, Faults, Findings, Fork, Incident, LeftOut, LoopStrip, Notice, Odds, Outcome,
    Policies, Presets, Proofs, RUN, SETTINGS, Seed, Timeline, Transport, intro, place_tabs, tell_panels,
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
    tell_panels();
    view! {
        <Notice/>
        <main>
            {later(Box::new(|| view! { <LeftOut/> }.into_any()))}
            {place_tabs()}
            <div class="columns">
                <div class="column settings" id=SETTINGS>
                    {later(Box::new(|| view! { <Incident/> }.into_any()))}
                    <Presets/>
                    <Faults/>
                    {later(Box::new(|| view! { <Policies/> }.into_any()))}
                    <Seed/>
                </div>
                <div class="column centre" id=RUN>
                    <LoopStrip/>
                    <Timeline/>
                    {later(Box::new(|| view! { <Differences/> }.into_any()))}
                    <Events/>
                </div>
                <div class="column findings" id=FOUND>
                    <Outcome/>
                    {later(Box::new(|| view! { <Proofs/> }.into_any()))}
                    <Findings/>
                </div>
                {later(Box::new(|| view! { <Odds/> }.into_any()))}
            </div>
        </main>
        <Transport/>
        {later(Box::new(|| view! { <Approval/> }.into_any()))}
        {later(Box::new(|| view! { <Fork/> }.into_any()))}
    }
}
