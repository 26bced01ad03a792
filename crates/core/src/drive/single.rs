//! One guarded call, and the patterns one at a time.

use super::activity::{Activity, Part, Source};
use super::until_or;
use crate::call::{Attempt, Call, Input, Output, Shared};
use crate::clock::Timer;
use crate::deadline::Deadline;
use crate::failure::{Failure, FailureClass};
use crate::id::{Key, RunId};
use crate::outcome::CallError;
use crate::policy::CallPolicy;
use crate::retry::RetryPolicy;
use crate::rng::Seed;
use crate::setting::InvalidSetting;
use crate::time::{Duration, Span};
use crate::trace::Trace;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::Poll;

/// An attempt under way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + 'a>>;
/// One of several operations that stand in for each other.
pub type Operation<'a, T> = Box<dyn FnMut(Attempt) -> Pending<'a, T> + 'a>;

/// Puts an asynchronous closure among the options of [`fallback`].
pub fn operation<'a, T, F>(mut attempt: impl FnMut(Attempt) -> F + 'a) -> Operation<'a, T>
where
    F: Future<Output = Result<T, Failure>> + 'a,
{
    Box::new(move |context| Box::pin(attempt(context)))
}

/// A guarded call: deadline, fallback, retry, breaker and timeout as `policy` says.
///
/// `shared` has what this call shares with others, such as one breaker for each of the `options`, or is `&mut ()`; `operation` makes one attempt
/// ([`Attempt::option`] says of which option). Every decision goes into `trace`.
///
/// [`Attempt::key`] is made of the seed: the same for every attempt of one call, and another one for every call that has a seed of its
/// own. A limit of the first output, or between two parts of it, needs [`call_streaming`].
pub async fn call<T, F>(
    timer: &impl Timer,
    policy: &CallPolicy,
    options: u32,
    seed: Seed,
    shared: &mut (impl Shared + ?Sized),
    trace: &mut Trace,
    operation: impl FnMut(Attempt) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, Failure>>,
{
    drive(timer, &(), machine(policy, options, seed), shared, trace, operation).await
}

/// As [`call`], of an operation that tells in `activity` what its attempts bring while they are under way.
///
/// ```
/// # use steadfast_sim::VirtualClock;
/// use core::time::Duration;
/// use steadfast::clock::{Clock, Timer};
/// use steadfast::drive::{Activity, call_streaming};
/// use steadfast::policy::CallPolicy;
/// use steadfast::rng::Seed;
/// use steadfast::trace::Trace;
///
/// # let clock = VirtualClock::new();
/// # clock.block_on(async {
/// // A part every three seconds is no silence of five, however long it takes in all.
/// let second = Duration::from_secs(1);
/// let policy = CallPolicy::unguarded().with_stream(Some(5 * second), Some(5 * second))?;
/// let (activity, clock, mut trace) = (&Activity::default(), &clock, Trace::off());
/// let answer = call_streaming(clock, &policy, 1, Seed(7), &mut (), &mut trace, activity, |attempt| async move {
///     for _ in 0..4 {
///         clock.sleep_until(clock.now() + 3 * second).await;
///         activity.output(attempt.id);
///     }
///     Ok(391)
/// })
/// .await;
/// assert_eq!(answer, Ok(391));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// # }).unwrap();
/// ```
#[expect(clippy::too_many_arguments, reason = "those of a call, and one")]
pub async fn call_streaming<T, F>(
    timer: &impl Timer,
    policy: &CallPolicy,
    options: u32,
    seed: Seed,
    shared: &mut (impl Shared + ?Sized),
    trace: &mut Trace,
    activity: &Activity,
    operation: impl FnMut(Attempt) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, Failure>>,
{
    drive(timer, activity, machine(policy, options, seed), shared, trace, operation).await
}

/// Its key is its seed's: who gives two calls the same seed says that they are one.
fn machine(policy: &CallPolicy, options: u32, seed: Seed) -> Call {
    let key = Key { run: RunId(seed.0), ..Key::default() };
    Call::new(key, policy, options, seed, Deadline::NEVER)
}

async fn drive<T, F>(
    timer: &impl Timer,
    activity: &impl Source,
    machine: Call,
    shared: &mut (impl Shared + ?Sized),
    trace: &mut Trace,
    mut operation: impl FnMut(Attempt) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut driven = Driven { machine, timer, shared, trace };
    let mut attempt: Option<(u32, Pin<Box<F>>)> = None;
    let (mut ended, mut value) = (None, None);
    driven.handle(Input::Start);
    loop {
        match driven.machine.poll() {
            Output::Start(started) => attempt = Some((started.id.attempt, Box::pin(operation(started)))),
            Output::Abandon(_) => (attempt, ended) = (None, None),
            Output::Wait { until, .. } => {
                let heard = until_or(timer, until, |context| {
                    if let Some((number, future)) = &mut attempt
                        && let Poll::Ready(outcome) = future.as_mut().poll(context)
                    {
                        ended = Some((*number, outcome));
                        attempt = None;
                    }
                    // What it told on its way comes before its end.
                    if let Some((id, part)) = activity.next(context) {
                        return Poll::Ready(Heard::Part(id.attempt, part));
                    }
                    ended.take().map_or(Poll::Pending, |(number, outcome)| Poll::Ready(Heard::End(number, outcome)))
                });
                let input = match heard.await {
                    None => Input::Tick,
                    Some(Heard::Part(number, Part::Output)) => Input::Output(number),
                    Some(Heard::Part(number, Part::Commit)) => Input::Commit(number),
                    Some(Heard::Part(number, Part::Spent(spend))) => Input::Spent(number, spend),
                    Some(Heard::End(number, Err(failure))) => Input::Failed(number, failure),
                    Some(Heard::End(number, Ok(done))) => {
                        value = Some(done);
                        Input::Succeeded(number)
                    }
                };
                driven.handle(input);
            }
            Output::Finished(Err(error)) => return Err(error),
            Output::Finished(Ok(_)) => match value.take() {
                Some(value) => return Ok(value),
                // Only an attempt that brought a value succeeds, so this is never reached; and if it were, waiting for
                // ever would be worse than saying so.
                None => return Err(CallError::Cancelled),
            },
        }
    }
}

/// What comes of an attempt.
enum Heard<T> {
    Part(u32, Part),
    End(u32, Result<T, Failure>),
}

/// A call that is taken back when its future is dropped, in the middle of an attempt too: what the attempt holds of what
/// is shared, a breaker's permit and a part of the budget, goes back with it.
struct Driven<'a, T: Timer, S: Shared + ?Sized> {
    machine: Call,
    timer: &'a T,
    shared: &'a mut S,
    trace: &'a mut Trace,
}

impl<T: Timer, S: Shared + ?Sized> Driven<'_, T, S> {
    fn handle(&mut self, input: Input) {
        self.machine.handle(self.timer.now(), input, self.shared, self.trace);
    }
}

