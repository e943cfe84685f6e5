//! Lints on `arguments`: what is compared with no schema, patterns that take too much work, and what `strict` cannot tell.

use std::collections::BTreeSet;

use crate::{
    json::pointer,
    policy::{ArgumentCheck, ArgumentRule, Lookup, Mode, Policy},
};

use super::{Lint, Lints, policy_section::PolicySection, quoted};

/// Places of one schema that a warning names.
const MAX_PLACES: usize = 3;

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    if !view.policy.checks_arguments() {
        return;
    }
    let entries = view.entries.iter().filter(|entry| entry.map == PolicySection::Tools && entry.blocker.is_none());
    let named = entries.filter(|entry| entry.pattern.is_none()).map(|entry| entry.key);
    let pinned = view.policy.definitions().into_iter().flat_map(|definitions| definitions.iter());
    let names: BTreeSet<&str> = named.chain(pinned.map(|(name, _)| name)).collect();
    for name in names {
        if let Some(rule) = argument_rule(view.policy, name) {
            check_tool(lints, name, rule);
        }
    }
    if view.policy.definitions().is_none()
        && let Some(rule) = view.policy.arguments().filter(|rule| rule.check > ArgumentCheck::Any)
    {
        let message = "the policy pins no definition, so it denies every call whose arguments it is to compare with a schema; \
                       pin them with `mcp-policy pin`";
        lints.add(Lint::NoPinnedSchema, view.text.absolute(&rule.pointer), message);
    }
}

fn check_tool(lints: &mut Lints<'_>, name: &str, rule: &ArgumentRule) {
    let view = lints.view;
    let pin = view.policy.definitions().and_then(|definitions| definitions.pin(name)).map(|(_, pin)| pin);
    let Some(schema) = pin.and_then(|pin| pin.schema.as_ref()) else {
        let place = match pin {
            Some(pin) => view.text.absolute(&pin.pointer),
            None => view.text.absolute(&pointer::member("/tools", name)),
        };
        let message = format!(
            "{} has no pinned schema, so `\"arguments\": \"{}\"` denies every call of it; pin it with `mcp-policy pin`, or write \
             `\"arguments\": \"any\"` in its rule",
            quoted(name),
            rule.check.name()
        );
        lints.add(Lint::NoPinnedSchema, place, message);
        return;
    };
    for (place, pattern) in schema.exhausting_patterns() {
        let message = format!(
            "a text of 16 KiB uses up the work that one request may take, so a call with one is denied as `(too much to check)`; \
             nearly all of it is for {}: write `\"maxLength\": {}`, or less, beside the pattern, or repeat it less often",
            quoted(pattern.exhausting_part(None).unwrap_or_default()),
            pattern.longest_affordable()
        );
        let at = pin.map(|pin| format!("{}/schema{place}", pin.pointer)).unwrap_or_default();
        lints.add(Lint::CostlyRegex, view.text.absolute(&at), message);
    }
    if rule.check != ArgumentCheck::Strict {
        return;
    }
    let places = schema.open_places(MAX_PLACES);
    if let (Some(pin), false) = (pin, places.is_empty()) {
        let places: Vec<String> = places.iter().map(|place| quoted(place)).collect();
        let message = format!(
            "the schema of {} says nothing of the values at {}, so `strict` lets any value through there; add conditions on these \
             arguments, or write what they must be into the pinned schema",
            quoted(name),
            places.join(", ")
        );
        lints.add(Lint::OpenSchema, view.text.absolute(&format!("{}/schema", pin.pointer)), message);
    }
}

/// The rule that has the arguments of a tool compared, if a call of it gets so far.
fn argument_rule<'p>(policy: &'p Policy, name: &str) -> Option<&'p ArgumentRule> {
    let own = match policy.tool(name) {
        Lookup::Rule(rule) if !rule.never_allows() => Some(rule),
        Lookup::NoMatch if policy.default() == crate::policy::Effect::Allow => None,
        Lookup::Rule(_) | Lookup::NoMatch | Lookup::Hidden => return None,
    };
    [Mode::Enforce, Mode::Shadow]
        .into_iter()
        .filter_map(|mode| policy.argument_rule(own, mode))
        .max_by_key(|rule| rule.check)
}
