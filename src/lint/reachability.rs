//! Rules, or parts of rules, that no call gets to.

use crate::policy::{
    Effect, Rule,
    pattern::{Pattern, Table},
    uri,
};

use super::{
    Lint, Lints, quoted,
    view::{Map, PolicyView},
};

/// What keeps every call from a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocker {
    /// Why none gets there.
    pub(super) why: String,
    /// What to do about it.
    next: &'static str,
    /// Whether it stands before the whole map, so that it is told once.
    whole: bool,
}

/// Longest name that a request can carry, in bytes; product contract, section 3.
const MAX_NAME: usize = 256;

pub(super) fn look(found: &mut Lints<'_>) {
    let view = found.view;
    for map in Map::ALL {
        if let (Some(barrier), false) = (closed(view, map), is_empty(map.of(view.policy))) {
            let message = format!("no call gets to these rules: {}; {}", barrier.why, barrier.next);
            found.add(Lint::Unreachable, view.pointer(map.name()), message);
        }
    }
    for entry in &view.entries {
        match &entry.barrier {
            Some(barrier) if barrier.whole => {}
            Some(barrier) => {
                let message = format!("no call gets to this rule: {}; {}", barrier.why, barrier.next);
                found.add(Lint::Unreachable, &entry.pointer, message);
            }
            None => {
                idle(found, entry.rule, &entry.pointer);
                behind_denial(found, entry.rule, &entry.pointer);
            }
        }
    }
    all_tools(found);
}

/// `all_tools`, where no tool gets as far.
fn all_tools(found: &mut Lints<'_>) {
    let view = found.view;
    let pointer = view.pointer("all_tools");
    if !view.places.has(&pointer) {
        return;
    }
    behind_denial(found, view.policy.all_tools(), &pointer);
    let passes = view.policy.default() == Effect::Allow
        || view.live().any(|live| live.entry.is_some_and(|entry| entry.map == Map::Tools) && !view.is_idle(live.rule));
    if !passes && !view.policy.all_tools().denies_unconditionally() {
        let message = "no call gets to this rule: `default` is `deny`, and no entry of `tools` lets a tool through; \
                       name the tools that may be called";
        found.add(Lint::Unreachable, pointer, message);
    }
}

/// A rule in shadow where the default refuses.
fn idle(found: &mut Lints<'_>, rule: &Rule, pointer: &str) {
    if found.view.is_idle(rule) {
        let message = "a rule in shadow permits nothing, so `default` `deny` refuses whatever this names; to try it \
                       out, put `\"mode\": \"shadow\"` at the top of the policy instead";
        found.add(Lint::ShadowUnderDeny, format!("{pointer}/mode"), message);
    }
}

/// What else stands in a rule that denies every call.
fn behind_denial(found: &mut Lints<'_>, rule: &Rule, pointer: &str) {
    let Some(denial) = denial(rule) else { return };
    let parts = [
        ("require", !rule.require.is_empty()),
        ("deny_if", rule.deny_if.len() > 1),
        ("require_approval", !rule.approval.is_empty()),
        ("limits", !rule.limits.is_empty()),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|(_, there)| *there).map(|(part, _)| part).collect();
    if !parts.is_empty() {
        let message = format!(
            "every call is denied at {}, so nothing comes of `{}` beside it; leave one of the two",
            quoted(&found.view.whole(denial)),
            parts.join("` and `")
        );
        found.add(Lint::Unreachable, pointer, message);
    }
}

/// Where a rule denies every call.
fn denial(rule: &Rule) -> Option<&str> {
    let denies = rule.deny_if.iter().find(|predicate| predicate.conditions.is_empty());
    denies.filter(|_| rule.denies_unconditionally()).map(|predicate| &*predicate.pointer)
}

/// Why no call gets to the rule of an entry.
pub(super) fn barrier(view: &PolicyView<'_>, map: Map, key: &str, pattern: Option<&Pattern>) -> Option<Blocker> {
    let entry = |why, next| Blocker { why, next, whole: false };
    if let Some(barrier) = closed(view, map) {
        return Some(barrier);
    }
    if let Some(index) = hidden(view, map, key) {
        let place = view.whole(&format!("/hide/{index}"));
        let why = format!("{} is hidden at `{place}`, and `hide` beats every entry", quoted(key));
        return Some(entry(why, "take it out of one of the two"));
    }
    if map == Map::Resources && uri::is_ambiguous_pattern(key) {
        let why = "a server may read such a URI as another one, so it is refused";
        return Some(entry(why.to_owned(), "write the URI as every parser writes it"));
    }
    if map != Map::Resources && key.chars().filter(|c| *c != '*').map(char::len_utf8).sum::<usize>() > MAX_NAME {
        let why = format!("a name longer than {MAX_NAME} bytes is refused");
        return Some(entry(why, "take it out"));
    }
    if map != Map::Resources && key.chars().any(char::is_control) {
        let why = "a name with control characters is refused";
        return Some(entry(why.to_owned(), "write the name without them"));
    }
    let (better, rule) = better(pattern?, map.of(view.policy))?;
    let (key, other) = (quoted(key), quoted(better.text()));
    Some(match denial(rule) {
        Some(denial) => {
            let place = quoted(&view.whole(denial));
            let why = format!("{other} denies whatever {key} names, at {place}, and such a pattern beats the others");
            entry(why, "write names out, which beat every pattern")
        }
        None => entry(format!("{other} decides on whatever {key} names"), "leave one of the two"),
    })
}

/// Why no call gets to any entry of a map.
fn closed(view: &PolicyView<'_>, map: Map) -> Option<Blocker> {
    let methods: &[&str] = match map {
        Map::Tools => &["tools/call"],
        Map::Prompts => &["prompts/get"],
        Map::Resources => &["resources/read", "resources/subscribe", "subscriptions/listen"],
    };
    let gates = methods.iter().filter_map(|method| view.policy.method(method));
    let denied: Vec<_> = gates.filter(|gate| gate.stance == Effect::Deny).collect();
    let whole = |why, next| Some(Blocker { why, next, whole: true });
    if let (Some(gate), true) = (denied.first(), denied.len() == methods.len()) {
        let place = quoted(&view.whole(&gate.pointer));
        let are = if methods.len() == 1 { "is" } else { "are" };
        let why = format!("`{}` {are} denied, at {place}", methods.join("`, `"));
        return whole(why, "leave the rules out, or let the method pass");
    }
    let denial = denial(view.policy.all_tools()).filter(|_| map == Map::Tools)?;
    let why = format!("every tool call is denied, at {}", quoted(&view.whole(denial)));
    whole(why, "leave the rules out, or give the denial conditions")
}

/// The index of what hides everything that a key names.
fn hidden(view: &PolicyView<'_>, map: Map, key: &str) -> Option<usize> {
    let hides = |hidden: &&str| match Pattern::new(hidden) {
        Some(pattern) => pattern.matches(key),
        None => *hidden == key,
    };
    // Asking the policy first takes no time for the many names that are not hidden.
    view.policy.hidden().get(key).filter(|()| map == Map::Tools)?;
    view.hide.iter().position(hides)
}

/// The pattern that decides on everything another one names.
fn better<'p>(pattern: &Pattern, table: &'p Table<Rule>) -> Option<(&'p Pattern, &'p Rule)> {
    let mut before = table.patterns().take_while(|(other, _)| *other != pattern);
    before.find(|(other, _)| other.matches(pattern.text()))
}

fn is_empty(table: &Table<Rule>) -> bool {
    table.names().next().is_none() && table.patterns().next().is_none()
}
