//! What a run spent: tokens and money, read from the bills that came with its lines.

use steadfast::budget::Spend;
use steadfast_sim::Journal;

/// What was spent up to each bill, with the line that the bill came with.
pub(crate) fn spending(journal: &Journal) -> Vec<(usize, Spend)> {
    let mut sum = Spend::NONE;
    let add = |(line, bill): &(usize, Spend)| {
        sum.tokens = sum.tokens.saturating_add(bill.tokens);
        sum.money = sum.money.saturating_add(bill.money);
        (*line, sum)
    };
    journal.bills().iter().map(add).collect()
}

/// Money, as people write it; it is counted in millionths of a dollar.
///
/// ```
/// assert_eq!(steadfast_playground::dollars(1_640), "$0.0016");
/// assert_eq!(steadfast_playground::dollars(2_500_000), "$2.50");
/// ```
#[must_use]
pub fn dollars(millionths: u64) -> String {
    if millionths < 1_000_000 {
        let tenths_of_a_thousandth = (millionths + 50) / 100;
        return format!("$0.{tenths_of_a_thousandth:04}");
    }
    let cents = millionths / 10_000;
    format!("${}.{:02}", cents / 100, cents % 100)
}
