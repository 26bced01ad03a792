//! `cargo xtask bench`: how fast decisions are, beside other libraries in the same run, and how many instructions they take.
//!
//! Times differ from machine to machine and from minute to minute. Whatever disturbs a measurement makes it longer, so what is
//! written down is the least disturbed of several rounds, with the others' figures of the same rounds beside ours. Instructions differ only with the code and the compiler,
//! so they are what a limit is held by.

mod estimates;
mod instructions;
mod table;

pub(crate) use instructions::{bless, compare};

use crate::child;
use crate::project::Project;
use crate::say;
use crate::stop::Stop;
use estimates::Estimates;
use table::Surroundings;

/// What is run; its own workspace, so that nobody else compiles the peers.
const MANIFEST: &str = "benches/Cargo.toml";
/// Where the table stands.
const PAGE: &str = "docs/performance.md";
/// Criterion's folder, emptied before each round: a figure left from another day would look like one of today.
const CRITERION: &str = "target/criterion";
/// Enough that each benchmark meets a quiet moment on a machine that others use as well.
const ROUNDS: usize = 5;

/// Measures, prints the table, and unless it was `quick` writes it into the page.
pub(crate) fn speed(project: &Project, quick: bool) -> Result<(), Stop> {
    say::headline("What is measured does what it should, and takes nothing from the heap");
    let mut test = project.cargo();
    test.args(["test", "--release", "--locked", "--manifest-path", MANIFEST, "--lib", "--test", "allocations"]);
    child::stream(test)?;
    let mut rounds = Vec::new();
    for round in 1..=if quick { 1 } else { ROUNDS } {
        say::headline(&format!("Round {round} of {}", if quick { 1 } else { ROUNDS }));
        rounds.push(measure(project, quick)?);
    }
    let table = table::table(&Estimates::quickest(&rounds), &surroundings(project)?)?;
    say::headline("Results");
    say::line(&table);
    if quick {
        say::line(&format!("A quick look; {PAGE} is left as it is. For the figures in it: cargo xtask bench"));
        return Ok(());
    }
    let page = table::replaced(&project.read(PAGE)?, &table)?;
    project.write(PAGE, &page)?;
    say::line(&format!("Written into {PAGE}."));
    Ok(())
}

fn measure(project: &Project, quick: bool) -> Result<Estimates, Stop> {
    let folder = project.at(CRITERION);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Stop::Failed(format!("Cannot empty {CRITERION}: {error}.")));
        }
        _ => {}
    }
    let mut bench = project.cargo();
    bench.args(["bench", "--locked", "--manifest-path", MANIFEST, "--bench", "speed", "--"]);
    if quick {
        bench.args(["--warm-up-time", "0.1", "--measurement-time", "0.3", "--sample-size", "20"]);
    }
    bench.env("CRITERION_HOME", &folder);
    child::stream(bench)?;
    Estimates::read(&folder)
}

fn surroundings(project: &Project) -> Result<Surroundings, Stop> {
    let mut rustc = project.command("rustc");
    rustc.arg("--version");
    Ok(Surroundings {
        lock: project.read("benches/Cargo.lock")?,
        compiler: child::output(rustc).unwrap_or_else(|| "an unknown rustc".to_owned()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        rounds: ROUNDS,
    })
}
