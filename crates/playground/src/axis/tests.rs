use super::*;

fn axis(millis: impl IntoIterator<Item = u64>) -> Axis {
    Axis::over(millis.into_iter().map(Instant::from_millis))
}

fn everything() -> Range<Instant> {
    Instant::ORIGIN..Instant::MAX
}

fn labels(axis: &Axis) -> Vec<String> {
    axis.ticks(&everything()).map(|(_, label)| label).collect()
}

#[test]
fn ticks_are_round_and_about_eight() {
    assert_eq!(labels(&axis([])), ["0 s", "0.5 s", "1 s", "1.5 s", "2 s"]);
    assert_eq!(labels(&axis([2_000, 5_261])), ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]);
    assert_eq!(labels(&axis([9_000, 18_000, 24_893])), ["0 s", "5 s", "10 s", "15 s", "20 s"]);
}

#[test]
fn a_long_axis_has_a_tick_in_sight_wherever_one_looks() {
    let long = axis((0..3_000).map(|second| second * 1_000));
    assert_eq!(labels(&long).len(), 600);
    let window = Instant::from_millis(100_000)..Instant::from_millis(112_000);
    let ticks: Vec<_> = long.ticks(&window).map(|(_, label)| label).collect();
    assert_eq!(ticks, ["100 s", "105 s", "110 s"]);
}

#[test]
fn places_are_shares_of_the_axis_and_never_beyond_it() {
    let plain = axis([3_000, 5_261]);
    assert_eq!(plain.at(Instant::ORIGIN), "0.0000000");
    assert_eq!(plain.at(Instant::from_millis(3_000)), "0.5000000");
    assert_eq!(plain.at(Instant::MAX), "1.0000000");
    assert_eq!(Axis::over([Instant::MAX]).at(Instant::MAX), "1.0000000");
}

#[test]
fn long_idle_gap_is_folded_and_says_how_long_it_is() {
    let folded = axis([1_000, 61_000, 62_000]);
    let folds: Vec<_> = folded.folds(&everything()).collect();
    assert_eq!((folds.len(), folds[0].text.as_str()), (1, "60 s folded"));
    assert_eq!(folded.seconds(), 6, "1 s, 3 s for the fold, 1 s, and up to the next tick");
    assert_eq!(labels(&folded), ["0 s", "61 s", "62 s"], "no tick stands in the fold");
    // After the fold the scale is what it was before.
    let share = |millis| folded.at(Instant::from_millis(millis)).parse::<f64>().unwrap() * 6.0;
    assert!((share(1_000) - 1.0).abs() < 1e-3 && (share(61_500) - 4.5).abs() < 1e-3);
}

#[test]
fn a_gap_of_twelve_seconds_is_drawn_and_one_microsecond_more_is_not() {
    assert_eq!(Axis::over([12_000_000].map(Instant::from_micros)).folds(&everything()).count(), 0);
    assert_eq!(Axis::over([12_000_001].map(Instant::from_micros)).folds(&everything()).count(), 1);
}

#[test]
fn what_stands_at_a_place_is_found_there_again() {
    let folded = axis([500, 1_000, 61_000, 62_000, 162_000]);
    for millis in [0, 250, 1_000, 30_000, 61_000, 61_400, 100_000, 162_000] {
        let share: f64 = folded.at(Instant::from_millis(millis)).parse().unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
        let found = folded.instant((share * 1e6) as u64).as_micros() / 1_000;
        assert!(found.abs_diff(millis) < 300, "{millis} ms is found at {found} ms");
    }
}
