//! What the calls of a run share: endpoints, retries and the budget.

use super::message::ToolSpec;
use crate::breaker::CircuitBreaker;
use crate::budget::{Budget, Limits, RetryBudget, RetryBudgetPolicy, RetryThrottle, Spend};
use crate::call::{Endpoint, Resources};
use crate::policy::RunPolicy;
use crate::retry_after::RetryAfter;
use crate::rng::Seed;
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
    books: Vec<Endpoint>,
    pub(super) retries: RetryBudget,
    pub(super) budget: Budget,
}

impl Commons {
    pub(super) fn new(policy: &RunPolicy, models: u32, tools: &[ToolSpec], seed: Seed) -> Self {
        let of_models = (0..u64::from(models)).map(|index| Endpoint::new(policy.model(), seed.derive(index)));
        let of_tools = (u64::from(models)..).zip(tools);
        let of_tools = of_tools.map(|(index, tool)| Endpoint::new(&tool.policy(), seed.derive(index)));
        // Without a limit they are counted all the same.
        let unlimited = RetryBudgetPolicy::default().with_at_least(u64::MAX);
        Self {
            models: of_models.collect(),
            tools: of_tools.collect(),
            books: tools.iter().map(|_| Endpoint::unguarded()).collect(),
            retries: RetryBudget::new(policy.retry_budget().copied().unwrap_or(unlimited)),
            budget: Budget::new(Limits::none(), Instant::ORIGIN),
        }
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

    pub(super) fn store<'a>(&self, names: impl Iterator<Item = &'a str>, to: &mut Writer) {
        to.put(&self.retries.counts()).put(&self.budget);
        to.put(&(self.models.len() as u64));
        for endpoint in &self.models {
            endpoint.store(to);
        }
        to.put(&(self.tools.len() as u64));
        for (name, (endpoint, books)) in names.zip(self.tools.iter().zip(&self.books)) {
            to.text(name);
            endpoint.store(to);
            books.store(to);
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
    fn store(&self, to: &mut Writer) {
        to.put(&self.breaker.as_ref().map(|breaker| breaker.snapshot(to.now())));
        to.put(&self.throttle.as_ref().map(RetryThrottle::tokens_thousandths));
        to.put(&self.retry_after);
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
