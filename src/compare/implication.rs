//! Whether one condition holds wherever another does.

use crate::policy::{
    condition::{AllowedFolders, AllowedHosts, Clause, Condition, Literal, Operator, Set},
    policy_json,
};

/// Whether `other` holds for every call for which `one` does. `false` if that is unknown.
///
/// Both compare the same operand: each condition also denies names that resemble a key of its path. In `deny_if` and
/// `require_approval` a value of the wrong type holds, so there both must find the same types wrong.
pub(super) fn implies(one: &Condition, other: &Condition, clause: Clause) -> bool {
    if one.operand() != other.operand() {
        return false;
    }
    policy_json::condition(one) == policy_json::condition(other) || narrows(one, other, clause)
}

fn narrows(one: &Condition, other: &Condition, clause: Clause) -> bool {
    use Operator as Op;
    match (one.operator(), other.operator()) {
        (Op::Less(one), Op::Less(other) | Op::LessOrEqual(other)) | (Op::LessOrEqual(one), Op::LessOrEqual(other)) => {
            one <= other
        }
        (Op::LessOrEqual(one), Op::Less(other)) => one < other,
        (Op::Greater(one), Op::Greater(other) | Op::GreaterOrEqual(other))
        | (Op::GreaterOrEqual(one), Op::GreaterOrEqual(other)) => one >= other,
        (Op::GreaterOrEqual(one), Op::Greater(other)) => one > other,
        (Op::Among(one), Op::Among(other)) => comparable(one, other, clause) && contains_all(other, one),
        (Op::NotAmong(one), Op::NotAmong(other)) => same_types(one, other) && contains_all(one, other),
        (Op::StartsWith(one), Op::StartsWith(other)) => one.starts_with(other),
        (Op::EndsWith(one), Op::EndsWith(other)) => one.ends_with(other),
        (Op::MaxLength(one), Op::MaxLength(other)) | (Op::MaxItems(one), Op::MaxItems(other)) => one <= other,
        (Op::PathWithin(one), Op::PathWithin(other)) => within(one, other),
        (Op::UrlHostIn(one), Op::UrlHostIn(other)) => hosts(one, other),
        // What holds in `require` has found a value, but for `exists: false`.
        (_, Op::Exists(true)) => clause == Clause::Require && !one.holds_without(Clause::Require),
        _ => false,
    }
}

fn comparable(one: &Set, other: &Set, clause: Clause) -> bool {
    clause == Clause::Require || same_types(one, other)
}

/// Whether two sets hold values of the same simple types, so that both find the same values wrong.
fn same_types(one: &Set, other: &Set) -> bool {
    let types = |set: &Set| {
        let mut found = [false; 3];
        for literal in set.literals() {
            let index = match literal {
                Literal::Flag(_) => 0,
                Literal::Number(_) => 1,
                Literal::Text(_) => 2,
                Literal::List(_) | Literal::Object(_) => return None,
            };
            found.get_mut(index).into_iter().for_each(|found| *found = true);
        }
        Some(found)
    };
    types(one).is_some() && types(one) == types(other)
}

fn contains_all(set: &Set, part: &Set) -> bool {
    let all: Vec<Literal> = set.literals().collect();
    part.literals().all(|literal| all.contains(&literal))
}

fn within(one: &AllowedFolders, other: &AllowedFolders) -> bool {
    let covers = |folder: &str| other.folders().any(|above| folder.starts_with(above));
    one.base() == other.base() && one.folders().all(covers)
}

fn hosts(one: &AllowedHosts, other: &AllowedHosts) -> bool {
    let covers = |host: &str| {
        let mut above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot..));
        other.iter().any(|listed| listed == host) || above.any(|above| other.iter().any(|listed| listed == above))
    };
    one.iter().all(covers)
}
