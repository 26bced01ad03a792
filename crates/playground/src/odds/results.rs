//! What was found out, ready to be drawn: rows of figures with their intervals, the histogram, and the way into each bar.

use super::compare::Pairs;
use super::histogram::{Bar, histogram};
use super::interval::Estimate;
use super::plan::{OddsPlan, Side};
use super::sample::Sample;
use super::tally::{Quantile, Tally};
use super::words::{between, decimal, grouped, seconds, shift, signed};
use crate::row::{Kind, row};
use crate::settings::Settings;
use std::collections::BTreeSet;
use steadfast::event::Event;
use steadfast_sim::{Line, What, WorldEvent};

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// What was asked.
    pub plan: OddsPlan,
    /// Each policy: its histogram and its worst run.
    pub sides: Vec<SideDrawn>,
    /// The figures, in the order in which they matter.
    pub rows: Vec<RowDrawn>,
    /// All of it in a sentence or two.
    pub summary: String,
    tallies: Vec<Tally>,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideDrawn {
    /// What it is called.
    pub name: String,
    /// When its runs ended.
    pub bars: Vec<BarDrawn>,
    /// Its worst run, and what is so bad about it.
    pub worst: Option<(u64, String)>,
}

/// A bar of the histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarDrawn {
    /// From when.
    pub from: String,
    /// From when to when.
    pub label: String,
    /// How many runs.
    pub runs: String,
    /// How many of them are a success.
    pub successes: String,
    /// Its height: in thousandths of the highest bar of all.
    pub height: u64,
    /// The part of it that is a success, in thousandths.
    pub good: u64,
    /// The seed that it opens, if it has any.
    pub seed: Option<u64>,
    /// Its full name.
    pub name: String,
}

/// One thing worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDrawn {
    /// What it is called.
    pub title: &'static str,
    /// What that means.
    pub about: &'static str,
    /// It, for each policy; of what compares seeds, nothing.
    pub figures: Vec<Figure>,
    /// By how much the second differs from the first.
    pub difference: Option<Figure>,
    /// Whether that is better or worse, or nobody can tell.
    pub verdict: &'static str,
}

/// An estimate in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figure {
    /// The estimate.
    pub value: String,
    /// Between what it lies, with 95 % confidence.
    pub interval: String,
}

/// Which way is better.
#[derive(Clone, Copy)]
enum Better {
    More,
    Less,
    Neither,
}

type Claim = (&'static str, &'static str, Better, fn(&Sample) -> bool);

/// What is so of a run or not.
const CLAIMS: [Claim; 6] = [
    ("Success", "The model's answer, nothing blocked, no harm done.", Better::More, Sample::is_success),
    ("Degraded", "An honest message instead of the model's answer.", Better::Neither, |sample| sample.degraded),
    ("Blocked", "A tool that was asked for did not run.", Better::Neither, |sample| sample.blocked),
    ("No answer", "Crashed, waits for ever, or goes round for ever.", Better::Less, |sample| !sample.ended_well),
    ("Harmful effects", "Ran without a yes to exactly it.", Better::Less, |sample| sample.harmful > 0),
    ("Duplicates", "Must not happen twice, and did.", Better::Less, |sample| sample.duplicates > 0),
];

impl Results {
    pub(super) fn of(plan: OddsPlan, tallies: Vec<Tally>) -> Self {
        let pairs = match &tallies[..] {
            [first, second] => Some(Pairs::of(first, second)),
            _ => None,
        };
        let rows = rows(&tallies, pairs.as_ref());
        let histograms = histogram(&tallies);
        let all = || histograms.iter().flatten();
        let highest = all().map(|bar| bar.runs).max().unwrap_or(0).max(1);
        let width = all().map(|bar| bar.to - bar.from).max().unwrap_or(0);
        let side = |((bars, tally), side): ((&Vec<Bar>, &Tally), &Side)| SideDrawn {
            name: side.name.clone(),
            bars: bars.iter().map(|bar| bar_drawn(bar, highest, width)).collect(),
            worst: tally.worst().map(|sample| (sample.seed, bad_about(sample))),
        };
        let sides = histograms.iter().zip(&tallies).zip(&plan.sides).map(side).collect();
        let summary = summary(&plan, &tallies);
        Self { plan, sides, rows, summary, tallies }
    }

