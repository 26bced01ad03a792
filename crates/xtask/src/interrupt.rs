//! Ctrl-C, and the system's polite requests to end.
//!
//! On a terminal Ctrl-C reaches every program of the group by itself. But `kill`, a closing terminal and a CI runner
//! reach only us, and a server that we started must not outlive us: so the signals set a flag, and whoever waits for
//! a child looks at it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::stop::Stop;

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on a signal sets the flag rather than ending the process.
pub(crate) fn listen() -> Result<(), Stop> {
    #[cfg(unix)]
    let signals = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
    #[cfg(not(unix))]
    let signals = [SIGINT, SIGTERM];
    for signal in signals {
        signal_hook::flag::register(signal, Arc::clone(flag()))
            .map_err(|error| Stop::Failed(format!("Cannot listen for Ctrl-C: {error}.")))?;
    }
    Ok(())
}

/// Somebody wants us to end.
pub(crate) fn is_requested() -> bool {
    flag().load(Ordering::Relaxed)
}

fn flag() -> &'static Arc<AtomicBool> {
    REQUESTED.get_or_init(|| Arc::new(AtomicBool::new(false)))
}
