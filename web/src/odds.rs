//! Who makes the runs of the odds: workers, which run the page's own modules once more, or the page itself in slices.
//!
//! The page's modules are instantiated again rather than a smaller one built for workers: they are there already, compiled, and a
//! worker is handed just them. A module of its own would be more to load, and one more thing that can be of another version.

mod pool;
pub(crate) mod worker;

use crate::store::Store;
use core::cell::RefCell;
use core::time::Duration;
use leptos::prelude::*;
use pool::Pool;
use std::rc::Rc;
use steadfast_playground::Action;
use steadfast_playground::odds::{Batch, Chunk, OddsAction, SLICE};

/// Lets runs be made while the state wants some, and by nobody once it does not.
pub(crate) fn keep_in_step(store: Store) {
    let pool: Rc<RefCell<Option<Pool>>> = Rc::default();
    let odds = store.odds();
    tell_of_the_end(store);
    Effect::new(move || {
        odds.track();
        let plan = store.peek(|state| state.odds().running().cloned());
        let here = store.peek(|state| state.odds().runs_here());
        let Some(plan) = plan else {
            // Dropping it ends its workers, whatever they are at.
            return drop(pool.take());
        };
        if pool.borrow().as_ref().is_some_and(|pool| pool.job() == plan.job) {
            return;
        }
        pool.replace(None);
        if here {
            pool.replace(Some(Pool::empty(store, plan.job)));
            slice(store, plan.job, plan.chunks(SLICE).collect::<Vec<_>>().into_iter());
        } else {
            pool.replace(Some(Pool::start(store, &plan)));
        }
    });
}

/// Says once that something was found out, or that it cannot be.
fn tell_of_the_end(store: Store) {
    let end = Memo::new(move |_| store.odds().with(|odds| (odds.results.clone(), odds.problem.clone())));
    Effect::new(move || match end.get() {
        (_, Some(problem)) => store.remark(&problem),
        (Some(results), None) => store.remark(&results.summary),
        (None, None) => {}
    });
}

/// Makes one portion, and the next when the browser has had its turn.
fn slice(store: Store, job: u64, mut chunks: std::vec::IntoIter<Chunk>) {
    let still = store.peek(|state| state.odds().running().is_some_and(|plan| plan.job == job));
    if let (true, Some(chunk)) = (still, chunks.next()) {
        store.send(Action::Odds(OddsAction::Progress(vec![Batch::of(&chunk)])));
        set_timeout(move || slice(store, job, chunks), Duration::ZERO);
    }
}
