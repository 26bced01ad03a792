//! Agent runs as WebAssembly, for the TypeScript driver of the npm package.
//!
//! JavaScript drives, as it does [single calls](../steadfast_machines/index.html): it calls models and tools, keeps the time and asks
//! humans. A step of an agent costs a request over a network at least, so what crosses is made for reading: what happened comes in as
//! numbers and texts, what is to be done goes out as JSON. Settings come through the registers.
//!
//! A module of its own: who guards single calls does not load what only agents need.

mod agent;
mod hall;
mod reply;
mod running;
mod told;

pub use agent::{agent_close, agent_open, agent_tool};
pub use hall::machines;
pub use reply::{reply_call, reply_text, reply_usage};
pub use running::{
    run_claimed, run_close, run_failed, run_messages, run_narrow, run_offers_tools, run_open, run_pending,
    run_recording, run_restore, run_result, run_snapshot, run_spent, run_tell,
};
pub use steadfast_boundary::opening::complaint;
pub use steadfast_boundary::registers::registers;