    /// The settings of a run, and what it came down to.
    pub(super) fn run(&self, side: usize, seed: u64) -> Option<(Settings, Sample)> {
        let (side, tally) = self.plan.sides.get(side).zip(self.tallies.get(side))?;
        let samples = tally.samples();
        let place = samples.binary_search_by_key(&seed, |sample| sample.seed).ok()?;
        Some((Settings { seed, ..side.settings.clone() }, samples[place]))
    }

    /// The runs of each policy.
    #[must_use]
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }
}

fn rows(tallies: &[Tally], pairs: Option<&Pairs<'_>>) -> Vec<RowDrawn> {
    let mut rows: Vec<RowDrawn> = CLAIMS
        .into_iter()
        .map(|(title, about, better, is_so)| {
            let figures = tallies.iter().map(|tally| share(tally.count(is_so), &tally.share(is_so))).collect();
            let difference = pairs.map(|pairs| pairs.share(is_so));
            let write = |share: f64| signed(share * 100.0, 2);
            compared(title, about, figures, difference, better, write, " points")
        })
        .collect();
    for (title, about, per_mille) in [
        ("Time, half", "Half of all runs have ended by then.", 500),
        ("Time, 95 of 100", "95 % of all runs have ended by then.", 950),
    ] {
        let figures =
            tallies.iter().filter_map(|tally| tally.time(per_mille)).map(|quantile| time(&quantile)).collect();
        rows.push(RowDrawn { title, about, figures, difference: None, verdict: "" });
    }
    if let Some(moved) = pairs.and_then(Pairs::time) {
        let interval = format!("{} to {}", shift(moved.low), shift(moved.high));
        rows.push(RowDrawn {
            title: "Time, seed by seed",
            about: "How much later the same seed ends: the median.",
            figures: tallies.iter().map(|_| Figure::default()).collect(),
            difference: Some(Figure { value: shift(moved.value), interval }),
            verdict: verdict(moved.low > 0, moved.high < 0, Better::Less),
        });
    }
    let attempts = |tally: &Tally| estimated(&tally.attempts_per_call(), |value| decimal(value, 3), "");
    rows.push(compared(
        "Attempts per call",
        "1 means that nothing was tried twice.",
        tallies.iter().map(attempts).collect(),
        pairs.map(Pairs::attempts_per_call),
        Better::Less,
        |value| signed(value, 3),
        "",
    ));
    let money = |tally: &Tally| estimated(&tally.money(), |value| dollars(value, decimal), "");
    rows.push(compared(
        "Money per run",
        "What the model's provider charges.",
        tallies.iter().map(money).collect(),
        pairs.map(Pairs::money),
        Better::Less,
        |value| dollars(value, signed),
        "",
    ));
    rows
}

fn compared(
    title: &'static str,
    about: &'static str,
    figures: Vec<Figure>,
    difference: Option<Estimate>,
    better: Better,
    write: impl Fn(f64) -> String,
    unit: &str,
) -> RowDrawn {
    let verdict = difference.map_or("", |by| verdict(by.low > 0.0, by.high < 0.0, better));
    let difference =
        difference.map(|by| Figure { value: format!("{}{unit}", write(by.value)), interval: between(&by, write, "") });
    RowDrawn { title, about, figures, difference, verdict }
}

fn verdict(is_more: bool, is_less: bool, better: Better) -> &'static str {
    match (is_more, is_less, better) {
        (false, false, _) => "no difference seen",
        (true, _, Better::More) | (_, true, Better::Less) => "better",
        (_, true, Better::More) | (true, _, Better::Less) => "worse",
        (true, _, Better::Neither) => "more",
        (_, true, Better::Neither) => "less",
    }
}

fn share(runs: u64, share: &Estimate) -> Figure {
    let percent = |share: f64| decimal(share * 100.0, 2);
    let interval = format!("{}; {}", count_of(runs, "run"), between(share, percent, " %"));
    Figure { value: format!("{} %", percent(share.value)), interval }
}

fn estimated(estimate: &Estimate, write: impl Fn(f64) -> String, unit: &str) -> Figure {
    Figure { value: format!("{}{unit}", write(estimate.value)), interval: between(estimate, write, unit) }
}

fn time(quantile: &Quantile) -> Figure {
    let Quantile { value, low, high } = *quantile;
    let interval = format!("{} to {}", seconds(low, 2), seconds(high, 2));
    Figure { value: seconds(value, 2), interval }
}

/// Millionths of a dollar as dollars.
fn dollars(millionths: f64, write: fn(f64, u32) -> String) -> String {
    format!("{} $", write(millionths / 1_000_000.0, 6))
}

