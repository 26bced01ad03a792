//! Components in a real browser, each alone: what it draws of the state, and what it sends.

use super::{Events, Faults, Findings, LoopStrip, Seed, Transport};
use crate::store::Store;
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use steadfast_playground::{Action, State};
use steadfast_sim::Fault;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent, KeyboardEventInit};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// One component on a page of its own, which goes with it.
struct Alone {
    element: HtmlElement,
    store: Store,
    _mounted: Box<dyn core::any::Any>,
}

/// Shows a component, with the state that a link describes.
async fn alone<V: IntoView + 'static>(link: &'static str, component: impl FnOnce() -> V + 'static) -> Alone {
    let element: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&element).unwrap();
    let kept = Rc::new(Cell::new(None));
    let keep = Rc::clone(&kept);
    let mounted = mount_to(element.clone(), move || {
        let store = Store::new(link);
        provide_context(store);
        keep.set(Some(store));
        component()
    });
    let alone = Alone { element, store: kept.get().unwrap(), _mounted: Box::new(mounted) };
    alone.settled().await;
    alone
}

impl Alone {
    /// Until what was sent is drawn: effects run in a task, and some of it waits for the next frame.
    async fn settled(&self) {
        leptos::task::tick().await;
        let frame = js_sys::Promise::new(&mut |done, _| {
            window().request_animation_frame(&done).unwrap();
        });
        JsFuture::from(frame).await.unwrap();
    }

    async fn send(&self, action: Action) {
        self.store.send(action);
        self.settled().await;
    }

    fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.element.query_selector_all(selector).unwrap();
        (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
    }

    fn one(&self, selector: &str) -> HtmlElement {
        let mut found = self.all(selector);
        assert_eq!(found.len(), 1, "{selector}");
        found.remove(0).unchecked_into()
    }

    fn text(&self) -> String {
        self.element.text_content().unwrap()
    }

    async fn press(&self, selector: &str) {
        self.one(selector).click();
        self.settled().await;
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.element.remove();
    }
}

#[wasm_bindgen_test]
async fn the_loop_lights_where_the_agent_is() {
    let strip = alone("v=1&scenario=flaky&at=0", || view! { <LoopStrip/> }).await;
    assert!(strip.text().contains("Not started"));
    assert!(strip.all("[aria-current]").is_empty());
    strip.send(Action::Seek(2)).await;
    assert!(strip.text().contains("Step 1 of at most 8"));
    assert!(strip.one("[aria-current=step]").text_content().unwrap().starts_with("Think"));
    strip.send(Action::Seek(99)).await;
    assert!(strip.text().contains("done"));
}

#[wasm_bindgen_test]
async fn a_switch_sends_its_fault_and_shows_what_can_be_said_of_it() {
    let faults = alone("v=2&faults=none&at=0", || view! { <Faults/> }).await;
    let has = || faults.store.peek(|state| state.settings().faults.has(Fault::Outage));
    assert!(!has());
    assert!(faults.all(".fault-when:not([hidden])").is_empty());
    faults.press("[aria-labelledby=switch-down]").await;
    assert!(has());
    assert_eq!(faults.one("[aria-labelledby=switch-down]").get_attribute("aria-checked").as_deref(), Some("true"));
    assert_eq!(faults.all(".fault-when:not([hidden]) input").len(), 2);
    faults.press("[aria-labelledby=switch-down]").await;
    assert!(!has());
}

#[wasm_bindgen_test]
async fn what_is_no_seed_is_said_beside_it_and_changes_nothing() {
    let luck = alone("v=1&seed=7", || view! { <Seed/> }).await;
    let input: HtmlInputElement = luck.one("input").unchecked_into();
    let seed = || luck.store.peek(|state| state.settings().seed);
    for (typed, expected, is_invalid) in [("seven", 7, Some("true")), ("12", 12, None)] {
        input.set_value(typed);
        input.dispatch_event(&Event::new("change").unwrap()).unwrap();
        luck.settled().await;
        assert_eq!(seed(), expected, "{typed}");
        assert_eq!(input.get_attribute("aria-invalid").as_deref(), is_invalid, "{typed}");
    }
}

#[wasm_bindgen_test]
async fn of_a_long_run_some_rows_are_there_and_say_which_they_are() {
    let events = alone("v=2&faults=looping&policy=ms60,proff&at=9999", || view! { <Events/> }).await;
    let all = events.store.peek(State::position);
    assert!(all > 400, "{all}");
    assert_eq!(events.one("table").get_attribute("aria-rowcount"), Some((all + 1).to_string()));
    let rows = events.all("tbody tr");
    assert!(rows.len() < 300, "{}", rows.len());
    let last = rows.last().unwrap();
    assert_eq!(last.get_attribute("aria-rowindex"), Some((all + 1).to_string()));
    assert!(last.text_content().unwrap().contains("The run ends"));
    events.send(Action::Seek(3)).await;
    assert_eq!(events.all("tbody tr").len(), 3);
}

#[wasm_bindgen_test]
async fn what_a_person_says_is_never_markup() {
    const HOSTILE: &str = "<img src=x onerror=alert(1)>";
    let events = alone("v=1&scenario=risky&at=17", || view! { <Events/> }).await;
    events.send(Action::Deny(HOSTILE.into())).await;
    events.send(Action::Seek(99)).await;
    assert!(events.text().contains(HOSTILE));
    assert!(events.all("img").is_empty());
}

#[wasm_bindgen_test]
async fn the_transport_steps_and_knows_the_ends() {
    let transport = alone("v=1&scenario=flaky&at=0", || view! { <Transport/> }).await;
    let position = || transport.store.peek(State::position);
    let step = "button[data-icon=step]";
    let is_off = |selector: &str| transport.one(selector).get_attribute("aria-disabled").is_some();
    assert!(!is_off(step) && is_off("button[data-icon=back]"));
    transport.press(step).await;
    assert_eq!(position(), 1);
    transport.send(Action::Seek(99)).await;
    assert!(is_off(step) && !is_off("button[data-icon=back]"));
    let end = position();
    transport.press(step).await;
    assert_eq!(position(), end);
}

#[wasm_bindgen_test]
async fn tabs_are_walked_by_arrows_and_one_panel_is_shown() {
    let findings = alone("v=1&scenario=flaky&at=9", || view! { <Findings/> }).await;
    for (key, expected) in [("ArrowRight", "State"), ("End", "Code"), ("ArrowRight", "Why"), ("ArrowLeft", "Code")] {
        let said = KeyboardEventInit::new();
        said.set_key(key);
        said.set_bubbles(true);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &said).unwrap();
        findings.one("[role=tab][aria-selected=true]").dispatch_event(&event).unwrap();
        findings.settled().await;
        assert_eq!(findings.one("[role=tab][aria-selected=true]").text_content().as_deref(), Some(expected), "{key}");
        assert_eq!(findings.one("[role=tabpanel]:not([hidden])").id(), format!("panel-{expected}"));
    }
}
