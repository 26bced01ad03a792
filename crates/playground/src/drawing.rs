//! Bars, marks and lines as elements are to show them: where they stand on the track, and whether there is room on them for a
//! drawing and for a text.
//!
//! A style sheet could work that out from a few numbers. But then a browser does so for every one of them with every frame, in
//! several passes, and that is most of what it does while somebody moves through a long run.

#[cfg(test)]
mod tests;

use core::fmt::Write;
use core::ops::Range;

use crate::axis::Axis;
use crate::timeline::{Item, Shape, Timeline};
use steadfast::time::Instant;

/// From this width on there is room for a drawing, in thousandths of a rem.
const ROOM_FOR_ICON: u64 = 1_050;
/// And from this one for a text beside it.
const ROOM_FOR_TEXT: u64 = 2_400;
/// And from this one for the name of a turn.
const ROOM_FOR_TURN: u64 = 3_200;

/// One element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawing {
    /// Its class.
    pub class: &'static str,
    /// What it is, for style sheets; empty for what stands on the scale.
    pub shape: &'static str,
    /// What there is room for on it: `none`, `icon`, or `text` as well.
    pub room: &'static str,
    /// Where it stands, as declarations of a style sheet.
    pub style: String,
    /// What is written on it, where there is room.
    pub text: String,
    /// Its full name; empty for what stands on the scale.
    pub name: String,
    /// Which item of the run it is.
    pub index: usize,
    /// The line of the journal that says most about it.
    pub line: usize,
}

/// What is drawn on: an axis at some length, of which a part is in sight.
#[derive(Debug, Clone)]
pub struct Canvas<'a> {
    /// The axis.
    pub axis: &'a Axis,
    /// How long it is drawn, in thousandths of a rem; 0 while nobody knows.
    pub length: u64,
    /// What of it is in sight.
    pub window: &'a Range<Instant>,
    /// Where the present is.
    pub now: Instant,
}

impl Canvas<'_> {
    /// Bars and marks of the first so many lines, in the order in which they began: what is in sight, and this one wherever it is.
    #[must_use]
    pub fn items(&self, run: &Timeline, position: usize, also: Option<usize>) -> Vec<Drawing> {
        let mut items = run.items(position, self.window);
        if let Some(also) = also.and_then(|also| run.item(also, position)) {
            let place = items.partition_point(|item| item.index < also.index);
            if items.get(place).is_none_or(|item| item.index != also.index) {
                items.insert(place, also);
            }
        }
        items.into_iter().map(|item| self.item(run, item)).collect()
    }

    fn item(&self, run: &Timeline, item: Item) -> Drawing {
        let to = item.to.unwrap_or(Instant::MAX);
        let end = match item.shape {
            Shape::Hung => Instant::MAX,
            // It says itself how long it will be open.
            Shape::Open => to,
            // What is under way ends where the present is.
            _ => to.min(self.now),
        };
        let (class, width) = match (item.shape.is_instant(), item.drawn) {
            (true, _) => ("bar mark-bar", 0),
            (false, Some(_)) => ("bar drawn", self.width(item.from, end)),
            (false, None) => ("bar", self.width(item.from, end)),
        };
        let mut style = self.place(item.from, Some(end).filter(|_| !item.shape.is_instant()));
        let mut declare = |name: &str, value: &str| {
            let _ = write!(style, ";--{name}:{value}");
        };
        declare("row", &run.row_of(item.lane, item.row).to_string());
        if let Some((floor, ceiling)) = item.drawn {
            declare("shortest", &rem(self.width(item.from, floor)));
            declare("range", &rem(self.width(floor, ceiling)));
        }
        if let Some(percent) = item.percent {
            declare("percent", &percent.to_string());
        }
        let room = match width {
            ROOM_FOR_TEXT.. => "text",
            ROOM_FOR_ICON.. => "icon",
            _ => "none",
        };
        let text = if room == "text" { item.text } else { String::new() };
        let Item { index, line, name, shape, .. } = item;
        Drawing { class, shape: shape.as_str(), room, style, text, name, index, line }
    }

    /// What the items stand on, from below to above: folded gaps, ticks, what is wrong with the world, turns of the loop, and what
    /// the breaker counts. What is wrong in this run and not in the one beside it is drawn so.
    #[must_use]
    pub fn scale(&self, run: &Timeline, position: usize, beside: Option<&Timeline>) -> [Vec<Drawing>; 5] {
        let mark = |class, from, to, text| self.mark(class, from, to, text);
        let window = self.window;
        let folds = self.axis.folds(window).map(|fold| mark("fold", fold.from, Some(fold.to), fold.text));
        let ticks = self.axis.ticks(window).map(|(at, label)| mark("tick", at, None, label));
        let bands = run.bands(position, window).map(|band| {
            let to = band.to.unwrap_or(Instant::MAX);
            let has_room = self.width(band.from, to) >= ROOM_FOR_TURN;
            mark("band", band.from, Some(to), if has_room { format!("Step {}", band.step) } else { String::new() })
        });
        let dots = run.dots(position, window).map(|dot| {
            let class = if dot.is_success { "result-dot" } else { "result-dot bad" };
            mark(class, dot.at, None, String::new())
        });
        [folds.collect(), ticks.collect(), self.faults(run, beside), bands.collect(), dots.collect()]
    }

    /// What is wrong with the world of a run, and which of it is otherwise in the one beside it.
    #[must_use]
    pub fn faults(&self, run: &Timeline, beside: Option<&Timeline>) -> Vec<Drawing> {
        let bars = run.faults().iter().map(|bar| {
            let differs = beside.is_some_and(|beside| !bar.is_in(beside));
            let class = if differs { "fault-bar differs" } else { "fault-bar" };
            let drawn = self.mark(class, bar.from, Some(bar.to), bar.text.clone());
            Drawing { style: format!("{};--row:{}", drawn.style, bar.row), ..drawn }
        });
        bars.collect()
    }

    /// Something on the scale.
    fn mark(&self, class: &'static str, from: Instant, to: Option<Instant>, text: String) -> Drawing {
        Drawing { class, style: self.place(from, to), text, ..Drawing::default() }
    }

    /// From here to there, or at a moment.
    fn place(&self, from: Instant, to: Option<Instant>) -> String {
        let left = self.axis.percent(from);
        match to {
            None => format!("left:{left}"),
            Some(to) => format!("left:{left};width:{}", self.axis.percent_between(from, to)),
        }
    }

    fn width(&self, from: Instant, to: Instant) -> u64 {
        self.axis.between(from, to, self.length)
    }
}

fn rem(thousandths: u64) -> String {
    format!("{}.{:03}rem", thousandths / 1_000, thousandths % 1_000)
}
