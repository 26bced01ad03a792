//! The workers of one order, and what they are asked for.

use crate::store::Store;
use core::cell::{Cell, RefCell};
use core::time::Duration;
use js_sys::{Array, Float64Array, Object, Reflect};
use leptos::prelude::{set_timeout, window};
use std::collections::VecDeque;
use std::rc::Rc;
use steadfast_playground::Action;
use steadfast_playground::odds::{Batch, OddsAction, OddsPlan, PORTION};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Where a worker begins.
const SCRIPT: &str = "odds-worker.js";
/// More workers than this gain little and keep a phone from anything else.
const MOST: u32 = 4;
/// Progress is told so often: a change of the page for each portion would be work that nobody sees.
const TELL_EACH: Duration = Duration::from_millis(50);
/// Whoever says nothing for so long is not coming back.
const PATIENCE: Duration = Duration::from_secs(15);

#[wasm_bindgen]
extern "C" {
    type ImportMeta;
    #[wasm_bindgen(method, getter)]
    fn url(this: &ImportMeta) -> JsValue;
    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static META: ImportMeta;
    /// The second module of a page that is cut in two (`web/start.js`).
    #[wasm_bindgen(thread_local_v2, js_name = steadfastRest)]
    static REST: Option<JsValue>;
}

/// The workers of one order. Dropping it ends them at once.
pub(super) struct Pool {
    job: u64,
    shared: Rc<Shared>,
    workers: Vec<Worker>,
}

struct Shared {
    store: Store,
    to_make: RefCell<VecDeque<String>>,
    made: RefCell<Vec<Batch>>,
    telling: Cell<bool>,
    /// How often a worker has said something.
    heard: Cell<u64>,
    over: Cell<bool>,
}

impl Pool {
    /// Without workers: the page makes the runs itself.
    pub(super) fn empty(store: Store, job: u64) -> Self {
        Self { job, shared: Rc::new(Shared::new(store)), workers: Vec::new() }
    }

    /// As many workers as there are cores to spare.
    pub(super) fn start(store: Store, plan: &OddsPlan) -> Self {
        let mut pool = Self::empty(store, plan.job);
        pool.shared.to_make.replace(plan.chunks(PORTION).map(|chunk| chunk.write()).collect());
        for _ in 0..workers() {
            match worker(&pool.shared) {
                Ok(worker) => pool.workers.push(worker),
                Err(error) => pool.shared.broke(&said(&error)),
            }
        }
        Shared::watch(Rc::clone(&pool.shared), 0);
        pool
    }

    /// The order they work at.
    pub(super) fn job(&self) -> u64 {
        self.job
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.over.set(true);
        for worker in &self.workers {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
    }
}

impl Shared {
    fn new(store: Store) -> Self {
        Self {
            store,
            to_make: RefCell::default(),
            made: RefCell::default(),
            telling: Cell::new(false),
            heard: Cell::new(0),
            over: Cell::new(false),
        }
    }

    /// A worker says that it is ready, or what it made, or that something is wrong.
    fn hear(self: &Rc<Self>, worker: &Worker, said: &JsValue) {
        self.heard.set(self.heard.get() + 1);
        if let Some(numbers) = said.dyn_ref::<Float64Array>() {
            match Batch::read(&numbers.to_vec()) {
                Ok(batch) => self.made.borrow_mut().push(batch),
                Err(why) => return self.broke(&why),
            }
            if !self.telling.replace(true) {
                let shared = Rc::clone(self);
                set_timeout(move || shared.tell(), TELL_EACH);
            }
        } else if said.as_string().as_deref() != Some(super::worker::READY) {
            return self.broke(&self::said(said));
        }
        let next = self.to_make.borrow_mut().pop_front();
        if let Some(next) = next
            && let Err(error) = worker.post_message(&next.into())
        {
            self.broke(&self::said(&error));
        }
    }

    fn tell(&self) {
        self.telling.set(false);
        let made = self.made.take();
        if !self.over.get() {
            self.store.send(Action::Odds(OddsAction::Progress(made)));
        }
    }

    fn broke(&self, why: &str) {
        if self.over.replace(true) {
            return;
        }
        let store = self.store;
        let why = format!("The worker that makes the runs failed: {}.", why.trim_end_matches('.'));
        // Not from within a worker's own listener, which this ends.
        set_timeout(move || store.send(Action::Odds(OddsAction::Broke(why))), Duration::ZERO);
    }

    /// A worker that a browser ends for want of memory says nothing of it.
    fn watch(self: Rc<Self>, heard: u64) {
        set_timeout(
            move || {
                if self.over.get() {
                    return;
                }
                match self.heard.get() {
                    now if now == heard => self.broke("it does not answer"),
                    now => self.watch(now),
                }
            },
            PATIENCE,
        );
    }
}

/// A worker that has the page's module and will say when it is ready.
fn worker(shared: &Rc<Shared>) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name("odds");
    let worker = Worker::new_with_options(SCRIPT, &options)?;
    let (hearer, itself) = (Rc::clone(shared), worker.clone());
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        hearer.hear(&itself, &event.data());
    });
    worker.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    let teller = Rc::clone(shared);
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        event.prevent_default();
        // An event without a message is a script that could not be loaded.
        let message = Reflect::get(&event, &"message".into()).ok().and_then(|message| message.as_string());
        teller.broke(&message.unwrap_or_else(|| format!("{SCRIPT} could not be loaded")));
    });
    worker.set_onerror(Some(on_error.into_js_value().unchecked_ref()));
    let rest = REST.with(Option::clone).unwrap_or_default();
    worker.post_message(&Array::of3(&META.with(ImportMeta::url), &wasm_bindgen::module(), &rest))?;
    Ok(worker)
}

/// One core stays for the page.
fn workers() -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of cores")]
    let cores = window().navigator().hardware_concurrency() as u32;
    cores.saturating_sub(1).clamp(1, MOST)
}

/// What went wrong, in the browser's words.
fn said(error: &JsValue) -> String {
    error.as_string().unwrap_or_else(|| Object::from(error.clone()).to_string().into())
}
