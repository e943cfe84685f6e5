//! The names on which the same two entries decide, one in each policy.
//!
//! Names that a policy writes out are looked up. All others are represented by the patterns that decide on them: of two patterns,
//! each in its order of precedence, that some name can match. Where no name is known that both decide on, there may be one.

use std::collections::BTreeSet;

use crate::policy::{
    Lookup, Policy, Rule,
    pattern::{Pattern, Table},
};

use super::Kind;

/// What an entry says of a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome<'p> {
    Hidden,
    Rule(&'p Rule),
    NoMatch,
}

/// Names on which the same entries decide.
pub(super) struct NameClass<'p> {
    /// In words: ``the tool `pay` ``.
    pub(super) target: String,
    /// By the old policy and by the new one.
    pub(super) outcomes: (Outcome<'p>, Outcome<'p>),
    /// Whether there is such a name.
    pub(super) is_certain: bool,
}

/// Groups names by the two entries that decide on them, of the old policy and of the new one; with `listed`, these tools alone.
pub(super) fn name_classes<'p>(
    old: &'p Policy,
    new: &'p Policy,
    kind: Kind,
    listed: Option<&[String]>,
) -> Vec<NameClass<'p>> {
    let exact: BTreeSet<&str> = match listed {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => [old, new].into_iter().flat_map(|policy| exact_keys(policy, kind)).collect(),
    };
    let named = exact.iter().map(|name| NameClass {
        target: format!("the {kind} `{}`", written(kind, old, new, name)),
        outcomes: (look_up(old, kind, name), look_up(new, kind, name)),
        is_certain: true,
    });
    let mut classes: Vec<NameClass<'p>> = named.collect();
    if listed.is_none() {
        let (old, new) = (patterns(old, kind), patterns(new, kind));
        add_patterns(&mut classes, kind, (&old, &new), &exact);
    }
    classes
}

/// The patterns of a policy in the order in which they decide: those of `hide` come first.
type Patterns<'p> = Vec<(&'p Pattern, Outcome<'p>)>;

fn add_patterns<'p>(
    classes: &mut Vec<NameClass<'p>>,
    kind: Kind,
    (old, new): (&Patterns<'p>, &Patterns<'p>),
    exact: &BTreeSet<&str>,
) {
    let everything = |patterns: &Patterns<'_>| patterns.iter().any(|(pattern, _)| covers_everything(pattern));
    for (one, old_outcome) in with_none(old) {
        for (other, new_outcome) in with_none(new) {
            let is_possible = match (one, other) {
                (Some(one), Some(other)) => {
                    one.overlaps(other) && !is_taken(old, one, &[one, other]) && !is_taken(new, other, &[one, other])
                }
                (Some(one), None) => !is_taken(old, one, &[one]) && !is_covered(new, one),
                (None, Some(other)) => !is_taken(new, other, &[other]) && !is_covered(old, other),
                (None, None) => !everything(old) && !everything(new),
            };
            if !is_possible {
                continue;
            }
            let mut candidates = candidates(one, other).into_iter();
            let decides = |patterns: &Patterns<'_>, name: &str, wanted: Option<&Pattern>| {
                patterns.iter().map(|(pattern, _)| *pattern).find(|pattern| pattern.matches(name)) == wanted
            };
            let witness = candidates
                .find(|name| !exact.contains(name.as_str()) && decides(old, name, one) && decides(new, name, other));
            classes.push(NameClass {
                target: describe(kind, one, other, witness.as_deref()),
                outcomes: (old_outcome, new_outcome),
                is_certain: witness.is_some(),
            });
        }
    }
}

/// The patterns, and none.
fn with_none<'s, 'p>(
    patterns: &'s Patterns<'p>,
) -> impl Iterator<Item = (Option<&'p Pattern>, Outcome<'p>)> + use<'s, 'p> {
    let patterns = patterns.iter().map(|(pattern, outcome)| (Some(*pattern), *outcome));
    patterns.chain([(None, Outcome::NoMatch)])
}

