//! What was spent, from what the agent was told: never more than it must have counted itself.

use std::collections::BTreeMap;
use steadfast::budget::{Limits, Spend};
use steadfast::id::CallId;

#[derive(Clone, Default)]
pub(super) struct Bill {
    spent: Spend,
    /// Of each attempt under way: what it is expected to cost, and what it said that it cost.
    open: BTreeMap<CallId, (Spend, Option<Spend>)>,
}

impl Bill {
    /// An attempt begins; says so if there was not enough left for it, or nothing at all.
    pub(super) fn begins(&mut self, call: CallId, estimate: Spend, limits: Limits) -> Option<String> {
        self.open.insert(call, (estimate, None));
        let tokens = self.spent.tokens.saturating_add(estimate.tokens);
        let money = self.spent.money.saturating_add(estimate.money);
        let beyond =
            |limit: Option<u64>, spent: u64, asked: u64| limit.is_some_and(|limit| asked > limit || spent >= limit);
        let over =
            beyond(limits.tokens(), self.spent.tokens, tokens) || beyond(limits.money(), self.spent.money, money);
        over.then(|| format!("{tokens} tokens and {money} of money, of {limits:?}"))
    }

    /// An attempt under way said what it cost.
    pub(super) fn told(&mut self, call: CallId, spend: Spend) {
        if let Some((_, told)) = self.open.get_mut(&call) {
            *told = Some(spend);
        }
    }

    /// An attempt is over. Of one that said nothing the estimate counts, unless it never got there.
    pub(super) fn ended(&mut self, call: CallId, may_have_cost: bool) {
        let Some((estimate, told)) = self.open.remove(&call) else { return };
        self.add(told.unwrap_or(if may_have_cost { estimate } else { Spend::NONE }));
    }

    /// The process ended: nobody will say what the attempts under way cost, so it is their estimates.
    pub(super) fn lost(&mut self) {
        for (estimate, _) in std::mem::take(&mut self.open).into_values() {
            self.add(estimate);
        }
    }

    fn add(&mut self, spend: Spend) {
        self.spent.tokens = self.spent.tokens.saturating_add(spend.tokens);
        self.spent.money = self.spent.money.saturating_add(spend.money);
    }
}
