//! Commands, and what they print where.

mod demo;
mod story;
mod swarm;

use clap::{Parser, Subcommand};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// The reliability layer for AI agents, in a simulated world.
#[derive(Debug, Parser)]
#[command(name = "steadfast", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells how an agent fares in each scenario: the fault, the decisions that matter with their reasons, the result.
    Demo(demo::Options),
    /// Makes many runs in hostile worlds drawn from seeds, and checks what must stay true of each.
    Swarm(swarm::Options),
}

/// Reads a seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Reads how many runs: none would find nothing wrong, and say so.
fn runs(text: &str) -> Result<u64, String> {
    let runs = text.parse().ok().filter(|runs| *runs > 0);
    runs.ok_or_else(|| format!("a number of runs is a whole number from 1 to {}", u64::MAX))
}

/// What a command has to say, and whether it found something wrong.
struct Printed {
    text: String,
    failed: bool,
}

pub(crate) fn main() -> ExitCode {
    let printed = match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Swarm(options) => swarm::run(&options),
    };
    let code = if printed.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    // `anstream` leaves colour out unless this is a terminal and nobody set NO_COLOR.
    match anstream::stdout().write_all(printed.text.as_bytes()) {
        Ok(()) => code,
        // Whoever reads has read enough (`demo | head`): nothing is wrong.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => code,
        Err(error) => {
            // With nowhere left to say it, the exit code has to do.
            let _ = writeln!(std::io::stderr(), "steadfast: cannot write the output: {error}");
            ExitCode::FAILURE
        }
    }
}
