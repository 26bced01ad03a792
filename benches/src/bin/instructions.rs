//! Repeats one decision, for whoever counts its instructions: `instructions DECISION REPETITIONS`.
//!
//! `cargo xtask bench --instructions` runs it under Valgrind, N times and 2N times; what the second run needs more is N
//! repetitions and nothing of the start of a process.

use std::process::ExitCode;
use steadfast_benches::{ClosedBreaker, GuardedCall, LongRun, OpenBreaker, RejectedCall, RetriedCall, simulated_run};

const USAGE: &str = "usage: instructions breaker_call|breaker_refusal|guarded_call|guarded_refusal|retry_third_try|run_step|\
                     simulated_run|simulated_run_traced REPETITIONS";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [decision, repetitions] = words.as_slice() else { return misuse() };
    let Ok(repetitions) = repetitions.parse() else { return misuse() };
    let Some(done) = repeat(decision, repetitions) else { return misuse() };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Answers whether every repetition ended as it should; `None` if there is no such decision.
fn repeat(decision: &str, repetitions: u64) -> Option<bool> {
    let mut closed = ClosedBreaker::after(100);
    let mut open = OpenBreaker::default();
    let (mut guarded, mut rejected) = (GuardedCall::default(), RejectedCall::default());
    let mut retried = RetriedCall::default();
    let mut numbers = 0..repetitions;
    Some(match decision {
        "breaker_call" => numbers.all(|_| closed.call()),
        "breaker_refusal" => numbers.all(|_| open.call()),
        "guarded_call" => numbers.all(|_| guarded.call()),
        "guarded_refusal" => numbers.all(|_| rejected.call()),
        "retry_third_try" => numbers.all(|_| retried.call(2) == Some(3)),
        "run_step" => LongRun::after(10).is_some_and(|mut long| numbers.all(|_| long.step())),
        "simulated_run" => numbers.all(|seed| simulated_run(seed, false) == 2),
        "simulated_run_traced" => numbers.all(|seed| simulated_run(seed, true) == 2),
        _ => return None,
    })
}

fn misuse() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
