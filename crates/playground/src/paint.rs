//! Painting on the fault lane: what windows a fault has after a stroke from one instant to another.

use steadfast::time::{Duration, Instant};
use steadfast_sim::{Fault, FaultPlan, MOST_WINDOWS, Window};

/// Strokes begin and end at whole tenths of a second, which is what can be typed and read.
const GRAIN: u64 = 100_000;
/// A shorter stroke is a click.
const SHORTEST: Duration = Duration::from_millis(100);

/// The windows after a stroke; nothing where the stroke changes nothing.
///
/// A stroke adds a window, and makes it the only one where the fault was there all the time. A click takes away the window it hits;
/// without any window the fault is there all the time again. Of more windows than there may be, the oldest goes.
#[must_use]
pub fn painted(plan: &FaultPlan, fault: Fault, from: Instant, to: Instant) -> Option<Vec<Window>> {
    let before = plan.of(fault)?.windows();
    let (from, to) = (grain(from.min(to)), grain(from.max(to)));
    if to - from < SHORTEST {
        let left: Vec<_> = before.iter().copied().filter(|window| !window.contains(from)).collect();
        return (left.len() < before.len()).then_some(left);
    }
    let stroke = Window::new(from, to).ok()?;
    let apart = |window: &Window| window.to() < stroke.from() || stroke.to() < window.from();
    let touched = before.iter().filter(|window| !apart(window));
    let (first, last) = touched.fold((from, to), |(from, to), window| (from.min(window.from()), to.max(window.to())));
    let mut windows: Vec<_> = before.iter().copied().filter(apart).collect();
    if windows.len() >= MOST_WINDOWS {
        windows.remove(0);
    }
    windows.push(Window::new(first, last).ok()?);
    windows.sort_unstable();
    Some(windows)
}

fn grain(at: Instant) -> Instant {
    if at == Instant::MAX { at } else { Instant::from_micros((at.as_micros() + GRAIN / 2) / GRAIN * GRAIN) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::Faults;

    fn plan(windows: &[(u64, u64)]) -> FaultPlan {
        let windows = windows.iter().map(|(from, to)| window(*from, *to)).collect();
        let plan = FaultPlan::from(Faults::NONE.with(Fault::Outage, true));
        let occurrence = plan.of(Fault::Outage).unwrap().clone().with_windows(windows).unwrap();
        plan.with(Fault::Outage, Some(occurrence))
    }

    fn window(from: u64, to: u64) -> Window {
        Window::new(Instant::from_millis(from), Instant::from_millis(to)).unwrap()
    }

    fn stroke(windows: &[(u64, u64)], from: u64, to: u64) -> Option<Vec<Window>> {
        painted(&plan(windows), Fault::Outage, Instant::from_millis(from), Instant::from_millis(to))
    }

    #[test]
    fn a_stroke_is_a_window_from_tenth_to_tenth_either_way() {
        assert_eq!(stroke(&[], 1_049, 3_951), Some(vec![window(1_000, 4_000)]));
        assert_eq!(stroke(&[], 3_951, 1_049), Some(vec![window(1_000, 4_000)]));
        let beyond = painted(&plan(&[]), Fault::Outage, Instant::from_millis(500), Instant::MAX).unwrap();
        assert_eq!((beyond[0].from(), beyond[0].to()), (Instant::from_millis(500), Instant::MAX));
    }

    #[test]
    fn strokes_add_up_and_what_touches_becomes_one() {
        assert_eq!(stroke(&[(1_000, 2_000)], 4_000, 5_000), Some(vec![window(1_000, 2_000), window(4_000, 5_000)]));
        assert_eq!(stroke(&[(1_000, 2_000), (4_000, 5_000)], 1_500, 4_200), Some(vec![window(1_000, 5_000)]));
        let full = [(0, 100), (1_000, 1_100), (2_000, 2_100)];
        assert_eq!(
            stroke(&full, 3_000, 3_500),
            Some(vec![window(1_000, 1_100), window(2_000, 2_100), window(3_000, 3_500)])
        );
    }

    #[test]
    fn a_click_takes_a_window_away_and_elsewhere_does_nothing() {
        assert_eq!(stroke(&[(1_000, 2_000), (4_000, 5_000)], 1_500, 1_510), Some(vec![window(4_000, 5_000)]));
        assert_eq!(stroke(&[(1_000, 2_000)], 1_500, 1_500), Some(vec![]), "all the time again");
        assert_eq!(stroke(&[(1_000, 2_000)], 3_000, 3_000), None);
        assert_eq!(stroke(&[], 3_000, 3_000), None);
        let nothing = painted(&FaultPlan::default(), Fault::Outage, Instant::ORIGIN, Instant::MAX);
        assert_eq!(nothing, None, "what is off has no windows");
    }
}
