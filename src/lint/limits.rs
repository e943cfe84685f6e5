//! Limits that let more through, or less, than they seem to.

use std::collections::HashSet;

use crate::{
    amount::Amount,
    config::Refund,
    policy::{Cost, Effect, Limit, Scope},
    window::Window,
};

use super::{
    Lint, Lints, quoted,
    view::{Map, PolicyView, ReachableRule},
};

/// Windows of this length, in seconds, outlive an Envoy often enough to matter.
const LONG: u32 = 3600;

pub(super) fn look(found: &mut Lints<'_>) {
    refund_beside_service(found);
    let view = found.view;
    let counts_alone = view.config.limits.service.is_none();
    let mut told = HashSet::new();
    for live in view.live() {
        alone(found, live);
        for limit in &live.rule.limits {
            // One name is one counter, with one window.
            if counts_alone && limit.window.seconds() >= LONG && told.insert(&limit.counter) {
                local_window(found, limit);
            }
            too_little(found, limit);
        }
    }
}

fn refund_beside_service(found: &mut Lints<'_>) {
    let limits = &found.view.config.limits;
    if limits.service.is_some() && limits.refund == Refund::Failed {
        let message = "a service takes no charge back, so a call that the server fails stays charged; take it out";
        found.add(Lint::RefundBesideService, "/limits/refund", message);
    }
}

fn local_window(found: &mut Lints<'_>, limit: &Limit) {
    let message = format!(
        "{} counts for {} in this Envoy alone: a restart forgets the count, and each replica has its own; where that \
         matters, name a `limits.service`, use a window of minutes, or a single replica",
        quoted(&limit.counter),
        length(limit.window)
    );
    found.add(Lint::LocalWindow, found.view.part(&limit.pointer, "window"), message);
}

fn length(window: Window) -> String {
    match window.name() {
        Some("hour") => "an hour".to_owned(),
        Some(name) => format!("a {name}"),
        None => format!("{} seconds", window.seconds()),
    }
}

/// Limits whose scope leaves a gap that no other limit of the same calls closes.
fn alone(found: &mut Lints<'_>, live: ReachableRule<'_>) {
    let has = |scope| live.limits().any(|limit| limit.scope == scope);
    if has(Scope::Grant) || live.entry.is_none() && every_tool_has_its_own(found.view) {
        return;
    }
    let Some(limit) = live.rule.limits.iter().find(|limit| limit.scope != Scope::Grant) else { return };
    let global = live.rule.limits.iter().find(|limit| limit.scope == Scope::Global);
    if let Some(global) = global {
        let message = format!(
            "one caller can use up {} for all, since no limit here is of scope `grant`; add one",
            quoted(&global.counter)
        );
        found.add(Lint::GlobalAlone, found.view.part(&global.pointer, "scope"), message);
    } else if !has(Scope::Global) {
        let message = format!(
            "{} holds nobody back: callers open sessions as they like, and every limit here is of scope `session`; \
             add one of scope `grant`",
            quoted(&limit.counter)
        );
        found.add(Lint::SessionAlone, found.view.part(&limit.pointer, "scope"), message);
    }
}

/// Whether whatever `all_tools` lets through has a limit of scope `grant` in its own rule.
fn every_tool_has_its_own(view: &PolicyView<'_>) -> bool {
    let mut tools = view.live().filter(|live| live.entry.is_some_and(|entry| entry.map == Map::Tools)).peekable();
    let named = view.policy.default() == Effect::Deny && tools.peek().is_some();
    named && tools.all(|live| live.rule.limits.iter().any(|limit| limit.scope == Scope::Grant))
}

fn too_little(found: &mut Lints<'_>, limit: &Limit) {
    let max = limit.max;
    match &limit.cost {
        Cost::Argument(path) if max == Amount::ZERO => {
            let message = format!(
                "`max` is 0, so only a call whose `{path}` is 0 ever passes; write `\"action\": \"deny\"` if none should"
            );
            found.add(Lint::ZeroLimit, found.view.part(&limit.pointer, "max"), message);
        }
        Cost::Fixed(_) if max == Amount::ZERO => {
            let message = "`max` is 0, so no call ever passes; write `\"action\": \"deny\"` if that is meant";
            found.add(Lint::ZeroLimit, found.view.part(&limit.pointer, "max"), message);
        }
        Cost::Fixed(cost) if *cost > max => {
            let message = format!(
                "one call costs {cost} and `max` is {max}, so no call ever passes; raise `max`, or lower `increment`"
            );
            found.add(Lint::IncrementOverMax, found.view.part(&limit.pointer, "increment"), message);
        }
        _ => {}
    }
}
