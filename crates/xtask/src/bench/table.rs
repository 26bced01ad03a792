//! The table of `docs/performance.md`: which figures stand side by side, and how they read.

use super::estimates::Estimates;
use crate::stop::Stop;
use crate::version;

/// Between these two the page belongs to `cargo xtask bench`.
const BEGIN: &str = "<!-- cargo xtask bench writes from here -->";
const END: &str = "<!-- to here -->";

/// Where a run took place.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The text of the lock file that names the peers' versions.
    pub(crate) lock: String,
    pub(crate) compiler: String,
    pub(crate) cores: usize,
    pub(crate) rounds: usize,
}

/// Ours, and what stands beside it.
struct Row {
    what: &'static str,
    ours: &'static str,
    beside: Beside,
}

enum Beside {
    Nothing,
    /// A package, what of it, and its figure.
    Peer(&'static str, &'static str, &'static str),
    /// Ours again, under other circumstances.
    Ours(&'static str, &'static str),
}
use Beside::{Nothing, Ours, Peer};

const CLOSED: &str = "a call through a closed breaker: admit and settle";
const CLOSED_CLOCK: &str = "the same, with the host's clock read once";
const OPEN: &str = "a refusal by an open breaker";
const OPEN_CLOCK: &str = "the same, with the host's clock read once";
const TOWER: &str = "tower-resilience-circuitbreaker";

/// The decisions, each in the time it takes.
const DECISIONS: [Row; 17] = [
    row(CLOSED, "breaker/closed/steadfast", Peer("recloser", "", "breaker/closed/recloser")),
    row(CLOSED, "breaker/closed/steadfast", Peer("failsafe", ", failures in a row only", "breaker/closed/failsafe")),
    row(CLOSED, "breaker/closed/steadfast", Peer(TOWER, "", "breaker/closed/tower_resilience")),
    row(CLOSED_CLOCK, CLOCK_C, Peer("failsafe", ", its default", "breaker/closed/failsafe_default")),
    row(CLOSED_CLOCK, CLOCK_C, Peer(TOWER, "", "breaker/closed/tower_resilience")),
    row(OPEN, "breaker/open/steadfast", Peer("recloser", "", "breaker/open/recloser")),
    row(OPEN, "breaker/open/steadfast", Peer("failsafe", "", "breaker/open/failsafe")),
    row(OPEN, "breaker/open/steadfast", Peer(TOWER, "", "breaker/open/tower_resilience")),
    row(OPEN_CLOCK, CLOCK_O, Peer("recloser", "", "breaker/open/recloser")),
    row(OPEN_CLOCK, CLOCK_O, Peer("failsafe", "", "breaker/open/failsafe")),
    row("a guarded call that succeeds, all layers on", "guarded call/success/steadfast", Nothing),
    row("a guarded call that an open breaker refuses", "guarded call/rejection/steadfast", Nothing),
    row("retries only, success at the first try", RETRY_1, Peer("backon", "", "guarded call/retry_first_try/backon")),
    row("retries only, success at the third try", RETRY_3, Peer("backon", "", "guarded call/retry_third_try/backon")),
    row("a breaker's call after 1,000,000 others", "history/breaker/1000000", Ours("after 10", "history/breaker/10")),
    row("a run's step after 10,000 others", "history/run_step/10000", Ours("after 10", "history/run_step/10")),
    row("a request to the bare service behind tower's breaker", "breaker/closed/bare_service", Nothing),
];
const CLOCK_C: &str = "breaker/closed/steadfast_with_clock";
const CLOCK_O: &str = "breaker/open/steadfast_with_clock";
const RETRY_1: &str = "guarded call/retry_first_try/steadfast";
const RETRY_3: &str = "guarded call/retry_third_try/steadfast";

/// Whole simulated runs, by how many fit into a second.
const RUNS: [(&str, &str); 2] = [
    ("without a trace", "simulated runs/flaky/untraced"),
    ("with everything written down", "simulated runs/flaky/traced"),
];

const fn row(what: &'static str, ours: &'static str, beside: Beside) -> Row {
    Row { what, ours, beside }
}

/// The tables, with where they come from.
pub(crate) fn table(estimates: &Estimates, surroundings: &Surroundings) -> Result<String, Stop> {
    let mut lines = vec![
        format!(
            "Measured by `cargo xtask bench`, the least disturbed of {} rounds, with {}, release build, {} {}, {} cores.",
            surroundings.rounds,
            surroundings.compiler,
            std::env::consts::ARCH,
            std::env::consts::OS,
            surroundings.cores
        ),
        String::new(),
        "| decision | Steadfast | beside it | theirs / ours |".to_owned(),
        "|---|---:|---|---:|".to_owned(),
    ];
    for Row { what, ours, beside } in &DECISIONS {
        let ours = estimates.of(ours)?;
        let (beside, ratio) = match beside {
            Nothing => (String::new(), String::new()),
            Peer(package, which, name) => {
                let theirs = estimates.of(name)?;
                let version = version::locked(&surroundings.lock, package)
                    .ok_or_else(|| Stop::Failed(format!("benches/Cargo.lock does not name {package}.")))?;
                (format!("{package} {version}{which}: {}", time(theirs)), ratio(theirs, ours))
            }
            Ours(when, name) => {
                let before = estimates.of(name)?;
                (format!("{when}: {}", time(before)), ratio(before, ours))
            }
        };
        lines.push(format!("| {what} | {} | {beside} | {ratio} |", time(ours)));
    }
    lines.extend([
        String::new(),
        "| agent runs of the scenario `flaky`, on one core | a second |".to_owned(),
        "|---|---:|".to_owned(),
    ]);
    for (what, name) in RUNS {
        lines.push(format!("| {what} | {} |", thousands(estimates.of(name)?)));
    }
    Ok(lines.join("\n"))
}

/// The page with `table` between its marks.
pub(crate) fn replaced(page: &str, table: &str) -> Result<String, Stop> {
    let missing = || Stop::Failed(format!("docs/performance.md has lost its marks: `{BEGIN}` and, below it, `{END}`."));
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

/// Three digits are as many as a shared machine repeats.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 10.0 => format!("{ns:.2} ns"),
        ns if ns < 100.0 => format!("{ns:.1} ns"),
        ns if ns < 1_000.0 => format!("{ns:.0} ns"),
        ns => format!("{:.2} µs", ns / 1_000.0),
    }
}

