//! Elements that show drawings, and are used again for others as a run moves on: a browser is slow to make elements and to throw
//! them away, and quick to change a text, or a number in their style.

use leptos::ev::PointerEvent;
use leptos::prelude::*;
use steadfast_playground::Drawing;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

/// How a drawing is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    /// A button in a list, which says its name.
    Button,
    /// Something in a list that is only looked at; its name is heard.
    Picture,
    /// A part of the scale.
    Mark,
}

/// So many elements at most go to the end.
const ROUND: usize = 6;

/// The elements of one parent.
pub(super) struct Pool {
    parent: Element,
    shown: As,
    places: Vec<Place>,
}

/// An element, and what it shows.
struct Place {
    drawing: Drawing,
    element: HtmlElement,
    named: Element,
    text: Node,
    spoken: Option<Node>,
}

impl Pool {
    /// Elements in that parent, which has no others.
    pub(super) fn new(parent: Element, shown: As) -> Self {
        Self { parent, shown, places: Vec::new() }
    }

    /// Shows these, in this order.
    pub(super) fn draw(&mut self, drawings: Vec<Drawing>) {
        self.turn(&drawings);
        for place in self.places.drain(drawings.len().min(self.places.len())..) {
            place.element.remove();
        }
        for (index, drawing) in drawings.into_iter().enumerate() {
            if index == self.places.len() {
                let Some(place) = Place::new(self.shown) else { return };
                let _ = self.parent.append_child(&place.element);
                self.places.push(place);
            }
            if let Some(place) = self.places.get_mut(index).filter(|place| place.drawing != drawing) {
                place.show(drawing, self.shown);
            }
        }
    }
}

/// Gives what the pointer is over its name to be seen. Not before: each title that changes has the browser work out styles anew.
pub(super) fn entitle(event: &PointerEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(item) = target.and_then(|target| target.closest(".item").ok().flatten()) else { return };
    let heard = || item.parent_element()?.query_selector(".unseen").ok()??.text_content();
    if let Some(name) = item.get_attribute("aria-label").or_else(heard) {
        let _ = item.set_attribute("title", &name);
    }
}

impl Pool {
    /// Most runs go round: where the first few elements go to the end instead, the others may be already what they are
    /// to be, or have its shape, and an element that only moves is cheap. Not while one of them has the focus, which moving it would end.
    fn turn(&mut self, drawings: &[Drawing]) {
        let fitting = |from: usize| {
            let places = self.places.iter().skip(from).zip(drawings);
            let fits = |(place, drawing): (&Place, &Drawing)| {
                usize::from(place.drawing == *drawing) + usize::from(place.drawing.shape == drawing.shape)
            };
            places.map(fits).sum::<usize>()
        };
        let best = (0..=ROUND).rev().max_by_key(|from| fitting(*from)).unwrap_or_default();
        let has_focus = document().active_element().is_some_and(|active| self.parent.contains(Some(&active)));
        if best == 0 || best >= self.places.len() || has_focus {
            return;
        }
        for place in &self.places[..best] {
            let _ = self.parent.append_child(&place.element);
        }
        self.places.rotate_left(best);
    }
}

impl Place {
    fn new(shown: As) -> Option<Self> {
        let make = |name: &str, class: &str| {
            let element = document().create_element(name).ok()?;
            element.set_class_name(class);
            Some(element)
        };
        let text = |parent: &Element| parent.append_child(&document().create_text_node("")).ok();
        let element = make(if shown == As::Mark { "span" } else { "li" }, "")?;
        let (named, spoken) = match shown {
            As::Mark => (element.clone(), None),
            As::Button => {
                let button = make("button", "item")?;
                button.set_attribute("tabindex", "-1").ok()?;
                element.append_child(&button).ok()?;
                (button, None)
            }
            As::Picture => {
                let picture = make("span", "item")?;
                element.append_child(&picture).ok()?;
                let name = make("span", "unseen")?;
                let spoken = text(&name)?;
                element.append_child(&name).ok()?;
                (picture, Some(spoken))
            }
        };
        let written = make("span", if shown == As::Mark { "" } else { "item-text" })?;
        if shown == As::Picture {
            written.set_attribute("aria-hidden", "true").ok()?;
        }
        let text = text(&written)?;
        named.append_child(&written).ok()?;
        Some(Self { drawing: Drawing::default(), element: element.dyn_into().ok()?, named, text, spoken })
    }

    /// Only what is otherwise than before is touched.
    fn show(&mut self, drawing: Drawing, shown: As) {
        let before = core::mem::replace(&mut self.drawing, drawing);
        let now = &self.drawing;
        if now.class != before.class {
            self.element.set_class_name(now.class);
        }
        let attribute = |element: &Element, name: &str, before: &str, now: &str| {
            if before != now {
                let _ = element.set_attribute(name, now);
            }
        };
        attribute(&self.element, "data-shape", before.shape, now.shape);
        attribute(&self.element, "data-room", before.room, now.room);
        if now.style != before.style {
            // Not as an attribute, which the page's policy forbids.
            self.element.style().set_css_text(&now.style);
        }
        if now.text != before.text {
            self.text.set_node_value(Some(&now.text));
        }
        if now.name != before.name {
            // It comes again with the pointer.
            let _ = self.named.remove_attribute("title");
            if let Some(spoken) = &self.spoken {
                spoken.set_node_value(Some(&now.name));
            }
        }
        if shown == As::Button {
            attribute(&self.named, "aria-label", &before.name, &now.name);
            // The first of all has no other number than none at all.
            if now.index != before.index || before.name.is_empty() {
                self.named.set_id(&format!("item-{}", now.index));
            }
            if now.line != before.line || before.name.is_empty() {
                let _ = self.named.set_attribute("data-line", &now.line.to_string());
            }
        }
    }
}
