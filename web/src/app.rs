//! The page: its three columns, the transport below them, and the question above everything.

use crate::components::{
    Approval, Breaker, Events, Faults, Intro, LoopStrip, Notice, Outcome, Seed, Timeline, Transport, Why,
};
use crate::store::Store;
use crate::{address, time};
use leptos::prelude::*;

#[component]
pub(crate) fn App() -> impl IntoView {
    let store = Store::new(&address::hash());
    provide_context(store);
    address::keep_in_step(store);
    time::let_pass(store);
    view! {
        <Intro/>
        <Notice/>
        <main class="columns">
            <div class="column settings">
                <Faults/>
                <Seed/>
            </div>
            <div class="column centre">
                <LoopStrip/>
                <Timeline/>
                <Events/>
            </div>
            <div class="column findings">
                <Outcome/>
                <Why/>
                <Breaker/>
            </div>
        </main>
        <Transport/>
        <Approval/>
    }
}
