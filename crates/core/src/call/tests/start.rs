//! A call that is begun at once, or turned away at once: by its budget's word before its breaker's.

use super::*;
use crate::budget::{Budget, BudgetExceeded, Limits, Resource};

/// What every call here shares; its breaker is open.
struct Turned {
    endpoints: [Endpoint; 1],
    retries: RetryBudget,
    budget: Budget,
}

impl Turned {
    fn new(limits: Limits) -> Self {
        let mut endpoints = [Endpoint::new(&CallPolicy::default(), Seed(1))];
        endpoints[0].breaker.as_mut().unwrap().force_open("maintenance", Instant::ORIGIN);
        let retries = RetryBudget::new(crate::budget::RetryBudgetPolicy::default());
        Self { endpoints, retries, budget: Budget::new(limits, Instant::ORIGIN) }
    }

    fn start(&mut self, policy: &CallPolicy, ms: u64) -> Result<Output, Rejection> {
        let envelope = self.budget.root();
        let budget = Some((&mut self.budget, envelope));
        let mut shared = Resources { endpoints: &mut self.endpoints, retries: Some(&mut self.retries), budget };
        let (key, never, now) = (Key::default(), Deadline::NEVER, Instant::from_millis(ms));
        Call::start(key, policy, Seed(7), never, now, &mut shared, &mut Trace::off()).map(|mut call| call.poll())
    }

    fn rejected(&self) -> (u64, u64) {
        (self.endpoints[0].breaker.as_ref().unwrap().stats().rejected, self.retries.calls())
    }
}

fn over(what: Resource, limit: u64, left: u64, asked: u64) -> Output {
    Output::Finished(Err(CallError::BudgetExceeded(BudgetExceeded { what, limit, left, asked })))
}

#[test]
fn an_open_breaker_turns_away_and_reserves_nothing() {
    let mut turned = Turned::new(Limits::none().with_attempts(1).unwrap());
    for rejected in 1..=3 {
        assert!(turned.start(&CallPolicy::default(), 1).is_err());
        assert_eq!(turned.rejected(), (rejected, rejected));
    }
    let root = turned.budget.root();
    assert_eq!((turned.budget.spent(root), turned.budget.reserved(root)), (Spend::NONE, Spend::NONE));
}

#[test]
fn what_its_budget_does_not_allow_is_refused_by_its_budget_before_its_breaker_is_asked() {
    let plain = CallPolicy::default();
    let dear = plain.with_estimate(Spend { tokens: 90, ..Spend::NONE });
    let tokens = Limits::none().with_tokens(100).unwrap();
    for (limits, spent, policy, refused) in [
        (tokens, Spend { tokens: 100, ..Spend::NONE }, plain, over(Resource::Tokens, 100, 0, 0)),
        (tokens, Spend { tokens: 20, ..Spend::NONE }, dear, over(Resource::Tokens, 100, 80, 90)),
        (
            Limits::none().with_money(7).unwrap(),
            Spend { money: 7, ..Spend::NONE },
            plain,
            over(Resource::Money, 7, 0, 0),
        ),
        (
            Limits::none().with_attempts(1).unwrap(),
            Spend { attempts: 1, ..Spend::NONE },
            plain,
            over(Resource::Attempts, 1, 0, 1),
        ),
    ] {
        let mut turned = Turned::new(limits);
        turned.budget.spend(turned.budget.root(), spent);
        assert_eq!(turned.start(&policy, 1), Ok(refused));
        assert_eq!(turned.rejected(), (0, 1));
        let all = turned.budget.spent(turned.budget.root());
        assert_eq!(all, spent, "nothing more is spent");
    }
    let mut late = Turned::new(Limits::none().with_deadline(ms(5)).unwrap());
    assert!(late.start(&plain, 4).is_err(), "there is time: it is the breaker's word");
    assert_eq!(late.start(&plain, 5), Ok(over(Resource::Time, 5_000, 0, 0)));
}
