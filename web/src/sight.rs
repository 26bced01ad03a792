//! What part of the axis is in sight: the drawing is as wide as its run is long, and only what can be seen of it is drawn.
//!
//! Where the frame stands is known here without asking the browser, which would have to lay out the page for every answer.

use core::ops::Range;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::axis::Axis;
use web_sys::HtmlElement;

/// Room for each second as it is drawn, in pixels: 1.75 rem, as the style sheet has it.
const SECOND_PX: f64 = 28.0;
/// Where in the frame the present is kept.
const PRESENT: f64 = 2.0 / 3.0;

/// A frame that looks at a part of the axis.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    frame: StoredValue<Frame>,
    window: RwSignal<Range<Instant>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    /// Of the track without the labels, as much as is seen at once.
    width: f64,
    /// How far it is scrolled.
    scrolled: f64,
}

impl Sight {
    pub(crate) fn new() -> Self {
        let window = RwSignal::new(Instant::ORIGIN..Instant::MAX);
        Self { frame: StoredValue::new(Frame::default()), window }
    }

    /// What is in sight, and a little on both sides of it.
    pub(crate) fn window(self) -> RwSignal<Range<Instant>> {
        self.window
    }

    /// The frame has been laid out anew: it shows so much of the track.
    pub(crate) fn resized(self, width: f64, axis: &Axis) {
        self.frame.update_value(|frame| frame.width = width);
        self.look(axis);
    }

    /// Somebody scrolled.
    pub(crate) fn scrolled(self, to: f64, axis: &Axis) {
        self.frame.update_value(|frame| frame.scrolled = to);
        self.look(axis);
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
        let x = share(&axis.at(at)) * self.track(axis);
        let most = (self.track(axis) - self.frame.get_value().width).max(0.0);
        self.frame.update_value(|frame| {
            if moves(x, *frame) {
                frame.scrolled = (x - frame.width * PRESENT).clamp(0.0, most);
            }
        });
        self.look(axis);
    }

    /// Puts the frame where it is said to be.
    pub(crate) fn put(self, scroller: &HtmlElement) {
        #[expect(clippy::cast_possible_truncation, reason = "pixels")]
        scroller.set_scroll_left(self.frame.get_value().scrolled as i32);
    }

    fn track(self, axis: &Axis) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
        let needed = axis.seconds() as f64 * SECOND_PX;
        needed.max(self.frame.get_value().width)
    }

    /// In steps of half a frame, so that not every pixel draws anew.
    fn look(self, axis: &Axis) {
        let Frame { width, scrolled } = self.frame.get_value();
        let track = self.track(axis);
        if width <= 0.0 || track <= width {
            return self.set(Instant::ORIGIN..Instant::MAX);
        }
        let step = width / 2.0;
        let from = ((scrolled / step).floor() - 1.0).max(0.0) * step;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
        let at = |x: f64| axis.instant((x / track * 1e6) as u64);
        self.set(at(from)..at(from + width + 3.0 * step));
    }

    fn set(self, window: Range<Instant>) {
        if self.window.with_untracked(|before| *before != window) {
            self.window.set(window);
        }
    }
}

/// A share as the axis writes it, `0.5000000`. Browsers' numbers are read by hand: the standard library reads any, with tables of 11 kB.
fn share(text: &str) -> f64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let number = |digits: &str| digits.parse::<u32>().map_or(0.0, f64::from);
    number(whole) + number(decimals) / 10_f64.powi(i32::try_from(decimals.len()).unwrap_or_default())
}