fn count_of(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn bar_drawn(bar: &Bar, highest: u64, width: u64) -> BarDrawn {
    let decimals = match width {
        1_000_000.. => 0,
        100_000.. if width.is_multiple_of(100_000) => 1,
        _ => 2,
    };
    let (when, label) = if bar.from == Sample::NEVER {
        ("never ended".into(), "never".into())
    } else {
        let (from, to) = (seconds(bar.from, decimals), seconds(bar.to, decimals));
        (format!("ended after {from} to {to}"), format!("{} to {to}", from.trim_end_matches(" s")))
    };
    let good = match bar.successes {
        all if all == bar.runs => String::new(),
        0 => ", none of them a success".into(),
        some => format!(", {} of them a success", grouped(some)),
    };
    let opens = bar.seed.map_or_else(String::new, |seed| format!("; open seed {seed}"));
    BarDrawn {
        from: seconds(bar.from, decimals),
        label,
        runs: grouped(bar.runs),
        successes: grouped(bar.successes),
        height: bar.runs * 1_000 / highest,
        good: bar.successes * 1_000 / bar.runs.max(1),
        seed: bar.seed,
        name: format!("{} {when}{good}{opens}", count_of(bar.runs, "run")),
    }
}

/// What is so bad about a run, as the end of a sentence that begins with its seed.
fn bad_about(sample: &Sample) -> String {
    let ends = || format!("after {}", seconds(sample.ended, 2));
    match sample {
        Sample { harmful: 1.., .. } => "did what no human had agreed to".into(),
        Sample { duplicates: 1.., .. } => "did twice what must not happen twice".into(),
        Sample { ended: Sample::NEVER, .. } => "never ended".into(),
        Sample { ended_well: false, .. } => format!("crashed {}", ends()),
        Sample { degraded: true, .. } => format!("ended degraded {}", ends()),
        Sample { blocked: true, .. } => format!("ended with something blocked {}", ends()),
        _ => format!("succeeded, but only {}", ends()),
    }
}

fn summary(plan: &OddsPlan, tallies: &[Tally]) -> String {
    let told = |tally: &Tally| {
        let time = |per_mille| match tally.time(per_mille).map_or(Sample::NEVER, |time| time.value) {
            Sample::NEVER => "do not end".to_owned(),
            value => format!("end within {}", seconds(value, 2)),
        };
        let success = decimal(tally.share(Sample::is_success).value * 100.0, 2);
        let (half, most) = (time(500), time(950));
        format!("{success} % succeed; half {half}, 95 of 100 {}", most.trim_start_matches("end "))
    };
    match (tallies, &plan.sides[..]) {
        ([first, second], [_, rival]) => {
            let (runs, name) = (grouped(plan.runs), &rival.name);
            format!("{runs} seeds each: {}. {name}: {}.", told(first), told(second))
        }
        _ => format!("{} runs: {}.", grouped(plan.runs), tallies.first().map(told).unwrap_or_default()),
    }
}

/// The line that made a run what it is: the harm, the second time, the end that is none, what was blocked, the last failure
/// before an end without the model's answer; of a run that was only slow, the line before the longest time in which
/// nothing happened.
pub(super) fn guilty(lines: &[Line], sample: &Sample) -> Option<usize> {
    let last = lines.len().checked_sub(1)?;
    let find = |is_it: &mut dyn FnMut(&Line) -> bool| lines.iter().position(is_it);
    let found = if sample.harmful > 0 {
        find(&mut |line| matches!(&line.what, What::World(WorldEvent::EffectHappened { .. })))
    } else if sample.duplicates > 0 {
        let mut before = BTreeSet::new();
        find(&mut |line| match &line.what {
            What::World(WorldEvent::EffectHappened { tool, args, .. }) => !before.insert((tool.clone(), args.clone())),
            _ => false,
        })
    } else if !sample.ended_well {
        Some(last)
    } else if sample.degraded {
        lines.iter().rposition(|line| row(line).kind == Kind::Failure)
    } else if sample.blocked {
        let blocked = |event: &Event| matches!(event, Event::ToolBlocked { .. });
        find(&mut |line| matches!(&line.what, What::Decision(entry) if blocked(&entry.event)))
    } else {
        (0..last).max_by_key(|index| (lines[index + 1].at - lines[*index].at, last - index))
    };
    Some(found.unwrap_or(last))
}
