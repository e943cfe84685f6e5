//! Lints on what a policy or a configuration says about every call.

use crate::{
    budget,
    policy::{ArgumentCheck, Checks, Effect, Mode, Rule},
};

use super::{Lint, Lints, policy_section::PolicySection};

pub(super) fn check(lints: &mut Lints<'_>) {
    shadow(lints);
    allow_with_hide(lints);
    open_star(lints);
    sizes(lints);
}

/// Sizes of one body and of one list that no caller's share has room for.
fn sizes(lints: &mut Lints<'_>) {
    let config = lints.view.config;
    let share = budget::max_bytes_per_caller(config.protocol.max_held_bytes);
    for (bytes, pointer, what) in [
        (config.protocol.max_body_bytes, "/protocol/max_body_bytes", "the gateway refuses a larger body"),
        (config.lists.max_bytes, "/lists/max_bytes", "a longer list becomes an error"),
    ] {
        if bytes > share {
            let message = format!(
                "one caller may hold {share} bytes (an eighth of `protocol.max_held_bytes`), so {what} even if this permits it; set \
                 `protocol.max_held_bytes` to at least {}, or lower this",
                bytes.saturating_mul(8)
            );
            lints.add(Lint::SizeOverShare, pointer, message);
        }
    }
}

fn shadow(lints: &mut Lints<'_>) {
    let view = lints.view;
    let modes = [(view.config.mode, "/mode".to_owned()), (view.policy.mode(), view.text.pointer("mode"))];
    for (_, pointer) in modes.into_iter().filter(|(mode, _)| *mode == Mode::Shadow) {
        let message = "nothing is enforced: `shadow` mode only reports the calls that the policy denies, and lets them \
                       through; remove `mode` to enforce the policy";
        lints.add(Lint::Shadow, pointer, message);
    }
}

fn allow_with_hide(lints: &mut Lints<'_>) {
    let view = lints.view;
    if view.policy.default() == Effect::Allow && !view.text.hide.is_empty() {
        let message = "`default` is `allow`, so a tool that the server adds later is open until it is listed here; \
                       write `\"default\": \"deny\"` and list the tools that agents may call";
        lints.add(Lint::AllowWithHide, view.text.pointer("hide"), message);
    }
}

fn open_star(lints: &mut Lints<'_>) {
    let view = lints.view;
    if view.policy.default() == Effect::Allow {
        return;
    }
    for entry in view.entries.iter().filter(|entry| entry.key.chars().all(|c| c == '*')) {
        // Restrictions in `all_tools` apply to every tool, so `*` may be open.
        let restricted = entry.map == PolicySection::Tools && restricts(view.policy.all_tools());
        if restricted || restricts(entry.rule) || view.is_denied_by_default(entry.rule) || entry.blocker.is_some() {
            continue;
        }
        let (one, key) = (entry.map.noun(), entry.key);
        let message = format!(
            "`{key}` allows every {one}, so `\"default\": \"deny\"` denies none; list the {one}s that agents may use, or \
             restrict `{key}`"
        );
        lints.add(Lint::OpenStar, &entry.pointer, message);
    }
}

fn restricts(rule: &Rule) -> bool {
    let is_empty = |checks: &Checks| {
        // `results` restricts no call.
        let Checks { require, deny_if, approval, limits, results: _, arguments, contents: _ } = checks;
        let is_open = arguments.as_ref().is_none_or(|rule| rule.check == ArgumentCheck::Any);
        is_open && require.is_empty() && deny_if.is_empty() && approval.is_empty() && limits.is_empty()
    };
    rule.mode == Mode::Enforce && !rule.checks().all(is_empty)
}
