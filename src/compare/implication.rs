//! Whether one condition holds wherever another does.

use crate::{
    json::Value,
    policy::{
        condition::{AllowedFolders, AllowedHosts, Clause, Condition, Literal, Operator, Set},
        policy_json,
    },
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
        // What holds has found a value, but for what holds without one.
        (_, Op::Exists(true)) => !one.holds_without(clause),
        (Op::Among(set), other) => holds_for_all(set, other, clause),
        (one, Op::NotAmong(set)) => holds_for_none(one, set, clause),
        _ => false,
    }
}

/// Whether an operator holds for each of some values, and finds the types wrong that they do not have.
fn holds_for_all(set: &Set, operator: &Operator, clause: Clause) -> bool {
    let Some(types) = simple_types(set) else { return false };
    let is_each = literals(set).all(|value| operator.holds(clause, &value));
    let compared = compared_types(operator);
    let finds_wrong = || compared.is_some_and(|compared| compared.iter().zip(types).all(|(one, other)| !one || other));
    is_each && (clause == Clause::Require || finds_wrong())
}

/// Whether an operator holds for none of some values, so that what it holds for is none of them.
fn holds_for_none(operator: &Operator, set: &Set, clause: Clause) -> bool {
    let Some(types) = simple_types(set) else { return false };
    let is_none = !literals(set).any(|value| operator.holds(clause, &value));
    // In `require`, a value of a type that the set does not have satisfies no `not_in`.
    let has_types = || {
        compared_types(operator).is_some_and(|compared| compared.iter().zip(types).all(|(one, other)| !one || other))
    };
    is_none && (clause == Clause::Deny || has_types())
}

/// The simple values of a set as arguments.
fn literals(set: &Set) -> impl Iterator<Item = Value<'static>> {
    set.literals().filter_map(|literal| match literal {
        Literal::Flag(flag) => Some(Value::Bool(flag)),
        Literal::Number(number) => Some(Value::Number(number.to_string().into())),
        Literal::Text(text) => Some(Value::String(text.into())),
        Literal::List(_) | Literal::Object(_) => None,
    })
}

/// Which of boolean, number and text an operator compares; `None` if it compares lists, objects or whether anything is there.
fn compared_types(operator: &Operator) -> Option<[bool; 3]> {
    use Operator as Op;
    match operator {
        Op::Less(_) | Op::LessOrEqual(_) | Op::Greater(_) | Op::GreaterOrEqual(_) => Some([false, true, false]),
        Op::Regex(_)
        | Op::StartsWith(_)
        | Op::EndsWith(_)
        | Op::PathWithin(_)
        | Op::UrlHostIn(_)
        | Op::MaxLength(_) => Some([false, false, true]),
        Op::Among(set) | Op::NotAmong(set) => simple_types(set),
        Op::Contains(_) | Op::Includes(_) | Op::MaxItems(_) | Op::Exists(_) | Op::HasScope(_) => None,
    }
}

fn comparable(one: &Set, other: &Set, clause: Clause) -> bool {
    clause == Clause::Require || same_types(one, other)
}

/// Whether two sets hold values of the same simple types, so that both find the same values wrong.
fn same_types(one: &Set, other: &Set) -> bool {
    simple_types(one).is_some() && simple_types(one) == simple_types(other)
}

