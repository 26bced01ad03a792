//! The full names of items: what a person who cannot see the drawing hears.

use super::{Item, Shape, seconds};
use steadfast::time::Instant;

/// What an item is called before its times: `Attempt 2, failed rate_limited`.
pub(super) fn complete(item: &mut Item, subject: &str, call: Option<u64>) {
    let from = seconds(item.from);
    let when = match (item.shape, item.to) {
        (shape, _) if shape.is_instant() => format!("at {from}"),
        (Shape::Hung, _) => format!("from {from} on"),
        (_, Some(to)) if to < Instant::MAX => format!("{from} to {}", seconds(to)),
        (_, _) => format!("since {from}"),
    };
    item.name = match call {
        Some(call) => format!("{subject}, {when}, call {call}"),
        None => format!("{subject}, {when}"),
    };
}
