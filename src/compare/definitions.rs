//! Pinned definitions: which tools can be called only with the definition that was approved.

use std::collections::BTreeSet;

use super::{
    Direction, Findings, Kind,
    effective::Effective,
    names::{Outcome, look_up},
    rules::Finding,
};
use crate::policy::{Definitions, Effect, OnDrift, Pin, Policy};

/// What a policy says of a tool without looking at rules.
enum Stance<'p> {
    /// Any definition will do.
    Open,
    /// Without a pin it cannot be called.
    Closed,
    /// Only with one of these definitions.
    Pinned(&'p Pin),
}

/// Reports where pins differ.
pub(super) fn compare(old: &Policy, new: &Policy, found: &mut Findings) {
    let both = [old.definitions(), new.definitions()];
    let names: BTreeSet<&str> = both.iter().flatten().flat_map(|pins| pins.iter()).map(|(name, _)| name).collect();
    let is_denied = |policy: &Policy, name: &str| {
        Effective::new(policy, Kind::Tool, look_up(policy, Kind::Tool, name)).denied.is_some()
    };
    // Its arguments are to be compared with a schema that it does not have, or it needs a pin.
    let lacks_pin = |policy: &Policy, name: &str| {
        let own = match look_up(policy, Kind::Tool, name) {
            Outcome::Rule(rule) => Some(rule),
            Outcome::Hidden | Outcome::NoMatch => None,
        };
        policy.lacks_pin(name, own)
    };
    for name in names {
        let (old_lacks, new_lacks) = (lacks_pin(old, name), lacks_pin(new, name));
        // Whatever its definition is, no call of it passes.
        if (is_denied(old, name) || old_lacks) && (is_denied(new, name) || new_lacks) {
            continue;
        }
        let mut add = |direction, is_certain, what: &str| {
            found.add(&format!("the tool `{name}`"), Finding { direction, is_certain, what: what.to_owned() });
        };
        match both.map(|definitions| stance(definitions, Some(name))) {
            [Stance::Closed, Stance::Pinned(_)] => add(Direction::Wider, true, "it has a pin now"),
            [Stance::Pinned(_), Stance::Closed] => {
                add(Direction::Narrower, true, "it has no pin, and `unpinned` denies it")
            }
            _ if new_lacks => {
                add(
                    Direction::Narrower,
                    true,
                    "every call of it is denied, since no schema of its arguments is pinned",
                );
            }
            _ if old_lacks => add(
                Direction::Wider,
                true,
                "calls of it can pass; they were all denied, since no schema of its arguments was pinned",
            ),
            [Stance::Pinned(old), Stance::Pinned(new)] => {
                let schema = |pin: &Pin| pin.schema.as_ref().map(|schema| schema.to_json());
                if schema(old).zip(schema(new)).is_some_and(|(old, new)| old != new) {
                    add(Direction::Wider, false, "another schema of its arguments is pinned");
                    add(Direction::Narrower, false, "another schema of its arguments is pinned");
                }
                if new.digests.iter().any(|digest| !old.digests.contains(digest)) {
                    add(Direction::Wider, false, "another definition is pinned");
                }
                if old.digests.iter().any(|digest| !new.digests.contains(digest)) {
                    add(Direction::Narrower, false, "a definition is not pinned any more");
                }
            }
            [Stance::Pinned(_), Stance::Open] => add(Direction::Wider, false, "its definition is not pinned any more"),
            [Stance::Open, Stance::Pinned(_)] => add(Direction::Narrower, false, "its definition is pinned"),
            [Stance::Open | Stance::Closed, Stance::Open | Stance::Closed] => {}
        }
    }
    let direction = match both.map(|definitions| stance(definitions, None)) {
        [Stance::Closed, Stance::Open] => Some((Direction::Wider, "`unpinned` allows them")),
        [Stance::Open, Stance::Closed] => Some((Direction::Narrower, "`unpinned` denies them")),
        _ => None,
    };
    if let Some((direction, what)) = direction {
        found.add("tools without a pin", Finding::new(direction, what));
    }
    let reports = both.map(|definitions| definitions.is_some_and(|pins| pins.on_drift == OnDrift::Report));
    match (both.iter().all(Option::is_some), reports) {
        (true, [false, true]) => found.add("pinned tools", Finding::new(Direction::Wider, "a drift is only reported")),
        (true, [true, false]) => found.add("pinned tools", Finding::new(Direction::Narrower, "a drift denies them")),
        _ => {}
    }
}

/// Of a tool, or of those that have no pin in either policy.
fn stance<'p>(definitions: Option<&'p Definitions>, tool: Option<&str>) -> Stance<'p> {
    let Some(definitions) = definitions else { return Stance::Open };
    match (tool.and_then(|tool| definitions.pin(tool)), definitions.unpinned) {
        (Some((_, pin)), _) => Stance::Pinned(pin),
        (None, Effect::Deny) => Stance::Closed,
        (None, Effect::Allow) => Stance::Open,
    }
}
