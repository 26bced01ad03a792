//! The time and the timers of the host: a page, a worker, Node, or a clock that the caller hands in.

use crate::misuse::{misuse, type_error};
use crate::options::{Options, milliseconds};
use crate::property::{get_or_undefined, method};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, global};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use steadfast::clock::{Clock, Timer};
use steadfast::time::{Duration, Instant};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// What a host's timer can wait for at once: it takes a signed number of 32 bits, and more means "at once" to it.
const LONGEST: u32 = i32::MAX as u32;

/// A clock of JavaScript, and what wakes by it.
#[derive(Debug)]
pub(crate) struct HostTimer {
    /// `performance`, `Date`, or the caller's clock.
    clock: JsValue,
    now: Function,
    /// The caller's own; else the host's timers serve.
    schedule: Option<Function>,
    /// A clock that fails, or tells nonsense, stands still.
    last: Cell<Instant>,
}

impl HostTimer {
    /// The option `clock`, or the host's own.
    pub(crate) fn read(options: &Options) -> Result<Self, JsValue> {
        let Some(clock) = options.get("clock")? else { return Self::of_host() };
        let path = options.path("clock");
        let allowed = "a clock: { now(): milliseconds, schedule(at, wake): cancel }";
        let (Some(now), Some(schedule)) = (method(&clock, "now"), method(&clock, "schedule")) else {
            return Err(misuse(&path, &clock, allowed));
        };
        let first = now.call0(&clock)?;
        if milliseconds(&first).is_none() {
            return Err(misuse(&format!("{path}.now()"), &first, "milliseconds, 0 or more"));
        }
        Ok(Self { clock, now, schedule: Some(schedule), last: Cell::default() })
    }

    /// `performance.now()` if the host has it, for it never goes back; else `Date.now()`.
    fn of_host() -> Result<Self, JsValue> {
        let global = global();
        if method(&global, "setTimeout").is_none() {
            return Err(type_error("this host has no setTimeout; hand in a clock: { now(), schedule(at, wake) }"));
        }
        ["performance", "Date"]
            .into_iter()
            .find_map(|name| {
                let clock = get_or_undefined(&global, name);
                let now = method(&clock, "now")?;
                Some(Self { clock, now, schedule: None, last: Cell::default() })
            })
            .ok_or_else(|| type_error("this host has no clock; hand in one: { now(), schedule(at, wake) }"))
    }

    /// Waits for the caller's clock to wake us. `false` if it cannot.
    async fn woken(&self, schedule: &Function, at: Instant) -> bool {
        let alarm = Rc::<Alarm>::default();
        let wake = {
            let alarm = Rc::clone(&alarm);
            // It belongs to the clock, which may call it late, or twice, or never.
            Closure::<dyn Fn()>::new(move || alarm.ring()).into_js_value()
        };
        let Ok(cancel) = schedule.call2(&self.clock, &in_milliseconds(at).into(), &wake) else { return false };
        let _cancelled_when_dropped = Scheduled { alarm: &alarm, cancel };
        poll_fn(|context| alarm.poll(context.waker())).await;
        true
    }
}

impl Clock for HostTimer {
    fn now(&self) -> Instant {
        if let Some(now) = self.now.call0(&self.clock).ok().as_ref().and_then(milliseconds) {
            self.last.set(Instant::ORIGIN + now);
        }
        self.last.get()
    }
}

impl Timer for HostTimer {
    async fn sleep_until(&self, at: Instant) {
        loop {
            let left = at - self.now();
            if left.is_zero() {
                return;
            }
            match &self.schedule {
                None => host_sleep(left).await,
                Some(schedule) => {
                    if !self.woken(schedule, at).await {
                        host_sleep(left).await;
                    } else if self.now() < at {
                        // A clock that wakes too early must not keep the page busy: one turn of the host's loop between.
                        host_sleep(Duration::ZERO).await;
                    }
                }
            }
        }
    }
}

/// Sleeps so long or somewhat less: a host's timers may fire early, and the far future is beyond them.
async fn host_sleep(left: Duration) {
    let millis = left.as_micros().div_ceil(1_000);
    TimeoutFuture::new(u32::try_from(millis).unwrap_or(LONGEST).min(LONGEST)).await;
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's instants are numbers")]
pub(crate) fn in_milliseconds(at: Instant) -> f64 {
    at.as_micros() as f64 / 1_000.0
}

#[derive(Default)]
struct Alarm {
    rung: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Alarm {
    fn ring(&self) {
        self.rung.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll(&self, waker: &Waker) -> Poll<()> {
        if self.rung.get() {
            return Poll::Ready(());
        }
        self.waker.replace(Some(waker.clone()));
        Poll::Pending
    }
}

/// Takes back what the clock was asked for, unless it came.
struct Scheduled<'a> {
    alarm: &'a Alarm,
    cancel: JsValue,
}

impl Drop for Scheduled<'_> {
    fn drop(&mut self) {
        if let (false, Some(cancel)) = (self.alarm.rung.get(), self.cancel.dyn_ref::<Function>()) {
            let _ = cancel.call0(&JsValue::UNDEFINED);
        }
    }
}
