//! When the page itself fails: what `boot.js` shows then is shown for a panic too.

use leptos::prelude::document;
use std::panic;

/// Shows the message for a page that failed, and logs the panic for whoever reports it.
pub(crate) fn tell_of_panics() {
    panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        if let Some(message) = document().get_element_by_id("failed") {
            let _ = message.remove_attribute("hidden");
        }
    }));
}
