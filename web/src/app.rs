//! The page: its three columns, the transport below them, and the question above everything.

use crate::components::{
    Approval, Differences, Events, Faults, Findings, Fork, Incident, Intro, LoopStrip, Notice, Odds, Outcome, Policies,
    Presets, Proofs, Seed, Timeline, Transport,
};
use crate::store::Store;
use crate::{address, odds, time};
use leptos::prelude::*;

#[component]
pub(crate) fn App() -> impl IntoView {
    let store = Store::new(&address::hash());
    provide_context(store);
    address::keep_in_step(store);
    time::let_pass(store);
    odds::keep_in_step(store);
    view! {
        <Intro/>
        <Notice/>
        <main class="columns">
            <div class="column settings">
                <Incident/>
                <Presets/>
                <Faults/>
                <Policies/>
                <Seed/>
            </div>
            <div class="column centre">
                <LoopStrip/>
                <Timeline/>
                <Differences/>
                <Events/>
            </div>
            <div class="column findings">
                <Outcome/>
                <Proofs/>
                <Findings/>
            </div>
            <Odds/>
        </main>
        <Transport/>
        <Approval/>
        <Fork/>
    }
}
