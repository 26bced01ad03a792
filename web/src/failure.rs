//! When the page itself fails. A panic stops the module where it is, and `boot.js` says so where people see it; while the page is
//! being written, the console says more.

/// Logs panics, in a build for those who write the page.
pub(crate) fn tell_of_panics() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
}
