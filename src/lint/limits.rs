//! Lints on limits that allow more calls, or fewer, than they seem to.

use std::collections::HashSet;

use crate::{
    amount::Amount,
    config::Refund,
    policy::{Cost, Effect, Limit, Scope},
    window::Window,
};

use super::{
    Lint, Lints,
    policy_section::PolicySection,
    quoted,
    view::{PolicyView, ReachableRule},
};

/// A window of this length, in seconds, often lasts longer than an Envoy runs.
const LONG: u32 = 3600;

pub(super) fn check(lints: &mut Lints<'_>) {
    refund_beside_service(lints);
    let view = lints.view;
    let is_local = view.config.limits.service.is_none();
    let mut warned = HashSet::new();
    for reachable in view.reachable_rules() {
        scope_alone(lints, reachable);
        for limit in reachable.rule.limits() {
            // One name is one counter, with one window.
            if is_local && limit.window.seconds() >= LONG && warned.insert(&limit.counter) {
                local_window(lints, limit);
            }
            too_small(lints, limit);
        }
    }
}

fn refund_beside_service(lints: &mut Lints<'_>) {
    let limits = &lints.view.config.limits;
    if limits.service.is_some() && limits.refund == Refund::Failed {
        let message = "a rate limit service makes no refunds, so a call that fails at the server stays charged; remove \
                       `refund`";
        lints.add(Lint::RefundBesideService, "/limits/refund", message);
    }
}

fn local_window(lints: &mut Lints<'_>, limit: &Limit) {
    let message = format!(
        "each Envoy counts {} on its own for {}: a restart resets the count, and replicas do not share it; if that \
         matters, set `limits.service`, use a window of minutes, or run one replica",
        quoted(&limit.counter),
        describe(limit.window)
    );
    lints.add(Lint::LocalWindow, lints.view.member_pointer(&limit.pointer, "window"), message);
}

fn describe(window: Window) -> String {
    window.name_with_article().map_or_else(|| format!("{} seconds", window.seconds()), str::to_owned)
}

/// Limits without one of scope `grant` beside them.
fn scope_alone(lints: &mut Lints<'_>, reachable: ReachableRule<'_>) {
    // A limit without `max` limits no caller.
    let has = |scope| reachable.limits().any(|limit| limit.scope == scope && limit.max.is_some());
    if has(Scope::Grant) || reachable.entry.is_none() && every_tool_limits_grants(lints.view) {
        return;
    }
    let limits = || reachable.rule.limits().filter(|limit| limit.max.is_some());
    let Some(limit) = limits().find(|limit| limit.scope != Scope::Grant) else { return };
    let global = limits().find(|limit| limit.scope == Scope::Global);
    if let Some(global) = global {
        let message = format!(
            "one caller can use up {} for all others, since no limit here has scope `grant`; add one",
            quoted(&global.counter)
        );
        lints.add(Lint::GlobalAlone, lints.view.member_pointer(&global.pointer, "scope"), message);
    } else if !has(Scope::Global) {
        let message = format!(
            "{} does not limit a caller, who can open any number of sessions: every limit here has scope `session`; add \
             one of scope `grant`",
            quoted(&limit.counter)
        );
        lints.add(Lint::SessionAlone, lints.view.member_pointer(&limit.pointer, "scope"), message);
    }
}

/// Whether every tool that a call can reach has a limit of scope `grant` in its own rule.
fn every_tool_limits_grants(view: &PolicyView<'_>) -> bool {
    let mut tools = view
        .reachable_rules()
        .filter(|reachable| reachable.entry.is_some_and(|entry| entry.map == PolicySection::Tools))
        .peekable();
    let named = view.policy.default() == Effect::Deny && tools.peek().is_some();
    named && tools.all(|reachable| reachable.rule.limits().any(|limit| limit.scope == Scope::Grant))
}

fn too_small(lints: &mut Lints<'_>, limit: &Limit) {
    let Some(max) = limit.max else { return };
    match &limit.cost {
        Cost::Argument(path) if max == Amount::ZERO => {
            let message = format!(
                "`max` is 0, so the limit allows only calls whose `{path}` is 0; write `\"action\": \"deny\"` to deny every call"
            );
            lints.add(Lint::ZeroLimit, lints.view.member_pointer(&limit.pointer, "max"), message);
        }
        Cost::Fixed(_) if max == Amount::ZERO => {
            let message = "`max` is 0, so the limit allows no call; write `\"action\": \"deny\"` if you intend that";
            lints.add(Lint::ZeroLimit, lints.view.member_pointer(&limit.pointer, "max"), message);
        }
        Cost::Fixed(cost) if *cost > max => {
            let message = format!(
                "one call costs {cost} and `max` is {max}, so the limit allows no call; raise `max` or lower `increment`"
            );
            lints.add(Lint::IncrementOverMax, lints.view.member_pointer(&limit.pointer, "increment"), message);
        }
        _ => {}
    }
}
