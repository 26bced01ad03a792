//! Which rows of the table of events are there: all of a short run, and of a long one those around what is looked at.

use core::ops::Range;

/// So many rows are always there.
const ALL: usize = 250;
/// Of more, so many.
const SOME: usize = 80;
/// Rows that stay there before a jump among them is one to others.
const MARGIN: usize = 10;

/// The rows that are there, of `shown`, when `line` should be among them and `before` were there until now. They move only when they
/// have to, and then to where `line` has company on both sides.
///
/// ```
/// use steadfast_playground::rows;
///
/// assert_eq!(rows(25, 24, 0..24), 0..25);
/// assert_eq!(rows(10_000, 9_999, 0..80), 9_920..10_000);
/// assert_eq!(rows(10_000, 5_000, 4_950..5_030), 4_950..5_030, "still among them");
/// assert_eq!(rows(10_000, 5_025, 4_950..5_030), 4_985..5_065);
/// ```
#[must_use]
pub fn rows(shown: usize, line: usize, before: Range<usize>) -> Range<usize> {
    if shown <= ALL {
        return 0..shown;
    }
    let fits = before.len() == SOME && before.end <= shown;
    let is_inside = line >= before.start + MARGIN.min(before.start)
        && line + MARGIN.min(shown.saturating_sub(before.end)) < before.end;
    if fits && is_inside {
        return before;
    }
    let start = line.saturating_sub(SOME / 2).min(shown - SOME);
    start..start + SOME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_always_among_them_and_they_are_never_beyond_the_end() {
        let mut before = 0..0;
        for shown in [0, 1, 249, 250, 251, 1_000, 10_000] {
            for line in (0..shown).step_by(7).chain((0..shown).rev().step_by(13)) {
                let there = rows(shown, line, before.clone());
                assert!(there.contains(&line) && there.end <= shown, "{line} of {shown}: {there:?}");
                assert!(there.len() <= ALL);
                before = there;
            }
        }
    }
}
