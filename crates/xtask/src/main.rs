//! Every command of the project, as `cargo xtask COMMAND`.
//!
//! Two of them are all that a newcomer needs: `play` serves the playground, `test` runs every test. Both install
//! what is missing first and say what they install, why, and for about how long.
//!
//! Where to find what: [`args`] reads the command line, [`stages`] lists what `test` runs, [`setup`] lists what can
//! be missing and sends each to the file that knows how to get it ([`toolchain`], [`tools`], [`npm`], [`browser`]).

extern crate alloc;

mod args;
mod bench;
mod browser;
mod child;
mod driver;
mod fuzz;
mod interrupt;
mod npm;
mod page;
mod play;
mod port;
mod project;
mod say;
mod seal;
mod setup;
mod size;
mod small;
mod split;
mod stages;
mod stop;
mod test;
mod toolchain;
mod tools;
mod version;

use std::process::ExitCode;

use args::{Bench, Command};
use project::Project;
use stop::Stop;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)).and_then(|command| perform(&command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            say::stop(&stop);
            ExitCode::from(stop.exit_code())
        }
    }
}

fn perform(command: &Command) -> Result<(), Stop> {
    if let Command::Help = command {
        say::line(&args::help());
        return Ok(());
    }
    interrupt::listen()?;
    let project = Project::locate()?;
    match command {
        Command::Help => Ok(()),
        Command::Play { port } => play::play(&project, *port),
        Command::Test(selection) => test::run(&project, &selection.stages(), &[]),
        Command::Check => test::run(&project, &stages::named(&["fmt", "clippy", "native"]), &[]),
        Command::EndToEnd { arguments } => test::run(&project, &stages::named(&["page", "e2e"]), arguments),
        Command::Fuzz { seconds } => fuzz::fuzz(&project, *seconds),
        Command::Size => test::run(&project, &stages::named(&["page", "size"]), &[]),
        Command::FirstView => split::record(&project),
        Command::Bench(Bench::Speed { quick }) => bench::speed(&project, *quick),
        Command::Bench(Bench::Instructions { bless: false }) => bench::compare(&project),
        Command::Bench(Bench::Instructions { bless: true }) => bench::bless(&project),
        Command::Npm => driver::pack(&project),
        Command::Setup => setup::provide(&project, setup::Need::ALL),
        Command::Demo { arguments } => {
            // Nothing of our own is printed here: `demo --json` must stay one JSON array.
            let mut demo = project.cargo();
            demo.args(["run", "--quiet", "--package", "steadfast-sim", "--", "demo"]).args(arguments);
            child::hand_over(demo)
        }
    }
}
