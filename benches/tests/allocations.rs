//! What a decision takes from the heap: nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use steadfast::call::{Call, Input};
use steadfast::deadline::Deadline;
use steadfast::failure::Failure;
use steadfast::id::Key;
use steadfast::policy::CallPolicy;
use steadfast::rng::Seed;
use steadfast::time::Instant;
use steadfast::trace::Trace;
use steadfast_benches::{ClosedBreaker, GuardedCall, OpenBreaker, RejectedCall, RetriedCall};

/// The system's allocator, counting. Each thread has a count of its own, for tests run side by side.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no count any more, and nobody asks for it.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "there is no other way to be the allocator; every call is handed on as it came")]
// SAFETY: the system's allocator does the work, with the arguments it would have been given anyway.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of 1,000 repetitions.
fn allocations(mut step: impl FnMut() -> bool) -> u64 {
    let before = COUNT.get();
    assert!((0..1_000).all(|_| step()));
    COUNT.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| core::hint::black_box(Box::new(1)).eq(&Box::new(1))), 2_000);
}

#[test]
fn a_closed_breaker_allocates_nothing_from_the_first_call_on() {
    let mut closed = ClosedBreaker::default();
    assert_eq!(allocations(|| closed.call()), 0);
}

#[test]
fn an_open_breaker_refuses_without_allocating() {
    let mut open = OpenBreaker::default();
    assert_eq!(allocations(|| open.call()), 0);
}

#[test]
fn a_guarded_call_that_succeeds_allocates_nothing() {
    let mut guarded = GuardedCall::default();
    assert_eq!(allocations(|| guarded.call()), 0);
}

#[test]
fn a_guarded_call_that_is_refused_allocates_nothing() {
    let mut rejected = RejectedCall::default();
    assert_eq!(allocations(|| rejected.call()), 0);
}

#[test]
fn retries_allocate_nothing() {
    let mut retried = RetriedCall::default();
    assert_eq!(allocations(|| retried.call(2) == Some(3)), 0);
}

#[test]
fn what_a_failure_says_is_not_copied_for_a_trace_that_nobody_keeps() {
    let mut off = Trace::off();
    let failing = || {
        let mut call = Call::new(Key::default(), &CallPolicy::unguarded(), 1, Seed(7), Deadline::NEVER);
        call.handle(Instant::ORIGIN, Input::Start, &mut (), &mut off);
        // The only allocation there is: the message itself.
        call.handle(Instant::ORIGIN, Input::Failed(1, Failure::transient("503")), &mut (), &mut off);
        true
    };
    assert_eq!(allocations(failing), 1_000);
}
