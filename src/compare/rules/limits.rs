//! What two rules count, and how much they let through.

use std::cmp::Ordering;

use crate::{
    amount::Amount,
    compare::{
        Direction,
        effective::{Charge, Effective},
    },
    policy::Cost,
};

use super::Finding;

/// The differences of the limits of two rules.
pub(super) fn compare(old: &Effective<'_>, new: &Effective<'_>, findings: &mut Vec<Finding>) {
    for (counter, charge) in &old.limits {
        match new.limits.get(counter) {
            None if charge.max.is_some() => {
                findings.push(Finding::new(Direction::Wider, format!("is no longer limited by `{counter}`")));
            }
            None => counted_otherwise(counter, charge.is_observed, findings),
            Some(now) => changed_limit(counter, charge, now, findings),
        }
    }
    for (counter, charge) in new.limits.iter().filter(|(counter, _)| !old.limits.contains_key(*counter)) {
        if charge.max.is_some() {
            findings.push(Finding::new(Direction::Narrower, format!("is limited by `{counter}`")));
        } else {
            counted_otherwise(counter, charge.is_observed, findings);
        }
    }
    if old.shadow_counts != new.shadow_counts {
        let counters = old.shadow_counts.keys().chain(new.shadow_counts.keys());
        counters.for_each(|counter| counted_otherwise(counter, true, findings));
    }
}

/// Calls that are only counted decide on others, if conditions read the counter.
fn counted_otherwise(counter: &str, is_observed: bool, findings: &mut Vec<Finding>) {
    for direction in [Direction::Wider, Direction::Narrower].into_iter().filter(|_| is_observed) {
        let what = format!("`{counter}`, which conditions read, counts these calls otherwise");
        findings.push(Finding { direction, is_certain: false, what });
    }
}

/// The order of two maxima; without one there is most room.
fn compare_room(one: Option<Amount>, other: Option<Amount>) -> Ordering {
    (one.is_none(), one).cmp(&(other.is_none(), other))
}

fn room(max: Option<Amount>) -> String {
    max.map_or_else(|| "any number".to_owned(), |max| max.to_string())
}

fn changed_limit(counter: &str, old: &Charge<'_>, new: &Charge<'_>, findings: &mut Vec<Finding>) {
    if old == new {
        return;
    }
    if old.max.is_none() && new.max.is_none() {
        return counted_otherwise(counter, old.is_observed || new.is_observed, findings);
    }
    if old.terms == new.terms {
        let costs = match (&*old.costs, &*new.costs) {
            (old, new) if old == new => Some(Ordering::Equal),
            ([Cost::Fixed(old)], [Cost::Fixed(new)]) => Some(new.cmp(old)),
            _ => None,
        };
        // More room and a higher price may do either.
        let direction = match (costs, compare_room(new.max, old.max)) {
            (Some(costs), room) if costs.is_le() && room.is_ge() => Some(Direction::Wider),
            (Some(costs), room) if costs.is_ge() && room.is_le() => Some(Direction::Narrower),
            _ => None,
        };
        if let Some(direction) = direction {
            let what = format!(
                "`{counter}` has room for {} ({}); it was {} ({})",
                room(new.max),
                price(new),
                room(old.max),
                price(old)
            );
            findings.push(Finding::new(direction, what));
            return;
        }
    }
    for direction in [Direction::Wider, Direction::Narrower] {
        let what = format!(
            "`{counter}` is counted otherwise: {} in {} ({}); it was {} in {} ({})",
            room(new.max),
            new.terms,
            price(new),
            room(old.max),
            old.terms,
            price(old)
        );
        findings.push(Finding { direction, is_certain: false, what });
    }
}

fn price(charge: &Charge<'_>) -> String {
    let costs = charge.costs.iter().map(|cost| match cost {
        Cost::Fixed(amount) => format!("{amount} a call"),
        Cost::Argument(path) => format!("`{path}` a call"),
    });
    costs.collect::<Vec<_>>().join(" or ")
}
