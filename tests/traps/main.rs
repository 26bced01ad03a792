//! The traps that other libraries fell into, each as a timeline of the engine: one line an instant, those at which
//! nothing may happen included, and both sides of each promise: not before, exactly at.
//!
//! | trap | tests `trap_NN_...` | here |
//! |---|---|---|
//! | 1 abort 50 ms into a 600 ms backoff | `waiting` | a call and a run are told `Cancel`; a driven retry is dropped, on virtual time and on tokio |
//! | 2 4 failures, an idle hour, 1 failure, a 5 s window | `breaking` | the rule of a share in a window; failures in a row have no window, as in Envoy |
//! | 3 a call from before the outage fails while the probe runs | `breaking` | |
//! | 4 a call from before the outage succeeds in half-open | `breaking` | |
//! | 5 a probe that never returns | `breaking` | a call whose host never comes back: the lease, the timeout or the open time ends it |
//! | 6 closing after the probe | `breaking` | nobody can be parked: who is refused is told so at once |
//! | 7 snapshot, restore a minute later | `lasting` | |
//! | 8 one call times out | `timing` | there is no shared controller: two calls under one deadline, two tools of one step |
//! | 9 jitter at the cap | `waiting` | |
//! | 10 delay <= cap | `waiting` | |
//! | 11 two callers jitter alike | `waiting` | |
//! | 12 the count window slides | `breaking` | |
//! | 13 the exponent option does something | `waiting` | |
//! | 14 a function that ignores its signal | `timing` | there is no signal: `drive` drops the future; a machine takes what comes late for late |
//! | 15 host timers fire early | `timing` | every kind of wait told the time 0.83 ms and a microsecond too early |
//! | 16 the clock goes back, leaps, sleeps, a hidden tab | `timing` | time is an argument |
//! | 17 what the host hands in throws, or re-enters the guard | `breaking` | there are no listeners; an operation panics as a probe, or calls through its own breaker |
//! | 18 the probe is cancelled | `breaking` | told `Cancel`, and its future dropped |
//! | 19 listeners and timers after 10^6 calls | `lasting` | all that calls share, written out, after a thousand and a million of them; timers held by `drive` |
//! | 20 options of 0, NaN, Infinity, negative, 2^53 | `limits` | the types leave 0, less than a microsecond, and too much; the rest is the JavaScript boundary's |
//! | 21 counters at their integer limit | `limits` | and snapshots forged to be there |
//! | 22 the process can exit while only idle breakers exist | `lasting` | idle machines wait for nothing, `drive` arms no timer for them, and a pending retry says its instant |
//! | 23 an approval answered twice, expired, or for other arguments | `approving` | |
//! | 24 retries at two layers multiply | `waiting` | layers that share a retry budget; the amplification of a run |
//! | 25 a retry after output was already shown | `waiting` | |
//!
//! What goes wrong in agents, beside approvals in `approving` and the rest in `agents`, is in tests `agents_...`.

mod agents;
mod approving;
mod breaking;
mod lasting;
mod limits;
mod timeline;
mod timers;
mod timing;
mod waiting;
