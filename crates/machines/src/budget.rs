//! Budgets: envelopes within envelopes, and what is reserved in them. Money is in millionths.

use crate::hall::hall;

use steadfast::budget::{Budget, BudgetExceeded, EnvelopeError, Spend};
use steadfast_boundary::opening::opened;
use steadfast_boundary::registers::{count_of, instant, length_of, number, put, unsigned};
use steadfast_boundary::settings::limits;
use wasm_bindgen::prelude::wasm_bindgen;

/// Reserved nothing: the refusal's resource is in register 0.
const REFUSED: i32 = -1;

/// A budget with the limits in the registers: the number of its outermost envelope.
#[wasm_bindgen]
#[must_use]
pub fn budget_open(now: f64) -> i32 {
    hall(|hall| {
        let number = limits().map(|limits| {
            let budget = Budget::new(limits, instant(now));
            let root = budget.root();
            let budget = hall.common.budgets.insert(budget);
            hall.common.envelopes.insert((budget, root))
        });
        opened(number)
    })
}

/// An envelope within another, with the limits in the registers.
#[wasm_bindgen]
#[must_use]
pub fn budget_child(parent: u32, now: f64) -> i32 {
    hall(|hall| {
        let limits = match limits() {
            Ok(limits) => limits,
            Err(invalid) => return opened(Err(invalid)),
        };
        let around = hall.common.envelopes.get(parent).copied();
        let child = around.and_then(|(budget, envelope)| {
            let child = hall.common.budgets.get_mut(budget)?.child(envelope, limits, instant(now)).ok()?;
            Some(hall.common.envelopes.insert((budget, child)))
        });
        opened(child.ok_or(EnvelopeError::Closed))
    })
}

/// An envelope is not wanted any more; with the outermost, nor is the budget.
#[wasm_bindgen]
pub fn budget_close(envelope: u32) {
    hall(|hall| {
        let Some((number, envelope)) = hall.common.envelopes.take(envelope) else { return };
        let Some(budget) = hall.common.budgets.get_mut(number) else { return };
        if budget.root() == envelope {
            hall.common.budgets.remove(number);
        } else {
            // One that was closed with its parent is closed already.
            let _ = budget.close(envelope);
        }
    });
}

/// Reserves: the reservation's number, or `-1` and what does not suffice in register 0, with its sentence to be had from
/// [`budget_refusal`].
#[wasm_bindgen]
#[must_use]
pub fn budget_reserve(envelope: u32, now: f64, attempts: f64, steps: f64, tokens: f64, money: f64) -> i32 {
    let estimate = spend([attempts, steps, tokens, money]);
    hall(|hall| {
        let Some((number, envelope)) = hall.common.envelopes.get(envelope).copied() else { return REFUSED };
        let Some(budget) = hall.common.budgets.get_mut(number) else { return REFUSED };
        match budget.reserve(envelope, instant(now), estimate) {
            Ok(reservation) => i32::try_from(hall.reservations.insert((number, reservation))).unwrap_or(i32::MAX),
            Err(BudgetExceeded { what, limit, left, asked }) => {
                put(0, f64::from(what as u32));
                for (index, count) in [limit, left, asked].into_iter().enumerate() {
                    put(index + 1, count_of(Some(count)));
                }
                REFUSED
            }
        }
    })
}

/// The sentence of a refusal whose numbers still stand in the registers.
#[wasm_bindgen]
#[must_use]
pub fn budget_refusal() -> String {
    use steadfast::budget::Resource::{Attempts, Money, Steps, Time, Tokens};
    let all = [Time, Attempts, Steps, Tokens, Money];
    let what = usize::try_from(unsigned(number(0))).ok().and_then(|index| all.get(index).copied()).unwrap_or(Time);
    let [limit, left, asked] = [1, 2, 3].map(|index| unsigned(number(index)));
    BudgetExceeded { what, limit, left, asked }.to_string()
}

/// Replaces a reservation by what was really spent.
#[wasm_bindgen]
pub fn budget_settle(reservation: u32, attempts: f64, steps: f64, tokens: f64, money: f64) {
    let spent = spend([attempts, steps, tokens, money]);
    hall(|hall| {
        if let Some((number, reservation)) = hall.reservations.take(reservation)
            && let Some(budget) = hall.common.budgets.get_mut(number)
        {
            budget.settle(reservation, spent);
        }
    });
}

/// What was spent in an envelope without having been reserved: the attempts, steps and tokens of an agent's run.
#[wasm_bindgen]
pub fn budget_spend(envelope: u32, attempts: f64, steps: f64, tokens: f64, money: f64) {
    hall(|hall| {
        let Some((number, envelope)) = hall.common.envelopes.get(envelope).copied() else { return };
        if let Some(budget) = hall.common.budgets.get_mut(number) {
            budget.spend(envelope, spend([attempts, steps, tokens, money]));
        }
    });
}

/// What is left in an envelope, into registers 0 to 4; `Infinity` where nothing limits it.
#[wasm_bindgen]
pub fn budget_left(envelope: u32, now: f64) {
    hall(|hall| {
        let Some((number, envelope)) = hall.common.envelopes.get(envelope).copied() else { return };
        let Some(budget) = hall.common.budgets.get(number) else { return };
        let left = budget.left(envelope, instant(now));
        put(0, left.time.map_or(f64::INFINITY, length_of));
        for (index, count) in [left.attempts, left.steps, left.tokens, left.money].into_iter().enumerate() {
            put(index + 1, count_of(count));
        }
    });
}

fn spend(counts: [f64; 4]) -> Spend {
    let [attempts, steps, tokens, money] = counts.map(unsigned);
    Spend { attempts, steps, tokens, money }
}
