//! Each sentence of the contract's section 1.2 on conditions, by name.

mod build;
mod compare;
mod names;
mod operand;
mod path_prefix;
#[cfg(not(target_family = "wasm"))]
mod properties;
mod sides;
mod text;
mod url;
mod work;

use crate::{json, policy::path::Path};

use super::{Args, Clause, Condition, ConditionResult, Facts, facts::NoFacts};

/// The condition, or all that is wrong with it; a line each.
fn build(path: &str, op: &str, value: &str) -> Result<Condition, String> {
    let value = json::parse(value.as_bytes(), 64).unwrap();
    let lines = |complaints: Vec<super::ConditionError>| {
        complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    Condition::new(Path::new(path).unwrap(), op, Some(&value)).map_err(lines)
}

/// Facts about a caller and a time without any value.
fn no_facts() -> Facts<'static> {
    Facts::new(&NoFacts, std::iter::empty())
}

/// How it answers, in full.
fn finding(path: &str, op: &str, value: &str, clause: Clause, args: &str) -> String {
    let args = json::parse(args.as_bytes(), 64).unwrap();
    build(path, op, value).unwrap().holds(clause, &Args::new(Some(&args)), &no_facts()).to_string()
}

/// Whether it holds in each clause; `None` where the arguments are ambiguous.
fn ask(condition: &Condition, args: &str) -> [Option<bool>; 2] {
    let args = json::parse(args.as_bytes(), 64).unwrap();
    [Clause::Require, Clause::Deny].map(|clause| match condition.holds(clause, &Args::new(Some(&args)), &no_facts()) {
        ConditionResult::Holds(_) => Some(true),
        ConditionResult::Fails(_) => Some(false),
        ConditionResult::Ambiguous(_) | ConditionResult::TooMuch => None,
    })
}

/// The argument satisfies the condition.
const YES: [Option<bool>; 2] = [Some(true), Some(true)];
/// It does not.
const NO: [Option<bool>; 2] = [Some(false), Some(false)];
/// It is of the wrong type: neither permits nor escapes.
const UNFIT: [Option<bool>; 2] = [Some(false), Some(true)];
/// Denied on both sides.
const AMBIGUOUS: [Option<bool>; 2] = [None, None];

/// Asks the same about several values of `args.x`.
#[track_caller]
fn assert_x(op: &str, value: &str, cases: &[(&str, [Option<bool>; 2])]) {
    let condition = build("args.x", op, value).unwrap();
    for (x, expected) in cases {
        assert_eq!(ask(&condition, &format!(r#"{{"x":{x}}}"#)), *expected, "{x} {op} {value}");
    }
}

/// Asks the same about several arguments.
#[track_caller]
fn assert_args(path: &str, op: &str, value: &str, cases: &[(&str, [Option<bool>; 2])]) {
    let condition = build(path, op, value).unwrap();
    for (args, expected) in cases {
        assert_eq!(ask(&condition, args), *expected, "{path} {op} {value} on {args}");
    }
}
