//! `cargo xtask play`: the playground in a person's browser, rebuilt when a source changes.

use std::process::Child;
use std::thread::sleep;

use crate::child;
use crate::interrupt;
use crate::page::{self, Answer};
use crate::port;
use crate::project::Project;
use crate::say;
use crate::setup::{self, Need};
use crate::stop::Stop;

/// Not `dist`, which the tests build and weigh: both may run at once.
const FOLDER: &str = "target/play";
const NEEDS: &[Need] = &[Need::WasmTarget, Need::WasmBindgen, Need::Trunk];

/// Serves the playground on `wanted`, or the next free port, until somebody ends it.
pub(crate) fn play(project: &Project, wanted: u16) -> Result<(), Stop> {
    setup::provide(project, NEEDS)?;
    let port = port::choose(wanted)?;
    // Trunk serves what an earlier build left when the present one fails; without it, an answer means success.
    let _ = std::fs::remove_dir_all(project.at(FOLDER));
    say::headline("Building the playground (the first time about 2 minutes, later seconds)");
    let mut trunk = project.command("trunk");
    trunk.args([
        "serve",
        "--release",
        "--no-autoreload",
        "--address",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--dist",
        FOLDER,
    ]);
    let mut trunk = child::spawn(&mut trunk)?;
    let outcome = attend(&mut trunk, port);
    child::end(&mut trunk);
    outcome
}

/// Watches over Trunk: says when the page is up, notices when Trunk ends or Ctrl-C is pressed.
fn attend(trunk: &mut Child, port: u16) -> Result<(), Stop> {
    let mut is_up = false;
    loop {
        if interrupt::is_requested() {
            // Ending a server that runs is what Ctrl-C is for, and no failure.
            if !is_up {
                return Err(Stop::Interrupted);
            }
            say::line("\nThe playground is closed.");
            return Ok(());
        }
        if let Some(status) = child::ended(trunk)? {
            return Err(Stop::Failed(format!("Trunk ended with {}; what it said stands above.", child::said(status))));
        }
        if !is_up {
            match page::ask(port) {
                Answer::Nothing => {}
                Answer::Page => {
                    is_up = true;
                    say::line(&format!("\nPlayground: http://127.0.0.1:{port}/"));
                    say::line("Ctrl-C ends it.");
                }
                // Trunk opens the port once it has built, whether that went well or not.
                Answer::Other(status) => {
                    return Err(Stop::Failed(format!(
                        "The playground could not be built (its server answers {status}); what Trunk said stands above."
                    )));
                }
            }
        }
        sleep(child::LOOK);
    }
}
