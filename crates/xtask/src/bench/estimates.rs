//! What Criterion measured: the median of each benchmark, in nanoseconds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::stop::Stop;

/// Nanoseconds by name, such as `breaker/closed/steadfast`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Estimates(BTreeMap<String, f64>);

impl Estimates {
    /// Everything below Criterion's folder: `GROUP/WHAT/WHOSE/new/estimates.json`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Stop> {
        let mut estimates = Self::default();
        collect(folder, "", &mut estimates.0)
            .map_err(|error| Stop::Failed(format!("Cannot read what Criterion measured: {error}.")))?;
        Ok(estimates)
    }

    /// The shortest of several rounds, for each name that all of them have.
    pub(crate) fn quickest(rounds: &[Self]) -> Self {
        let names = rounds.first().into_iter().flat_map(|round| round.0.keys());
        let shortest = names.filter_map(|name| {
            let times: Vec<f64> = rounds.iter().map(|round| round.0.get(name).copied()).collect::<Option<_>>()?;
            Some((name.clone(), times.into_iter().min_by(f64::total_cmp)?))
        });
        Self(shortest.collect())
    }

    /// The time of that name.
    pub(crate) fn of(&self, name: &str) -> Result<f64, Stop> {
        self.0
            .get(name)
            .copied()
            .ok_or_else(|| Stop::Failed(format!("Criterion measured no `{name}`: benches/ and the table disagree.")))
    }
}

fn collect(folder: &Path, name: &str, estimates: &mut BTreeMap<String, f64>) -> std::io::Result<()> {
    if let Ok(json) = fs::read_to_string(folder.join("new/estimates.json")) {
        let median = median(&json).ok_or_else(|| std::io::Error::other(format!("{name} has no median")))?;
        estimates.insert(name.to_owned(), median);
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let below = if name.is_empty() { own } else { format!("{name}/{own}") };
            collect(&path, &below, estimates)?;
        }
    }
    Ok(())
}

/// The point estimate of the median. The file is JSON of one fixed shape written by a machine.
fn median(json: &str) -> Option<f64> {
    let (_, median) = json.split_once("\"median\":")?;
    let (_, estimate) = median.split_once("\"point_estimate\":")?;
    estimate[..estimate.find([',', '}'])?].trim().parse().ok()
}

#[cfg(test)]
impl<const N: usize> From<[(&str, f64); N]> for Estimates {
    fn from(times: [(&str, f64); N]) -> Self {
        Self(times.into_iter().map(|(name, time)| (name.to_owned(), time)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Criterion 0.8.2 writes it, cut after the part that matters.
    const FILE: &str = concat!(
        r#"{"mean":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":2.0},"#,
        r#""point_estimate":1.5,"standard_error":0.1},"#,
        r#""median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":7.0,"upper_bound":9.0},"#,
        r#""point_estimate":8.25,"standard_error":0.1}}"#
    );

    #[test]
    fn median_is_found_behind_the_mean() {
        assert_eq!(median(FILE), Some(8.25));
        assert_eq!(median("{}"), None);
        assert_eq!(median(r#"{"median":{"point_estimate":x}}"#), None);
    }

    #[test]
    fn folders_are_names_and_only_new_figures_count() {
        let folder = std::env::temp_dir().join(format!("xtask-bench-{}", std::process::id()));
        for (name, json) in [("g/closed/ours/new", FILE), ("g/closed/ours/base", "{}"), ("g/report", "{}")] {
            fs::create_dir_all(folder.join(name)).unwrap();
            fs::write(folder.join(name).join("estimates.json"), json).unwrap();
        }
        let estimates = Estimates::read(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(estimates, Estimates::from([("g/closed/ours", 8.25)]));
        assert!(Estimates::read(&folder).unwrap_err().to_string().starts_with("Cannot read what Criterion measured: "));
    }

    #[test]
    fn quickest_of_three_rounds_is_the_least_disturbed() {
        let rounds = [9.0, 80.0, 8.5].map(|time| Estimates::from([("a", time)]));
        assert_eq!(Estimates::quickest(&rounds), Estimates::from([("a", 8.5)]));
        let uneven = [Estimates::from([("a", 1.0), ("b", 2.0)]), Estimates::from([("a", 1.0)])];
        assert_eq!(Estimates::quickest(&uneven), Estimates::from([("a", 1.0)]));
    }

    #[test]
    fn missing_figure_is_named() {
        let error = Estimates::default().of("breaker/closed/steadfast").unwrap_err();
        assert!(error.to_string().contains("`breaker/closed/steadfast`"), "{error}");
    }
}
