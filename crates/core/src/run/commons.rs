//! What the calls of a run share: endpoints, retries and the budget.

use super::Phase;
use super::action::Stage;
use super::message::ToolSpec;
use crate::breaker::CircuitBreaker;
use crate::budget::{Budget, Limits, RetryBudget, RetryBudgetPolicy, RetryThrottle, Spend};
use crate::call::{Call, Endpoint, Resources};
use crate::policy::RunPolicy;
use crate::retry_after::RetryAfter;
use crate::rng::Seed;
use crate::setting::InvalidSetting;
use crate::snapshot::{Reader, SnapshotError, Writer};
use crate::time::Instant;
use alloc::string::String;
use alloc::vec::Vec;

/// What the calls of a run share.
#[derive(Debug)]
pub(super) struct Commons {
    pub(super) models: Vec<Endpoint>,
    /// One for each tool.
    pub(super) tools: Vec<Endpoint>,
    /// Whoever keeps the books of each tool: they may be up while the tool is down.
    pub(super) books: Vec<Endpoint>,
    pub(super) retries: RetryBudget,
    pub(super) budget: Budget,
}

/// What is known of an agent's models and tools: see [`Run::swap_endpoints`](super::Run::swap_endpoints).
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// One for each model.
    pub models: Vec<Endpoint>,
    /// One for each tool.
    pub tools: Vec<Endpoint>,
    /// For each tool, whoever keeps its books: they may be up while the tool is down.
    pub books: Vec<Endpoint>,
}

impl Endpoints {
    /// Of which nothing is known yet, protected as these policies say.
    #[must_use]
    pub fn new(policy: &RunPolicy, models: u32, tools: &[ToolSpec], seed: Seed) -> Self {
        let of_models = (0..u64::from(models)).map(|index| Endpoint::new(policy.model(), seed.derive(index)));
        let of_tools = (u64::from(models)..).zip(tools);
        let of_tools = of_tools.map(|(index, tool)| Endpoint::new(&tool.policy(), seed.derive(index)));
        let books = tools.iter().map(|_| Endpoint::unguarded()).collect();
        Self { models: of_models.collect(), tools: of_tools.collect(), books }
    }
}

/// Whose server an attempt went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A model's: which one, its attempt's option says.
    Model,
    Tool(usize),
    /// That of whoever keeps a tool's books.
    Books(usize),
}

