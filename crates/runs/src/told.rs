//! What a run wants done, as JSON for the driver.

use serde::Serialize;
use steadfast::approval::ApprovalRequest;
use steadfast::call::Attempt;
use steadfast::effect::LedgerEntry;
use steadfast::id::{ApprovalId, AttemptId, CallId, Key};
use steadfast::run::Output;
use steadfast::time::Instant;

/// One thing to do.
#[derive(Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Told {
    Think {
        attempt: Begun,
    },
    Act {
        attempt: Begun,
        tool: String,
        args: String,
    },
    Reconcile {
        attempt: Begun,
        tool: String,
        args: String,
    },
    /// The ledger that resumed runs share, where the host keeps it.
    Claim {
        call: CallId,
        again: bool,
        entry: LedgerEntry,
    },
    Record {
        entry: LedgerEntry,
    },
    Ask {
        request: ApprovalRequest,
    },
    Withdraw {
        id: ApprovalId,
    },
    Abandon {
        call: CallId,
        attempt: u32,
    },
}

/// An attempt to begin.
#[derive(Serialize)]
pub(crate) struct Begun {
    call: CallId,
    attempt: u32,
    option: u32,
    /// When the time is up that all its attempts have together.
    deadline: Option<Instant>,
    key: Key,
}

impl Begun {
    fn new(attempt: Attempt) -> Self {
        let Attempt { id: AttemptId { call, attempt: number }, option, deadline, key, .. } = attempt;
        Self { call, attempt: number, option, deadline, key }
    }
}

impl Told {
    /// What is to be done about an output; waiting and being finished are none of these.
    pub(crate) fn of(output: Output) -> Option<Self> {
        Some(match output {
            Output::Think(attempt) => Self::Think { attempt: Begun::new(attempt) },
            Output::Act { attempt, tool, args } => Self::Act { attempt: Begun::new(attempt), tool, args },
            Output::Reconcile { attempt, key, tool, args } => {
                Self::Reconcile { attempt: Begun { key, ..Begun::new(attempt) }, tool, args }
            }
            Output::Claim(claim) => Self::Claim { call: claim.entry.key.call, again: claim.again, entry: claim.entry },
            Output::Record(entry) => Self::Record { entry },
            Output::Ask(request) => Self::Ask { request },
            Output::Withdraw(id) => Self::Withdraw { id },
            Output::Abandon(id) => Self::Abandon { call: id.call, attempt: id.attempt },
            Output::Wait { .. } | Output::Finished => return None,
        })
    }
}
