//! The machines as ordinary asynchronous functions over a [`Timer`].
//!
//! Nothing here decides: each function tells its machine what happened and does what the machine says. Dropping a
//! function's future cancels it: the operation under way is dropped with it, no other attempt follows, the trace says that it was
//! cancelled, and what it held of breakers and budgets goes back.

mod activity;
mod single;
mod whole;

pub use activity::Activity;
pub use single::{Operation, Pending, call, call_streaming, call_with_deadline, fallback, operation, retry};
pub use whole::{Host, run};

use crate::clock::Timer;
use crate::time::Instant;
use core::future::Future;
use core::pin::pin;
use core::task::Poll;

/// Waits until `at` (for ever without one) or until `event` has something, whichever comes first.
///
/// The event is looked at first: an outcome that is there counts, even when its time is up in the same moment of the
/// executor; the machine, which goes by the clock, still has the last word.
async fn until_or<T: Timer, E>(
    timer: &T,
    at: Option<Instant>,
    mut event: impl FnMut(&mut core::task::Context<'_>) -> Poll<E>,
) -> Option<E> {
    let sleep = async {
        match at {
            Some(at) => timer.sleep_until(at).await,
            None => core::future::pending().await,
        }
    };
    let mut sleep = pin!(sleep);
    core::future::poll_fn(|context| {
        if let Poll::Ready(event) = event(context) {
            return Poll::Ready(Some(event));
        }
        sleep.as_mut().poll(context).map(|()| None)
    })
    .await
}
