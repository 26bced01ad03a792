//! Instructions a decision takes, counted by Valgrind: the same on a busy machine and on an idle one.
//!
//! A program that repeats one decision is run N times and 2N times; the difference, divided by N, is the decision without
//! the start of the process.

use std::fmt::Write as _;

use crate::child;
use crate::project::Project;
use crate::say;
use crate::stop::Stop;

/// The counts to compare with: `NAME COUNT` a line.
const FILE: &str = "benches/instructions.txt";
const BLESS: &str = "cargo xtask bench --instructions --bless";
/// In percent: above it, a decision has become dearer by more than another version of an inlining heuristic explains.
const TOLERANCE: u64 = 5;

/// What is counted, and N: enough to hide the last digit of a division, few enough for a slow machine under Valgrind.
const DECISIONS: [(&str, u64); 8] = [
    ("breaker_call", 10_000),
    ("breaker_refusal", 10_000),
    ("guarded_call", 10_000),
    ("guarded_refusal", 10_000),
    ("retry_third_try", 10_000),
    // Powers of two and more: the conversation's memory grows by doubling, and both counts should see it do so alike.
    ("run_step", 4_096),
    ("simulated_run", 1_000),
    ("simulated_run_traced", 1_000),
];

/// Compares the counts of now with the file's; one above the tolerance is an error.
pub(crate) fn compare(project: &Project) -> Result<(), Stop> {
    let Some(counts) = count(project)? else { return Ok(()) };
    let before = project.read(FILE)?;
    let verdict = Verdict::of(&counts, &before);
    say::line(&verdict.table);
    if verdict.dearer.is_empty() {
        return Ok(());
    }
    let mut sentence = format!("More instructions than {FILE} allows: {}.", verdict.dearer.join(", "));
    let compiler = compiler(project);
    if !before.contains(&compiler) {
        let _ = write!(sentence, "\nThe file was written with another compiler than {compiler}, which may explain it.");
    }
    Err(Stop::Failed(sentence).with(&format!("If that is the price of something worth it, accept it: {BLESS}")))
}

/// Writes the counts of now into the file.
pub(crate) fn bless(project: &Project) -> Result<(), Stop> {
    let Some(counts) = count(project)? else { return Ok(()) };
    let mut text = format!("# Instructions a decision takes, with {}. Accept others: {BLESS}\n", compiler(project));
    for (name, instructions) in &counts {
        let _ = writeln!(text, "{name} {instructions}");
    }
    project.write(FILE, &text)?;
    say::line(&text);
    say::line(&format!("Written into {FILE}."));
    Ok(())
}

/// Builds the program and counts every decision; `None`, said aloud, without Valgrind.
fn count(project: &Project) -> Result<Option<Vec<(&'static str, u64)>>, Stop> {
    if project.find("valgrind").is_none() {
        say::line(
            "Valgrind is not installed, so no instructions are counted; that is no failure. On Debian: apt-get install valgrind",
        );
        return Ok(None);
    }
    let mut build = project.cargo();
    build.args(["build", "--locked", "--release", "--manifest-path", super::MANIFEST, "--bin", "instructions"]);
    // Where the program lies depends on Cargo's settings; Cargo says it in the last message but one.
    build.args(["--message-format", "json-render-diagnostics"]);
    let messages = child::answer(build)?;
    let program =
        executable(&messages).ok_or_else(|| Stop::Failed("Cargo did not say where it built to.".to_owned()))?;
    DECISIONS
        .iter()
        .map(|(name, repetitions)| {
            let (once, twice) =
                (collected(project, program, name, *repetitions)?, collected(project, program, name, repetitions * 2)?);
            Ok((*name, twice.saturating_sub(once) / repetitions))
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// All the instructions of one run of the program.
fn collected(project: &Project, program: &str, name: &str, repetitions: u64) -> Result<u64, Stop> {
    let mut valgrind = project.command("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1", program, name]);
    let said = child::answer({
        valgrind.arg(repetitions.to_string());
        valgrind
    })?;
    total(&said).ok_or_else(|| Stop::Failed(format!("Valgrind did not say how many instructions it counted:\n{said}")))
}

/// The number in Callgrind's line `==123== Collected : 456`.
fn total(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected :")?.1.split_whitespace().next()?.parse().ok())
}

/// The path in Cargo's message about the program it built.
fn executable(messages: &str) -> Option<&str> {
    messages.lines().rev().find_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next())
}

fn compiler(project: &Project) -> String {
    let mut rustc = project.command("rustc");
    rustc.arg("--version");
    let version = child::output(rustc).unwrap_or_else(|| "an unknown rustc".to_owned());
    format!("{version} for {}", std::env::consts::ARCH)
}

/// The counts of now beside those of the file.
struct Verdict {
    table: String,
    dearer: Vec<String>,
}

impl Verdict {
    fn of(counts: &[(&str, u64)], file: &str) -> Self {
        let mut verdict =
            Self { table: format!("{:<22} {:>9} {:>9}", "decision", "before", "now"), dearer: Vec::new() };
        for (name, now) in counts {
            let before = recorded(file, name);
            let shown = before.map_or_else(|| "-".to_owned(), |before| before.to_string());
            let _ = write!(verdict.table, "\n{name:<22} {shown:>9} {now:>9}");
            match before {
                // A decision without a count has no limit either, and that should not go unnoticed.
                None => verdict.dearer.push(format!("{name} takes {now} and stands not in the file")),
                Some(before) if now * 100 > before * (100 + TOLERANCE) => {
                    verdict.dearer.push(format!("{name} takes {now} instead of {before}"));
                }
                Some(_) => {}
            }
        }
        verdict
    }
}

/// The file's count of that name.
fn recorded(file: &str, name: &str) -> Option<u64> {
    file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_more_pass_and_more_than_that_do_not() {
        let dearer = |now| Verdict::of(&[("breaker_call", now)], "# comment\nbreaker_call 200\n").dearer;
        assert_eq!(dearer(100), [""; 0]);
        assert_eq!(dearer(210), [""; 0]);
        assert_eq!(dearer(211), ["breaker_call takes 211 instead of 200"]);
    }

    #[test]
    fn decision_without_a_count_is_noticed() {
        let verdict = Verdict::of(&[("breaker", 7)], "breaker_call 200\n");
        assert_eq!(verdict.dearer, ["breaker takes 7 and stands not in the file"]);
        assert!(verdict.table.ends_with("breaker                        -         7"), "{}", verdict.table);
    }

    #[test]
    fn callgrind_s_total_is_read() {
        assert_eq!(total("==7== \n==7== Events    : Ir\n==7== Collected : 2408151\n"), Some(2_408_151));
        assert_eq!(total("==7== Events    : Ir"), None);
    }

    #[test]
    fn program_is_where_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/t/release/instructions","fresh":true}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#
        );
        assert_eq!(executable(messages), Some("/t/release/instructions"));
        assert_eq!(executable("{}"), None);
    }

    #[test]
    fn file_has_a_count_for_every_decision() {
        let project = Project::locate().unwrap();
        let file = project.read(FILE).unwrap();
        for (name, _) in DECISIONS {
            assert!(recorded(&file, name).is_some(), "{name}");
        }
    }
}
