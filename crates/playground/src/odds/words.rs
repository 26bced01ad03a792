//! Numbers as people read them. Whole-number formatting throughout: that of floats would make the page heavier for every visitor.

use super::interval::Estimate;
use super::sample::Sample;

/// `10000` as `10,000`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with so many decimals, rounded.
pub(super) fn decimal(value: f64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "shares, seconds and cents: small, and not below 0"
    )]
    let scaled = (value.abs() * scale as f64 + 0.5) as u64;
    let sign = if value < 0.0 && scaled > 0 { "\u{2212}" } else { "" };
    let width = decimals as usize;
    if decimals == 0 {
        format!("{sign}{scaled}")
    } else {
        format!("{sign}{}.{:0width$}", scaled / scale, scaled % scale)
    }
}

/// The same with its sign, also of what is larger than nothing.
pub(super) fn signed(value: f64, decimals: u32) -> String {
    let text = decimal(value, decimals);
    let is_nothing = !text.contains(|digit: char| ('1'..='9').contains(&digit));
    if value > 0.0 && !is_nothing { format!("+{text}") } else { text }
}

/// Between what an estimate lies, and in what unit.
pub(super) fn between(estimate: &Estimate, write: impl Fn(f64) -> String, unit: &str) -> String {
    format!("{} to {}{unit}", write(estimate.low), write(estimate.high))
}

/// A time as seconds, or "never".
pub(super) fn seconds(micros: u64, decimals: u32) -> String {
    if micros == Sample::NEVER {
        return "never".into();
    }
    let unit = 1_000_000 / 10_u64.pow(decimals.min(6));
    let units = micros / unit + u64::from(micros % unit >= unit.div_ceil(2));
    let (scale, width) = (10_u64.pow(decimals.min(6)), decimals as usize);
    if decimals == 0 { format!("{units} s") } else { format!("{}.{:0width$} s", units / scale, units % scale) }
}

/// A difference of times, with its sign; beyond all finite ones in words.
pub(super) fn shift(micros: i64) -> String {
    match micros {
        i64::MAX => "never ends instead".into(),
        i64::MIN => "ends instead of never".into(),
        _ => {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of a run")]
            let seconds = micros as f64 / 1_000_000.0;
            format!("{} s", signed(seconds, 2))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(decimal(99.995, 2), "100.00");
        assert_eq!((decimal(0.034, 2), decimal(-1.5, 1), decimal(7.0, 0)), ("0.03".into(), "−1.5".into(), "7".into()));
        assert_eq!((signed(0.5, 1), signed(-0.5, 1), signed(0.0, 1)), ("+0.5".into(), "−0.5".into(), "0.0".into()));
        assert_eq!((signed(0.004, 2), signed(-0.004, 2)), ("0.00".into(), "0.00".into()), "nothing has no sign");
        assert_eq!(
            (seconds(2_345_678, 2), seconds(3_500_000, 1), seconds(2_999_999, 0)),
            ("2.35 s".into(), "3.5 s".into(), "3 s".into())
        );
        assert_eq!(seconds(Sample::NEVER, 2), "never");
        assert_eq!((shift(-1_234_567), shift(0)), ("−1.23 s".into(), "0.00 s".into()));
    }
}
