//! Texts that change: a paragraph, and a list of facts.
//!
//! They are functions of one shape each, so that the page carries their machinery once.

use leptos::prelude::*;

/// A paragraph; it is not there while there is nothing to say.
pub(crate) fn line(class: &'static str, text: Signal<String>) -> impl IntoView {
    let is_empty = Signal::derive(move || text.with(String::is_empty).then_some(""));
    view! { <p class=class hidden=is_empty>{text}</p> }
}

/// What a fact is called, how it looks, and what it is.
pub(crate) type Fact = (&'static str, &'static str, Signal<String>);

/// A list of facts.
pub(crate) fn facts(facts: Vec<Fact>) -> impl IntoView {
    let fact = |(name, class, text): Fact| {
        view! { <div class=class><dt>{name}</dt><dd>{text}</dd></div> }
    };
    view! { <dl class="facts">{facts.into_iter().map(fact).collect_view()}</dl> }
}
