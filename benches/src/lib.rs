//! What is measured: the engine's decisions, each as one step that can be repeated for ever.
//!
//! The same steps are timed beside other libraries (`benches/`), counted in instructions (`src/bin/instructions.rs`) and
//! watched for allocations (`tests/allocations.rs`), so that all three speak of the same work.

mod breaker;
mod guarded;
mod simulated;

pub use breaker::{ClosedBreaker, OpenBreaker, open_for_an_hour};
pub use guarded::{GuardedCall, RejectedCall, RetriedCall, guard};
pub use simulated::{LongRun, simulated_run};
