//! The engine's machines as WebAssembly, for the TypeScript driver of the npm package.
//!
//! JavaScript drives: it owns promises, timers, clocks and chance. Here decisions are taken. What crosses between the two
//! are numbers: machines are named by small numbers (a [`slab`](steadfast_boundary::slab)), instants are microseconds as floats, and what does not fit
//! into one number goes through a few registers in memory that both sides see (see [`registers`](steadfast_boundary::registers)). Text crosses where it is
//! rare: opening something with a sentence of why not, messages of failures, decisions for whoever listens.
//!
//! Nothing here checks what the driver has checked: an unknown number changes nothing.

mod approval;
mod breaker;
mod budget;
mod classify;
mod guard;
mod hall;
mod trace;

pub use approval::{approval_ask, approval_close, approval_decide, approval_digest, approval_expire, approval_why};
pub use breaker::{
    breaker_change, breaker_close, breaker_enter, breaker_enter_closed, breaker_forced_reason, breaker_listen,
    breaker_open, breaker_restore, breaker_set, breaker_settle, breaker_snapshot, breaker_state, breaker_stats,
    rejection_text,
};
pub use budget::{
    budget_child, budget_close, budget_left, budget_open, budget_refusal, budget_reserve, budget_settle, budget_spend,
};
pub use classify::{classify, classify_headers, failure_classes, status_fails, stream_is_complete};
pub use guard::{
    call_error, call_failed, call_spent, call_start, call_succeeded, call_told, guard_close, guard_listen, guard_open,
    guard_open_until,
};
pub use hall::machines;
pub use steadfast_boundary::opening::complaint;
pub use steadfast_boundary::registers::registers;
pub use trace::{event_json, event_next, event_words};
