//! A plan of faults: for each whether it is on, how often it meddles, and when.

use super::{Fault, Faults};
use steadfast::setting::{InvalidSetting, Value};
use steadfast::time::Instant;

/// The most windows of one fault.
pub const MOST_WINDOWS: usize = 3;

/// A while of virtual time: from an instant, included, to another, excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    from: Instant,
    to: Instant,
}

impl Window {
    /// From one instant to a later one; [`Instant::MAX`] means: to the end.
    pub fn new(from: Instant, to: Instant) -> Result<Self, InvalidSetting> {
        if from >= to {
            let value = Value::Text(format!("{from} to {to}"));
            return Err(InvalidSetting { name: "fault.window", value, allowed: "an end after the beginning" });
        }
        Ok(Self { from, to })
    }

    /// When it begins.
    #[must_use]
    pub fn from(self) -> Instant {
        self.from
    }

    /// When it is over; [`Instant::MAX`] if it never is.
    #[must_use]
    pub fn to(self) -> Instant {
        self.to
    }

    /// Whether that instant is within it.
    #[must_use]
    pub fn contains(self, at: Instant) -> bool {
        self.from <= at && at < self.to
    }
}

/// How often a fault meddles, and when. Without a rate it does what its [description](Fault::description) says; without windows it is
/// there all the time.
///
/// What it meddles with counts by when it begins: a mail that is sent within a window, an attempt that starts within one.
///
/// ```
/// use steadfast::time::Instant;
/// use steadfast_sim::{Occurrence, Window};
///
/// let first_ten = Window::new(Instant::ORIGIN, Instant::from_millis(10_000))?;
/// let occurrence = Occurrence::default().with_rate(Some(300))?.with_windows(vec![first_ten])?;
/// assert!(occurrence.is_on_at(Instant::from_millis(9_999)) && !occurrence.is_on_at(Instant::from_millis(10_000)));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occurrence {
    rate: Option<u32>,
    windows: Vec<Window>,
}

impl Occurrence {
    /// With another rate in thousandths, at most 1,000, or with none: as its description says.
    pub fn with_rate(mut self, per_mille: Option<u32>) -> Result<Self, InvalidSetting> {
        if let Some(rate) = per_mille.filter(|rate| *rate > 1_000) {
            let value = Value::Count(rate.into());
            return Err(InvalidSetting { name: "fault.rate", value, allowed: "0 to 1,000 in a thousand" });
        }
        self.rate = per_mille;
        Ok(self)
    }

    /// With other windows, or none: all the time. Those that touch become one; of those that are left, 3 at most.
    pub fn with_windows(mut self, mut windows: Vec<Window>) -> Result<Self, InvalidSetting> {
        windows.sort_unstable();
        self.windows.clear();
        for window in windows {
            match self.windows.last_mut().filter(|last| window.from <= last.to) {
                Some(last) => last.to = last.to.max(window.to),
                None => self.windows.push(window),
            }
        }
        if self.windows.len() > MOST_WINDOWS {
            let value = Value::Text(format!("{} windows", self.windows.len()));
            return Err(InvalidSetting { name: "fault.window", value, allowed: "3 windows at most" });
        }
        Ok(self)
    }

    /// How often, in thousandths; none for as its description says.
    #[must_use]
    pub fn rate(&self) -> Option<u32> {
        self.rate
    }

    /// When, in order; none for all the time.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Whether it is there at that instant.
    #[must_use]
    pub fn is_on_at(&self, at: Instant) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.contains(at))
    }
}

/// What is wrong with the world: which faults, how often and when.
///
/// ```
/// use steadfast_sim::{Fault, FaultPlan, Faults, Occurrence};
///
/// let often = Occurrence::default().with_rate(Some(800))?;
/// let plan = FaultPlan::from(Faults::NONE.with(Fault::Outage, true)).with(Fault::FlakyModel, Some(often));
/// assert!(plan.has(Fault::Outage) && plan.has(Fault::FlakyModel));
/// assert_eq!(plan.of(Fault::Outage).unwrap().rate(), None);
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultPlan(Vec<(Fault, Occurrence)>);

impl FaultPlan {
    /// Whether that fault is on.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.of(fault).is_some()
    }

    /// How often and when that fault meddles, if it is on.
    #[must_use]
    pub fn of(&self, fault: Fault) -> Option<&Occurrence> {
        self.iter().find(|(on, _)| *on == fault).map(|(_, occurrence)| occurrence)
    }

    /// With that fault like this, or off.
    #[must_use]
    pub fn with(mut self, fault: Fault, occurrence: Option<Occurrence>) -> Self {
        self.0.retain(|(on, _)| *on != fault);
        if let Some(occurrence) = occurrence {
            let place = self.0.partition_point(|(on, _)| *on < fault);
            self.0.insert(place, (fault, occurrence));
        }
        self
    }

    /// With that fault as its description says, or off.
    #[must_use]
    pub fn switched(self, fault: Fault, on: bool) -> Self {
        self.with(fault, on.then(Occurrence::default))
    }

    /// The faults that are on, with how often and when.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, &Occurrence)> {
        self.0.iter().map(|(fault, occurrence)| (*fault, occurrence))
    }

    /// The faults that are on, and no more of them.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.iter().fold(Faults::NONE, |faults, (fault, _)| faults.with(fault, true))
    }

    /// Whether nothing is on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Faults> for FaultPlan {
    fn from(faults: Faults) -> Self {
        faults.iter().fold(Self::default(), |plan, fault| plan.with(fault, Some(Occurrence::default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: u64, to: u64) -> Window {
        Window::new(Instant::from_millis(from), Instant::from_millis(to)).unwrap()
    }

    #[test]
    fn a_set_of_faults_is_a_plan_without_rates_and_windows() {
        let faults = Faults::NONE.with(Fault::RiskyTool, true).with(Fault::FlakyModel, true);
        let plan = FaultPlan::from(faults);
        assert_eq!(plan.faults(), faults);
        assert!(plan.iter().all(|(_, occurrence)| *occurrence == Occurrence::default()));
        assert!(FaultPlan::default().is_empty() && !plan.is_empty());
    }

    #[test]
    fn windows_are_in_order_and_those_that_touch_are_one() {
        let windows = vec![window(8, 9), window(1, 3), window(3, 5), window(4, 6)];
        let occurrence = Occurrence::default().with_windows(windows).unwrap();
        assert_eq!(occurrence.windows(), [window(1, 6), window(8, 9)]);
        let on = |at| occurrence.is_on_at(Instant::from_millis(at));
        assert_eq!([0, 1, 5, 6, 7, 8, 9].map(on), [false, true, true, false, false, true, false]);
    }

    #[test]
    fn what_is_outside_its_meaning_is_refused_by_name() {
        let at = Instant::from_millis(5);
        assert_eq!(Window::new(at, at).unwrap_err().name, "fault.window");
        assert_eq!(Occurrence::default().with_rate(Some(1_001)).unwrap_err().name, "fault.rate");
        let many = (0..4).map(|index| window(index * 10, index * 10 + 1)).collect();
        let refused = Occurrence::default().with_windows(many).unwrap_err();
        assert_eq!(refused.to_string(), "fault.window is 4 windows; allowed: 3 windows at most");
    }
}
