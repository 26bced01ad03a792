//! What part of the axis is in sight: the drawing is as wide as its run is long, and only what can be seen of it is drawn.
//!
//! Where the frame stands is known here without asking the browser, which would have to lay out the page for every answer.

use core::ops::Range;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::axis::Axis;
use web_sys::HtmlElement;

/// Room for each second as it is drawn, in rem, as the style sheet has it.
const SECOND_REM: f64 = 1.75;
/// Where in the frame the present is kept.
const PRESENT: f64 = 2.0 / 3.0;
/// How much at least is drawn beyond the frame on either side, as a share of it: where a person scrolls, what comes next is there
/// already; where the run moves on, it is elsewhere by then.
const SCROLLED_MARGIN: f64 = 0.25;
const FOLLOWED_MARGIN: f64 = 0.05;

/// A frame that looks at a part of the axis.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    frame: StoredValue<Frame>,
    seen: RwSignal<Seen>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What is in sight, and a little on both sides of it; nothing before the frame has been laid out.
    pub(crate) window: Range<Instant>,
    /// How long the whole axis is, in thousandths of a rem.
    pub(crate) length: u64,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Of the track without the labels, as much as is seen at once, in pixels.
    width: f64,
    /// How far it is scrolled.
    scrolled: f64,
    /// So many pixels are a rem.
    rem: f64,
    /// Whether the next that is heard of scrolling is what was done here.
    is_put: bool,
}

impl Sight {
    pub(crate) fn new() -> Self {
        let seen = RwSignal::new(Seen { window: Instant::ORIGIN..Instant::ORIGIN, length: 0 });
        let frame = Frame { width: 0.0, scrolled: 0.0, rem: 16.0, is_put: false };
        Self { frame: StoredValue::new(frame), seen }
    }

    /// What is drawn.
    pub(crate) fn seen(self) -> RwSignal<Seen> {
        self.seen
    }

    /// The frame has been laid out anew: it shows so much of the track.
    pub(crate) fn resized(self, width: f64, rem: f64, axis: &Axis) {
        self.frame.update_value(|frame| (frame.width, frame.rem) = (width, rem));
        self.look(axis, FOLLOWED_MARGIN);
    }

    /// The frame was scrolled: by a person if it was not done here.
    pub(crate) fn scrolled(self, scroller: &HtmlElement, axis: &Axis) {
        if self.frame.try_update_value(|frame| core::mem::take(&mut frame.is_put)).unwrap_or_default() {
            return;
        }
        let to = f64::from(scroller.scroll_left());
        self.frame.update_value(|frame| frame.scrolled = to);
        self.look(axis, SCROLLED_MARGIN);
    }

    /// Brings an instant into sight where it is not.
    pub(crate) fn show(self, at: Instant, axis: &Axis) {
        self.move_to(at, axis, |x, frame| x < frame.scrolled || x > frame.scrolled + frame.width);
    }

    /// Keeps the present in sight where a long run does not fit.
    pub(crate) fn follow(self, now: Instant, axis: &Axis) {
        self.move_to(now, axis, |_, _| true);
    }

    fn move_to(self, at: Instant, axis: &Axis, moves: impl Fn(f64, Frame) -> bool) {
        let x = number(&axis.at(at)) * self.track(axis);
        let most = (self.track(axis) - self.frame.get_value().width).max(0.0);
        self.frame.update_value(|frame| {
            if moves(x, *frame) {
                frame.scrolled = (x - frame.width * PRESENT).clamp(0.0, most);
            }
        });
        self.look(axis, FOLLOWED_MARGIN);
    }

    /// Puts the frame where it is said to be.
    pub(crate) fn put(self, scroller: &HtmlElement) {
        #[expect(clippy::cast_possible_truncation, reason = "pixels")]
        let to = self.frame.get_value().scrolled as i32;
        let before = scroller.scroll_left();
        if to != before {
            scroller.set_scroll_left(to);
            // It goes no further than there is something to see, and only what has moved is heard of.
            let has_moved = scroller.scroll_left() != before;
            self.frame.update_value(|frame| frame.is_put |= has_moved);
        }
    }

    fn track(self, axis: &Axis) -> f64 {
        let Frame { width, rem, .. } = self.frame.get_value();
        #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
        let needed = axis.seconds() as f64 * SECOND_REM * rem;
        needed.max(width)
    }

    /// In steps, so that not every pixel draws anew.
    fn look(self, axis: &Axis, margin: f64) {
        let Frame { width, scrolled, rem, .. } = self.frame.get_value();
        if width <= 0.0 {
            return;
        }
        let track = self.track(axis);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
        let length = (track / rem * 1_000.0) as u64;
        let window = if track <= width {
            Instant::ORIGIN..Instant::MAX
        } else {
            let step = width * margin;
            let from = ((scrolled / step).floor() - 1.0).max(0.0) * step;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
            let at = |x: f64| axis.instant((x / track * 1e6) as u64);
            at(from)..at(from + width + 3.0 * step)
        };
        let seen = Seen { window, length };
        if self.seen.with_untracked(|before| *before != seen) {
            self.seen.set(seen);
        }
    }
}

/// A number as the axis and style sheets write it, `0.5000000` or `16`. It is read by hand: the standard library reads any, with tables
/// that the first view would have to load.
pub(crate) fn number(text: &str) -> f64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.get(..7).unwrap_or(decimals);
    let whole_number = |digits: &str| digits.parse::<u32>().map_or(0.0, f64::from);
    whole_number(whole) + whole_number(decimals) / 10_f64.powi(i32::try_from(decimals.len()).unwrap_or_default())
}
