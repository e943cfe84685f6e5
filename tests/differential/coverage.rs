//! What was tried and what came of it, so that a generator that no longer reaches anything fails.

use std::collections::BTreeMap;

use super::{
    compare::Compared,
    mutation::{Case, MUTATIONS},
    subject_under_test::End,
};

/// Counts of requests.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Requests in all.
    pub(crate) cases: usize,
    /// For each mutation that was alone done to a request: how many came to each end, under any policy.
    alone: BTreeMap<(&'static str, &'static str), usize>,
    /// The same for each mutation, alone or among others.
    any: BTreeMap<(&'static str, &'static str), usize>,
    spared: BTreeMap<&'static str, usize>,
}

const ENDS: [&str; 3] = ["forwarded", "judged", "refused"];

impl Tally {
    /// Counts what came of some requests.
    pub(crate) fn add(&mut self, cases: &[Case], compared: &Compared) {
        self.cases += cases.len();
        for (case, ends) in cases.iter().zip(&compared.ends) {
            for end in ends.iter().map(End::name) {
                for mutation in case.done.iter().filter_map(|index| MUTATIONS.get(*index)) {
                    *self.any.entry((mutation.name, end)).or_default() += 1;
                    if case.done.len() == 1 {
                        *self.alone.entry((mutation.name, end)).or_default() += 1;
                    }
                }
            }
        }
        for (reader, count) in &compared.spared {
            *self.spared.entry(reader).or_default() += count;
        }
    }

    /// What is wrong with the counts: a mutation, by itself, comes to an end it should not come to, or does not come to
    /// one it should; or a reader has nothing to read that we refuse.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for mutation in &MUTATIONS {
            for end in ENDS {
                let count = self.alone.get(&(mutation.name, end)).copied().unwrap_or_default();
                if (count > 0) != mutation.ends.contains(&end) {
                    complaints.push(format!("{}: {count} were {end}", mutation.name));
                }
            }
        }
        let unused = self.spared.iter().filter(|(_, count)| **count == 0);
        complaints.extend(unused.map(|(reader, _)| format!("{reader}: accepts nothing that we refuse")));
        complaints
    }

    /// Prints all of it.
    pub(crate) fn print(&self) {
        println!("{:20}{:>10}{:>10}{:>10}", "mutation", "forwarded", "judged", "refused");
        for mutation in &MUTATIONS {
            let [forwarded, judged, refused] =
                ENDS.map(|end| self.any.get(&(mutation.name, end)).copied().unwrap_or_default());
            println!("{:20}{forwarded:10}{judged:10}{refused:10}", mutation.name);
        }
        println!("\n{:28}{:>10}", "reader", "would have run what we refused");
        for (reader, count) in &self.spared {
            println!("{reader:28}{count:10}");
        }
    }
}
