//! What answers may hold under two rules. A server may send anything, so each difference only may matter.

use crate::policy::{Finder, ResultRules};

use super::{Direction, rules::Finding};

/// The differences of the rules that apply to the answers to one target.
pub(super) fn compare(old: &[&ResultRules], new: &[&ResultRules], findings: &mut Vec<Finding>) {
    let sizes = [old, new].map(|rules| rules.iter().map(|rule| rule.max_bytes).min());
    let size = |bytes: Option<usize>| match bytes {
        None => "of any size".to_owned(),
        Some(1) => "up to 1 byte".to_owned(),
        Some(bytes) => format!("up to {bytes} bytes"),
    };
    let [before, after] = sizes.map(|bytes| bytes.unwrap_or(usize::MAX));
    if before != after {
        let direction = if after > before { Direction::Wider } else { Direction::Narrower };
        let what = format!("lets answers through {}; it was {}", size(sizes[1]), size(sizes[0]));
        findings.push(Finding { direction, is_certain: false, what });
    }
    for (direction, before, after) in [(Direction::Wider, old, new), (Direction::Narrower, new, old)] {
        let (denies, redacts) = match direction {
            Direction::Wider => ("no longer refuses answers with", "no longer redacts"),
            Direction::Narrower => ("refuses answers with", "redacts"),
        };
        for finder in denied(before).filter(|finder| !denied(after).any(|other| other.is_same(finder))) {
            findings.push(Finding { direction, is_certain: false, what: format!("{denies} {finder}") });
        }
        let is_covered = |finder: &Finder| redacted(after).chain(denied(after)).any(|other| other.is_same(finder));
        for finder in redacted(before).filter(|finder| !is_covered(finder)) {
            findings.push(Finding { direction, is_certain: false, what: format!("{redacts} {finder} in answers") });
        }
    }
}

fn denied<'r>(rules: &[&'r ResultRules]) -> impl Iterator<Item = &'r Finder> {
    rules.iter().flat_map(|rule| &rule.deny_if)
}

fn redacted<'r>(rules: &[&'r ResultRules]) -> impl Iterator<Item = &'r Finder> {
    rules.iter().flat_map(|rule| &rule.redact).map(|redaction| &redaction.finder)
}
