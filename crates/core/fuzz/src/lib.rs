//! The engine under bytes that nobody would write by hand.
//!
//! Each target reads its bytes as a schedule: settings first, then what happens and when. Whatever they are, nothing
//! panics, and what the engine promises holds after every input. A panic, also one of an assertion here, is a finding.

pub mod breaker;
pub mod bytes;
pub mod call;
pub mod decode;
pub mod providers;
pub mod run;
pub mod seal;
pub mod settings;
pub mod valid;
