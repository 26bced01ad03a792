//! Commands, and what they print where.

mod demo;
mod story;

use clap::{Parser, Subcommand};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// The reliability layer for AI agents, in a simulated world.
#[derive(Debug, Parser)]
#[command(name = "steadfast", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells how an agent fares in each scenario: the fault, every decision with its reason, the result.
    Demo(demo::Options),
}

pub(crate) fn main() -> ExitCode {
    let Arguments { command: Command::Demo(options) } = Arguments::parse();
    let text = if options.json { demo::json(&options) } else { demo::story(&options) };
    // `anstream` leaves colour out unless this is a terminal and nobody set NO_COLOR.
    match anstream::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough (`demo | head`): nothing is wrong.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // With nowhere left to say it, the exit code has to do.
            let _ = writeln!(std::io::stderr(), "steadfast: cannot write the output: {error}");
            ExitCode::FAILURE
        }
    }
}
