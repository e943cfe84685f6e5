//! Counters that several targets share: where one of them is decided otherwise, the count of all of them is another.

use std::collections::BTreeSet;

use super::effective::Effective;

/// A target, as far as its counters go.
pub(super) struct Side {
    target: String,
    differs: bool,
    counters: BTreeSet<String>,
}

impl Side {
    pub(super) fn new(target: String, differs: bool, old: &Effective<'_>, new: &Effective<'_>) -> Self {
        let names = old.limits.keys().chain(new.limits.keys());
        Self { target, differs, counters: names.map(|name| (*name).to_owned()).collect() }
    }
}

/// The targets without a difference of their own that share a counter with one that differs, directly or over others.
pub(super) fn affected(sides: &[Side]) -> Vec<&str> {
    let mut counters: BTreeSet<&String> = BTreeSet::new();
    let mut reached = vec![false; sides.len()];
    loop {
        let mut grew = false;
        for (side, reached) in sides.iter().zip(&mut reached) {
            if !*reached && (side.differs || side.counters.iter().any(|counter| counters.contains(counter))) {
                (*reached, grew) = (true, true);
                counters.extend(&side.counters);
            }
        }
        if !grew {
            break;
        }
    }
    let affected = sides.iter().zip(reached).filter(|(side, reached)| *reached && !side.differs);
    affected.map(|(side, _)| side.target.as_str()).collect()
}
