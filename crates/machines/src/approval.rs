//! Approvals of single actions: a question, bound to exact arguments, and what became of it.

use crate::hall::hall;
use steadfast::approval::{Approval, ApprovalGate, Decision, Outcome, sha256};
use steadfast::id::{ApprovalId, CallId, Key, RunId};
use steadfast::setting::InvalidSetting;
use steadfast::time::Instant;
use steadfast_boundary::opening::opened;
use steadfast_boundary::registers::{instant, micros_of, put};
use steadfast_boundary::settings::seed;
use wasm_bindgen::prelude::wasm_bindgen;

/// A question under way.
pub(crate) type Question = Approval;

/// Asks whether `tool` may run with exactly these arguments, in canonical form. The question's number; when it expires
/// stands in register 0.
#[wasm_bindgen]
#[must_use]
pub fn approval_ask(
    run_high: u32,
    run_low: u32,
    call: u32,
    tool: &str,
    args: &str,
    now: f64,
    expires_after: f64,
) -> i32 {
    let gate = ApprovalGate::default().with_approver(true);
    let gate = match gate.with_expires_after(instant(expires_after) - Instant::ORIGIN) {
        Ok(gate) => gate,
        Err(invalid) => return opened(Err(invalid)),
    };
    let (id, key) = (u64::from(call), Key { run: RunId(seed(run_high, run_low).0), call: CallId(u64::from(call)) });
    let approval = Approval::ask(ApprovalId(id), key, tool, args, instant(now), gate, sha256);
    put(0, micros_of(Some(approval.request().expires_at)));
    hall(|hall| {
        let number = hall.approvals.insert(approval);
        opened(Ok::<u32, InvalidSetting>(number))
    })
}

/// What a yes to it is bound to.
#[wasm_bindgen]
#[must_use]
pub fn approval_digest(question: u32) -> String {
    hall(|hall| hall.approvals.get(question).map(|asked| asked.request().digest.to_string())).unwrap_or_default()
}

/// Why it is asked.
#[wasm_bindgen]
#[must_use]
pub fn approval_why(question: u32) -> String {
    hall(|hall| hall.approvals.get(question).map(|asked| asked.request().why.clone())).unwrap_or_default()
}

/// Takes the answer: `decision` is 0 for a no with a message, 1 for a yes, 2 for a yes to the arguments in `text`. What
/// came of it: 0 approved, 1 denied, 2 expired, 3 nothing, for it was decided before.
#[wasm_bindgen]
#[must_use]
pub fn approval_decide(question: u32, now: f64, decision: u32, text: &str) -> u32 {
    let decision = match decision {
        0 => Decision::Deny { message: text.into() },
        1 => Decision::Approve,
        _ => Decision::ApproveEdited { args: text.into() },
    };
    hall(|hall| {
        let Some(asked) = hall.approvals.get_mut(question) else { return 3 };
        if asked.expire(instant(now)) {
            return 2;
        }
        match asked.decide(instant(now), decision) {
            Ok(Outcome::Approved { .. }) => 0,
            Ok(Outcome::Denied { .. }) => 1,
            Ok(Outcome::Expired) => 2,
            Err(_) => 3,
        }
    })
}

/// Lets time pass: whether it expired just now.
#[wasm_bindgen]
#[must_use]
pub fn approval_expire(question: u32, now: f64) -> bool {
    hall(|hall| hall.approvals.get_mut(question).is_some_and(|asked| asked.expire(instant(now))))
}

/// The question is not wanted any more.
#[wasm_bindgen]
pub fn approval_close(question: u32) {
    hall(|hall| hall.approvals.remove(question));
}
