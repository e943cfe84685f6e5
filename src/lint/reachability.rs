//! Lints on rules, and parts of rules, that no call reaches.

use crate::policy::{Effect, Rule, pattern::Table};

use super::{
    Lint, Lints,
    blocker::{Blocker, denial},
    policy_section::PolicySection,
    quoted,
};

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    for map in PolicySection::ALL {
        let blocker = Blocker::find_for_map(view.policy, &view.text, map);
        if let (Some(blocker), false) = (blocker, is_empty(map.entries(view.policy))) {
            let message = format!("no call reaches these rules: {}; {}", blocker.why, blocker.next);
            lints.add(Lint::Unreachable, view.text.pointer(map.key()), message);
        }
    }
    for entry in &view.entries {
        match &entry.blocker {
            Some(blocker) if blocker.blocks_map => {}
            Some(blocker) => {
                let message = format!("no call reaches this rule: {}; {}", blocker.why, blocker.next);
                lints.add(Lint::Unreachable, &entry.pointer, message);
            }
            None => {
                shadow_under_deny(lints, entry.rule, &entry.pointer);
                beside_denial(lints, entry.rule, &entry.pointer);
            }
        }
    }
    all_tools(lints);
}

/// `all_tools`, if no tool call reaches it.
fn all_tools(lints: &mut Lints<'_>) {
    let view = lints.view;
    let pointer = view.text.pointer("all_tools");
    if !view.offsets.has(&pointer) {
        return;
    }
    beside_denial(lints, view.policy.all_tools(), &pointer);
    let mut tools = view
        .reachable_rules()
        .filter(|reachable| reachable.entry.is_some_and(|entry| entry.map == PolicySection::Tools));
    let allows_some =
        view.policy.default() == Effect::Allow || tools.any(|reachable| !view.is_denied_by_default(reachable.rule));
    if !allows_some && !view.policy.all_tools().denies_unconditionally() {
        let message = "no call reaches this rule: `default` is `deny`, and no entry of `tools` allows a tool; add the \
                       tools that agents may call to `tools`";
        lints.add(Lint::Unreachable, pointer, message);
    }
}

/// A rule in shadow mode under a default that denies.
fn shadow_under_deny(lints: &mut Lints<'_>, rule: &Rule, pointer: &str) {
    if lints.view.is_denied_by_default(rule) {
        let message = "a rule in shadow mode allows nothing, so `\"default\": \"deny\"` denies what it names; to try the \
                       rule, set `\"mode\": \"shadow\"` at the top of the policy instead";
        lints.add(Lint::ShadowUnderDeny, format!("{pointer}/mode"), message);
    }
}

/// The other parts of a rule that denies every call.
fn beside_denial(lints: &mut Lints<'_>, rule: &Rule, pointer: &str) {
    let Some(denial) = denial(rule) else { return };
    let parts = [
        ("require", rule.require().next().is_some()),
        ("deny_if", rule.deny_if().nth(1).is_some()),
        ("require_approval", rule.asks_for_approval()),
        ("limits", rule.limits().next().is_some()),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|(_, present)| *present).map(|(part, _)| part).collect();
    if !parts.is_empty() {
        let has = if parts.len() == 1 { "has" } else { "have" };
        let message = format!(
            "the rule denies every call at {}, so its `{}` {has} no effect; remove one or the other",
            quoted(&lints.view.text.absolute(denial)),
            parts.join("` and `")
        );
        lints.add(Lint::Unreachable, pointer, message);
    }
}

fn is_empty(table: &Table<Rule>) -> bool {
    table.names().next().is_none() && table.patterns().next().is_none()
}
