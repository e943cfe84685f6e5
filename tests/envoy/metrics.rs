//! Envoy's statistics count what the filter did, exactly, and no caller makes a series.

mod configurations;
mod decisions;

use std::collections::BTreeMap;

/// The series whose names end in `metric`, by their labels.
fn series(all: &BTreeMap<String, u64>, metric: &str) -> BTreeMap<String, u64> {
    let own = |(name, value): (&String, &u64)| Some((name.strip_suffix(metric)?.to_owned(), *value));
    all.iter().filter_map(own).collect()
}

/// What a test expects of [`series`].
fn exactly<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected.into_iter().map(|(labels, value)| (labels.to_owned(), value)).collect()
}