impl Commons {
    /// What the calls to that place share.
    pub(super) fn of(&mut self, place: Place) -> Resources<'_> {
        match place {
            Place::Model => self.of_models(),
            Place::Tool(tool) => self.of_tool(tool),
            Place::Books(tool) => self.of_looking_up(tool),
        }
    }

    pub(super) fn new(policy: &RunPolicy, models: u32, tools: &[ToolSpec], seed: Seed) -> Self {
        let endpoints = Endpoints::new(policy, models, tools, seed);
        // Without a limit they are counted all the same.
        let unlimited = RetryBudgetPolicy::default().with_at_least(u64::MAX);
        Self {
            models: endpoints.models,
            tools: endpoints.tools,
            books: endpoints.books,
            retries: RetryBudget::new(policy.retry_budget().copied().unwrap_or(unlimited)),
            budget: Budget::new(Limits::none(), Instant::ORIGIN),
        }
    }

    pub(super) fn swap(&mut self, others: &mut Endpoints) -> Result<(), InvalidSetting> {
        let Endpoints { models, tools, books } = others;
        let pairs = [
            ("endpoints.models", models, &mut self.models),
            ("endpoints.tools", tools, &mut self.tools),
            ("endpoints.books", books, &mut self.books),
        ];
        if let Some((name, others, _)) = pairs.iter().find(|(_, others, own)| others.len() != own.len()) {
            return Err(InvalidSetting::new(name, others.len() as u64, "as many as the run has"));
        }
        for (_, others, own) in pairs {
            core::mem::swap(others, own);
        }
        Ok(())
    }

    pub(super) fn of_models(&mut self) -> Resources<'_> {
        let envelope = self.budget.root();
        let budget = Some((&mut self.budget, envelope));
        Resources { endpoints: &mut self.models, retries: Some(&mut self.retries), budget }
    }

    pub(super) fn of_tool(&mut self, tool: usize) -> Resources<'_> {
        let envelope = self.budget.root();
        let budget = Some((&mut self.budget, envelope));
        let endpoints = one(&mut self.tools, tool);
        Resources { endpoints, retries: Some(&mut self.retries), budget }
    }

    /// Looking up what happened is asked of whoever keeps the books, not of the tool that may be down.
    pub(super) fn of_looking_up(&mut self, tool: usize) -> Resources<'_> {
        let envelope = self.budget.root();
        let budget = Some((&mut self.budget, envelope));
        let endpoints = one(&mut self.books, tool);
        Resources { endpoints, retries: Some(&mut self.retries), budget }
    }

    /// A wait that a call is in does not end with its process: else one that is restored often would not wait at all. In a
    /// snapshot it stands beside what servers asked for, and holds for that option alone.
    pub(super) fn store<'a>(&self, names: impl Iterator<Item = &'a str>, stage: &Phase, to: &mut Writer) {
        let words = |endpoints: &[Endpoint]| endpoints.iter().map(|endpoint| endpoint.retry_after).collect::<Vec<_>>();
        let (mut of_models, mut of_tools, mut of_books) = (words(&self.models), words(&self.tools), words(&self.books));
        let mut about_to_retry = 0;
        let mut keep = |words: &mut [RetryAfter], place: usize, call: &Call| {
            about_to_retry += u64::from(call.is_about_to_retry());
            if let (Some(wait), Some(word)) = (call.own_wait(), words.get_mut(place)) {
                word.add(wait);
            }
        };
        match stage {
            Phase::Thinking { call, .. } => keep(&mut of_models, call.option() as usize, call),
            Phase::Acting(actions) => {
                for action in actions {
                    match &action.stage {
                        Stage::Running { call, .. } => keep(&mut of_tools, action.tool, call),
                        Stage::Reconciling { call, .. } => keep(&mut of_books, action.tool, call),
                        _ => {}
                    }
                }
            }
            Phase::New | Phase::Restored(_) | Phase::Over(_) => {}
        }
        // What is planned and not made is planned anew after a restore.
        let (calls, retries) = self.retries.counts();
        to.put(&(calls, retries.saturating_sub(about_to_retry))).put(&self.budget);
        to.put(&(self.models.len() as u64));
        for (endpoint, word) in self.models.iter().zip(of_models) {
            endpoint.store(word, to);
        }
        to.put(&(self.tools.len() as u64));
        let tools = self.tools.iter().zip(of_tools).zip(self.books.iter().zip(of_books));
        for (name, ((endpoint, word), (books, of_books))) in names.zip(tools) {
            to.text(name);
            endpoint.store(word, to);
            books.store(of_books, to);
        }
    }

    /// Takes over what is known of the endpoints that are still there: of models by their place, of tools by their name.
    pub(super) fn load<'a>(
        &mut self,
        names: &(impl Iterator<Item = &'a str> + Clone),
        seed: Seed,
        from: &mut Reader<'_>,
    ) -> Result<(), SnapshotError> {
        let (calls, retries) = from.take()?;
        self.retries = RetryBudget::new(*self.retries.policy()).with_counts(calls, retries);
        let budget: Budget = from.take()?;
        self.budget = if sabotaged!(SpendIsNotRestored) { Budget::new(Limits::none(), from.now()) } else { budget };
        for index in 0..from.count()? {
            let stored = StoredEndpoint::load(from)?;
            if let Some(endpoint) = self.models.get_mut(index) {
                stored.revive(endpoint, seed.derive(index as u64), from)?;
            }
        }
        let models = self.models.len();
        for _ in 0..from.count()? {
            let name: String = from.take()?;
            let (stored, of_books) = (StoredEndpoint::load(from)?, StoredEndpoint::load(from)?);
            if let Some(index) = names.clone().position(|known| known == name)
                && let (Some(endpoint), Some(books)) = (self.tools.get_mut(index), self.books.get_mut(index))
            {
                let seed = seed.derive((models + index) as u64);
                stored.revive(endpoint, seed, from)?;
                of_books.revive(books, seed, from)?;
            }
        }
        Ok(())
    }

    pub(super) fn spent(&self) -> Spend {
        self.budget.spent(self.budget.root())
    }
}

/// The endpoint at that place alone.
fn one(endpoints: &mut [Endpoint], place: usize) -> &mut [Endpoint] {
    endpoints.get_mut(place).map(core::slice::from_mut).unwrap_or_default()
}

impl Endpoint {
    fn store(&self, retry_after: RetryAfter, to: &mut Writer) {
        to.put(&self.breaker.as_ref().map(|breaker| breaker.snapshot(to.now())));
        to.put(&self.throttle.as_ref().map(RetryThrottle::tokens_thousandths));
        to.put(&retry_after);
    }
}

/// What a snapshot says of an endpoint.
struct StoredEndpoint {
    breaker: Option<Vec<u8>>,
    tokens_thousandths: Option<u32>,
    retry_after: RetryAfter,
}

impl StoredEndpoint {
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { breaker: from.take()?, tokens_thousandths: from.take()?, retry_after: from.take()? })
    }

    fn revive(self, endpoint: &mut Endpoint, seed: Seed, from: &Reader<'_>) -> Result<(), SnapshotError> {
        if let (Some(breaker), Some(bytes)) = (&mut endpoint.breaker, self.breaker) {
            *breaker = CircuitBreaker::restore(&bytes, *breaker.policy(), seed, from.now(), from.elapsed())?;
        }
        if let (Some(throttle), Some(tokens)) = (&mut endpoint.throttle, self.tokens_thousandths) {
            *throttle = RetryThrottle::new(*throttle.policy()).with_tokens_thousandths(tokens);
        }
        if !sabotaged!(ServerIsForgotten) {
            endpoint.retry_after = self.retry_after;
        }
        Ok(())
    }
}