/// Which of boolean, number and text a set has; `None` if it has a list or an object.
fn simple_types(set: &Set) -> Option<[bool; 3]> {
    set.literals().try_fold([false; 3], |[flag, number, text], literal| match literal {
        Literal::Flag(_) => Some([true, number, text]),
        Literal::Number(_) => Some([flag, true, text]),
        Literal::Text(_) => Some([flag, number, true]),
        Literal::List(_) | Literal::Object(_) => None,
    })
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

#[cfg(test)]
mod tests {
    use super::{Clause, Condition, implies};
    use crate::{
        json,
        policy::{
            condition::{Args, ConditionResult, Facts, NoFacts},
            path::Path,
        },
    };

    const CONDITIONS: [(&str, &str); 40] = [
        ("eq", "5"),
        ("eq", "\"a\""),
        ("neq", "5"),
        ("neq", "true"),
        ("in", "[1,2]"),
        ("in", "[\"a\",\"ab\"]"),
        ("in", "[1,\"a\"]"),
        ("in", "[true]"),
        ("in", "[\"/srv/x\"]"),
        ("in", "[\"https://a.example/\"]"),
        ("in", "[[1]]"),
        ("not_in", "[1]"),
        ("not_in", "[7,10]"),
        ("not_in", "[\"a\"]"),
        ("not_in", "[\"zz\",3]"),
        ("not_in", "[\"/etc/x\",\"b\"]"),
        ("lt", "5"),
        ("lt", "6"),
        ("lte", "5"),
        ("lte", "4.5"),
        ("gt", "5"),
        ("gt", "8"),
        ("gte", "5"),
        ("gte", "8"),
        ("regex", "\"^a\""),
        ("contains", "\"a\""),
        ("contains", "1"),
        ("includes", "\"a\""),
        ("exists", "true"),
        ("exists", "false"),
        ("starts_with", "\"a\""),
        ("starts_with", "\"/srv\""),
        ("ends_with", "\"b\""),
        ("path_within", "[\"/srv\"]"),
        ("path_within", "[\"/srv/x\",\"/tmp\"]"),
        ("url_host_in", "[\"a.example\"]"),
        ("url_host_in", "[\"*.example\"]"),
        ("max_length", "1"),
        ("max_length", "4"),
        ("max_items", "1"),
    ];

    const VALUES: [&str; 40] = [
        "null",
        "true",
        "false",
        "1",
        "1.0",
        "2",
        "3",
        "4",
        "4.5",
        "5",
        "5.5",
        "6",
        "7",
        "8",
        "9",
        "10",
        "-1",
        "9007199254740993",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"b\"",
        "\"zz\"",
        "\"5\"",
        "\"/srv\"",
        "\"/srv/x\"",
        "\"/srv/y\"",
        "\"/etc/x\"",
        "\"/srv/../x\"",
        "\"a/b\"",
        "\"https://a.example/\"",
        "\"https://example/\"",
        "\"https://b.example/\"",
        "[]",
        "[1]",
        "[\"a\"]",
        "[1,\"a\"]",
        "[null]",
        "{}",
        "{\"a\":1}",
    ];

    fn conditions(path: &str) -> Vec<(Condition, String)> {
        let condition = |(op, value): (&str, &str)| {
            let node = json::parse(value.as_bytes(), 8).unwrap();
            (Condition::new(Path::new(path).unwrap(), op, Some(&node)).unwrap(), format!("{op} {value}"))
        };
        CONDITIONS.map(condition).into()
    }

    #[test]
    fn what_one_condition_implies_holds_wherever_it_holds() {
        let calls = VALUES.map(|value| format!("{{\"x\":{value}}}"));
        let calls: Vec<_> = calls.iter().map(|call| json::parse(call.as_bytes(), 8).unwrap()).collect();
        let nothing = json::parse(b"{}", 8).unwrap();
        let mut implied = 0;
        for path in ["args.x", "args.x[*]", "args.x.a"] {
            let conditions = conditions(path);
            for clause in [Clause::Require, Clause::Deny] {
                let facts = Facts::new(&NoFacts, std::iter::empty());
                let holds = |condition: &Condition, call| {
                    matches!(condition.holds(clause, &Args::new(Some(call)), &facts), ConditionResult::Holds(_))
                };
                for (one, one_text) in &conditions {
                    for (other, other_text) in &conditions {
                        if !implies(one, other, clause) {
                            continue;
                        }
                        implied += 1;
                        for call in calls.iter().chain([&nothing]) {
                            assert!(
                                !holds(one, call) || holds(other, call),
                                "{clause:?}: {one_text} implies {other_text}, but not for {path} of {call:?}"
                            );
                        }
                    }
                }
            }
        }
        assert!(implied > 500, "{implied}");
    }
}