impl<T: Timer, S: Shared + ?Sized> Drop for Driven<'_, T, S> {
    fn drop(&mut self) {
        if !matches!(self.machine.poll(), Output::Finished(_)) {
            self.handle(Input::Cancel);
        }
    }
}

/// Tries again what failed in a way that another try can mend.
///
/// A server that wants to be left alone for more than five minutes ends it at once, with
/// [`PauseTooLong`](CallError::PauseTooLong).
///
/// Two operations under the same seed jitter alike, and [`Attempt::key`] is the same for both: give each its own, as
/// [`Seed::derive`] does.
///
/// ```
/// # use steadfast_sim::VirtualClock;
/// use steadfast::drive::retry;
/// use steadfast::failure::Failure;
/// use steadfast::retry::RetryPolicy;
/// use steadfast::rng::Seed;
///
/// # let clock = VirtualClock::new();
/// # clock.block_on(async {
/// let answer = retry(&clock, RetryPolicy::default(), Seed(7), |attempt| async move {
///     if attempt.id.attempt < 3 { Err(Failure::transient("503")) } else { Ok(391) }
/// });
/// assert_eq!(answer.await, Ok(391));
/// # });
/// ```
pub async fn retry<T, F>(
    timer: &impl Timer,
    policy: RetryPolicy,
    seed: Seed,
    operation: impl FnMut(Attempt) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut policy = CallPolicy::unguarded().with_retry(Some(policy));
    policy.longest_pause = CallPolicy::default().longest_pause;
    call(timer, &policy, 1, seed, &mut (), &mut Trace::off(), operation).await
}

/// Gives up at `limit`, whether the operation heeds its cancellation or not, with a transient failure of class
/// [`Timeout`](crate::failure::FailureClass::Timeout): so that a retry around it tries afresh.
///
/// Fails at once, with a class that is not tried again, if `limit` is zero.
///
/// ```
/// # use steadfast_sim::VirtualClock;
/// use core::time::Duration;
/// use steadfast::drive::call_with_deadline;
/// use steadfast::failure::FailureClass;
///
/// # let clock = VirtualClock::new();
/// # clock.block_on(async {
/// let hung = call_with_deadline(&clock, Duration::from_secs(2), |_| core::future::pending::<Result<(), _>>());
/// let failure = hung.await.unwrap_err();
/// assert_eq!((failure.class, failure.transient), (FailureClass::Timeout, true));
/// # });
/// ```
pub async fn call_with_deadline<T, F>(
    timer: &impl Timer,
    limit: Duration,
    operation: impl FnMut(Attempt) -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let policy = CallPolicy::unguarded()
        .with_deadline(Some(limit))
        .map_err(|invalid: InvalidSetting| Failure::new(FailureClass::InvalidRequest, alloc::format!("{invalid}")))?;
    let result = call(timer, &policy, 1, Seed::default(), &mut (), &mut Trace::off(), operation).await;
    result.map_err(|error| match error {
        CallError::DeadlineExceeded { .. } => {
            Failure::new(FailureClass::Timeout, alloc::format!("no answer within {}", Span(limit)))
        }
        error => error.into(),
    })
}

/// Tries the options in order until one succeeds. A cancellation is never fallen back from.
///
/// Fails with the last option's error, or with [`CallError::Cancelled`] if there are no options.
///
/// ```
/// # use steadfast_sim::VirtualClock;
/// use steadfast::drive::{fallback, operation};
/// use steadfast::failure::Failure;
///
/// # let clock = VirtualClock::new();
/// # clock.block_on(async {
/// let options = vec![
///     operation(|_| async { Err(Failure::transient("the first model is down")) }),
///     operation(|_| async { Ok("from the second") }),
/// ];
/// assert_eq!(fallback(&clock, options).await, Ok("from the second"));
/// # });
/// ```
pub async fn fallback<T>(timer: &impl Timer, mut options: Vec<Operation<'_, T>>) -> Result<T, CallError> {
    let count = u32::try_from(options.len()).unwrap_or(u32::MAX);
    let policy = CallPolicy::unguarded();
    call(timer, &policy, count, Seed::default(), &mut (), &mut Trace::off(), |attempt| {
        match options.get_mut(attempt.option as usize) {
            Some(option) => option(attempt),
            None => Box::pin(core::future::ready(Err(Failure::new(FailureClass::Cancelled, "no options were given")))),
        }
    })
    .await
}