fn ratio(theirs: f64, ours: f64) -> String {
    format!("{:.2}", theirs / ours)
}

/// How many of that length fit into a second, in whole thousands.
fn thousands(nanoseconds: f64) -> String {
    format!("{:.0},000", 1e6 / nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ratios_read_with_the_digits_they_deserve() {
        let times = [0.604, 7.231, 20.58, 245.7, 1_258.5].map(time);
        assert_eq!(times, ["0.60 ns", "7.23 ns", "20.6 ns", "246 ns", "1.26 µs"]);
        assert_eq!(ratio(245.0, 10.0), "24.50");
        assert_eq!(thousands(3_446.7), "290,000");
    }

    #[test]
    fn page_keeps_what_stands_around_the_marks() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = replaced(&page, "new").unwrap();
        assert_eq!(new, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert_eq!(replaced(&new, "new").unwrap(), new);
        for broken in ["", BEGIN, END, &format!("{END}{BEGIN}")] {
            assert!(replaced(broken, "new").unwrap_err().to_string().contains("has lost its marks"), "{broken}");
        }
    }

    #[test]
    fn project_s_page_has_its_marks_and_the_peers_their_versions() {
        let project = crate::project::Project::locate().unwrap();
        assert!(replaced(&project.read("docs/performance.md").unwrap(), "new").is_ok());
        let (manifest, lock) =
            (project.read("benches/Cargo.toml").unwrap(), project.read("benches/Cargo.lock").unwrap());
        for Row { beside, .. } in &DECISIONS {
            if let Peer(package, ..) = beside {
                let version = version::locked(&lock, package).unwrap();
                assert!(manifest.contains(&format!("\"={version}\"")), "{package} is pinned to {version}");
            }
        }
    }

    #[test]
    fn a_figure_that_was_not_measured_is_no_figure() {
        let surroundings = Surroundings { lock: String::new(), compiler: "rustc 1".to_owned(), cores: 2, rounds: 3 };
        let error = table(&Estimates::default(), &surroundings).unwrap_err();
        assert!(error.to_string().contains("breaker/closed/steadfast"), "{error}");
    }
}
