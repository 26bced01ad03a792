//! `cargo xtask test`: runs stages one after the other, stops at the first that fails, and sums up.

use core::time::Duration;
use std::ffi::OsString;
use std::time::Instant;

use crate::project::Project;
use crate::say;
use crate::setup::{self, Need};
use crate::stages::Stage;
use crate::stop::Stop;

/// How a stage went.
struct Report {
    name: &'static str,
    verdict: &'static str,
    elapsed: Duration,
}

/// Installs what `stages` need, then runs them; `arguments` go to the last one.
pub(crate) fn run(project: &Project, stages: &[&'static Stage], arguments: &[OsString]) -> Result<(), Stop> {
    let needs: Vec<Need> = stages.iter().flat_map(|stage| stage.needs).copied().collect();
    let start = Instant::now();
    setup::provide(project, &needs)?;
    let mut reports = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        let is_last = index + 1 == stages.len();
        say::headline(&format!("{} of {}, {}: {} ({})", index + 1, stages.len(), stage.name, stage.what, stage.time));
        let begun = Instant::now();
        let outcome = run_one(project, stage, if is_last { arguments } else { &[] });
        let verdict = match &outcome {
            Ok(()) => "passed",
            Err(Stop::Skipped(_)) => "skipped",
            Err(_) => "failed",
        };
        reports.push(Report { name: stage.name, verdict, elapsed: begun.elapsed() });
        if let Err(Stop::Skipped(sentence)) = outcome {
            say::line(&sentence);
        } else if let Err(stop) = outcome {
            let left: Vec<_> = stages[index + 1..].iter().map(|stage| stage.name).collect();
            sum_up(&reports, &left, start.elapsed());
            return Err(explained(stop, stage.name));
        }
    }
    sum_up(&reports, &[], start.elapsed());
    Ok(())
}

fn run_one(project: &Project, stage: &Stage, arguments: &[OsString]) -> Result<(), Stop> {
    if let Some((file, advice)) = stage.files.iter().find(|(file, _)| !project.at(file).exists()) {
        return Err(Stop::Failed(format!("{file} is missing: {advice}.")));
    }
    (stage.run)(project, arguments)
}

fn sum_up(reports: &[Report], left: &[&str], total: Duration) {
    say::headline("Summary");
    for Report { name, verdict, elapsed } in reports {
        say::line(&format!("    {name:<11} {verdict:<7} {:>12}", say::duration(*elapsed)));
    }
    if !left.is_empty() {
        say::line(&format!("    not run: {}", left.join(", ")));
    }
    // Installing counts too: it is what a person waits for.
    say::line(&format!("    {:<19} {:>12}", "in all", say::duration(total)));
}

/// The failure of a stage, with how to see it again without the stages before it.
fn explained(stop: Stop, name: &str) -> Stop {
    match stop {
        Stop::Failed(sentence) => Stop::Failed(format!(
            "Stage `{name}` failed. {sentence}\nThis stage alone: cargo xtask test --only {name}    From here on: cargo xtask test --from {name}"
        )),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(
        files: &'static [(&'static str, &'static str)],
        run: fn(&Project, &[OsString]) -> Result<(), Stop>,
    ) -> Stage {
        Stage { name: "trial", what: "a trial", time: "no time", needs: &[], files, run }
    }

    #[test]
    fn stage_without_its_files_says_what_is_missing() {
        let project = Project::locate().unwrap();
        let error = run_one(&project, &stage(&[("no/such.file", "make one")], |_, _| Ok(())), &[]).unwrap_err();
        assert_eq!(error.to_string(), "no/such.file is missing: make one.");
    }

    #[test]
    fn first_failure_ends_the_run_and_names_the_stage() {
        static GOOD: Stage = Stage { name: "good", what: "", time: "", needs: &[], files: &[], run: |_, _| Ok(()) };
        static BAD: Stage = Stage {
            name: "bad",
            what: "",
            time: "",
            needs: &[],
            files: &[],
            run: |_, _| Err(Stop::Failed("Broken.".to_owned())),
        };
        static NEVER: Stage =
            Stage { name: "never", what: "", time: "", needs: &[], files: &[], run: |_, _| panic!("must not be run") };
        let project = Project::locate().unwrap();
        let error = run(&project, &[&GOOD, &BAD, &NEVER], &[]).unwrap_err();
        assert!(error.to_string().starts_with("Stage `bad` failed. Broken.\n"), "{error}");
        assert!(error.to_string().contains("cargo xtask test --only bad"));
        assert_eq!(error.exit_code(), 1);
        assert_eq!(run(&project, &[&GOOD], &[]), Ok(()));
    }

    #[test]
    fn a_stage_that_is_skipped_ends_nothing() {
        static SKIPPED: Stage = Stage {
            name: "skipped",
            what: "",
            time: "",
            needs: &[],
            files: &[],
            run: |_, _| Err(Stop::Skipped("It is not here.".to_owned())),
        };
        static BAD: Stage = Stage {
            name: "bad",
            what: "",
            time: "",
            needs: &[],
            files: &[],
            run: |_, _| Err(Stop::Failed("Broken.".to_owned())),
        };
        let project = Project::locate().unwrap();
        assert_eq!(run(&project, &[&SKIPPED], &[]), Ok(()));
        assert!(run(&project, &[&SKIPPED, &BAD], &[]).is_err(), "what follows is run");
    }

    #[test]
    fn interruption_is_not_blamed_on_the_stage() {
        assert_eq!(explained(Stop::Interrupted, "fmt"), Stop::Interrupted);
    }

    #[test]
    fn arguments_reach_the_last_stage_only() {
        static FIRST: Stage = Stage {
            name: "first",
            what: "",
            time: "",
            needs: &[],
            files: &[],
            run: |_, arguments| {
                assert!(arguments.is_empty());
                Ok(())
            },
        };
        static LAST: Stage = Stage {
            name: "last",
            what: "",
            time: "",
            needs: &[],
            files: &[],
            run: |_, arguments| {
                assert_eq!(arguments, ["--headed"]);
                Ok(())
            },
        };
        let project = Project::locate().unwrap();
        assert_eq!(run(&project, &[&FIRST, &LAST], &["--headed".into()]), Ok(()));
    }
}