/// Whether a pattern that comes before `pattern` decides on every name of one of some patterns.
fn is_taken(patterns: &Patterns<'_>, pattern: &Pattern, names: &[&Pattern]) -> bool {
    let before = patterns.iter().map(|(other, _)| *other).take_while(|other| !std::ptr::eq(*other, pattern));
    let mut before = before.filter(|other| *other != pattern);
    before.any(|other| names.iter().any(|names| other.matches(names.as_str())))
}

fn is_covered(patterns: &Patterns<'_>, names: &Pattern) -> bool {
    patterns.iter().any(|(pattern, _)| pattern.matches(names.as_str()))
}

fn covers_everything(pattern: &Pattern) -> bool {
    pattern.as_str().chars().all(|c| c == '*')
}

/// Names that both patterns may match; without a pattern, names that seldom match any.
fn candidates(one: Option<&Pattern>, other: Option<&Pattern>) -> Vec<String> {
    let pieces = |pattern: Option<&Pattern>| -> Vec<String> {
        pattern.map(|pattern| pattern.as_str().split('*').map(str::to_owned).collect()).unwrap_or_default()
    };
    let (ones, others) = (pieces(one), pieces(other));
    let longest = |one: Option<&String>, other: Option<&String>| -> String {
        one.into_iter().chain(other).max_by_key(|text| text.len()).cloned().unwrap_or_default()
    };
    let first = longest(ones.first(), others.first());
    let last = longest(ones.last(), others.last());
    let middle = |pieces: &[String]| pieces.get(1..pieces.len().saturating_sub(1)).unwrap_or_default().to_vec();
    let middle = [middle(&ones), middle(&others)].concat();
    let filled = ["", "x", "_", "0", "zq"].into_iter().flat_map(|fill| {
        let inner = middle.join(fill);
        [[&*first, &*inner, &*last].concat(), [&*first, fill, &*inner, fill, &*last].concat()]
    });
    filled.filter(|name| !name.is_empty()).collect()
}

fn describe(kind: Kind, one: Option<&Pattern>, other: Option<&Pattern>, witness: Option<&str>) -> String {
    let such = witness.map(|name| format!(", such as `{name}`")).unwrap_or_default();
    match (one, other) {
        (None, None) => format!("every other {kind}"),
        (Some(one), Some(other)) if one != other => {
            format!("{kind}s that match `{}` and `{}`{such}", one.as_str(), other.as_str())
        }
        (Some(pattern), _) | (None, Some(pattern)) => format!("{kind}s that match `{}`{such}", pattern.as_str()),
    }
}

/// What the entries of a policy say of a name.
pub(super) fn look_up<'p>(policy: &'p Policy, kind: Kind, name: &str) -> Outcome<'p> {
    let found = match kind {
        Kind::Tool => policy.tool(name),
        Kind::Prompt => policy.prompt(name),
        Kind::Resource => policy.resource(name),
    };
    match found {
        Lookup::Hidden => Outcome::Hidden,
        Lookup::Rule(rule) => Outcome::Rule(rule),
        Lookup::NoMatch => Outcome::NoMatch,
    }
}

fn table(policy: &Policy, kind: Kind) -> &Table<Rule> {
    match kind {
        Kind::Tool => policy.tools(),
        Kind::Prompt => policy.prompts(),
        Kind::Resource => policy.resources(),
    }
}

fn exact_keys(policy: &Policy, kind: Kind) -> Vec<&str> {
    let hidden = policy.hidden().names().map(|(name, ())| name).filter(|_| kind == Kind::Tool);
    table(policy, kind).names().map(|(name, _)| name).chain(hidden).collect()
}

fn patterns(policy: &Policy, kind: Kind) -> Patterns<'_> {
    let hidden = policy.hidden().patterns().map(|(pattern, ())| (pattern, Outcome::Hidden));
    let hidden = hidden.filter(|_| kind == Kind::Tool);
    hidden.chain(table(policy, kind).patterns().map(|(pattern, rule)| (pattern, Outcome::Rule(rule)))).collect()
}

/// A name as one of the policies writes it.
fn written<'n>(kind: Kind, old: &'n Policy, new: &'n Policy, name: &'n str) -> &'n str {
    if kind != Kind::Resource {
        return name;
    }
    let written = old.written_uri(name);
    if written == name { new.written_uri(name) } else { written }
}
