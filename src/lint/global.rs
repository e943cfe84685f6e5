//! What the policy or the configuration says of everything.

use crate::policy::{Effect, Mode, Rule};

use super::{Lint, Lints, view::Map};

pub(super) fn look(found: &mut Lints<'_>) {
    shadow(found);
    allow_with_hide(found);
    open_star(found);
}

fn shadow(found: &mut Lints<'_>) {
    let view = found.view;
    let modes = [(view.config.mode, "/mode".to_owned()), (view.policy.mode(), view.pointer("mode"))];
    for (_, pointer) in modes.into_iter().filter(|(mode, _)| *mode == Mode::Shadow) {
        let message = "nothing is enforced: in `shadow` a call that the policy refuses goes through and is only \
                       reported; take `mode` out to enforce";
        found.add(Lint::Shadow, pointer, message);
    }
}

fn allow_with_hide(found: &mut Lints<'_>) {
    let view = found.view;
    if view.policy.default() == Effect::Allow && !view.hide.is_empty() {
        let message = "`default` is `allow`, so only what is listed here is kept back, and a tool that the server \
                       adds later is open; write `\"default\": \"deny\"` and name what may be called";
        found.add(Lint::AllowWithHide, view.pointer("hide"), message);
    }
}

fn open_star(found: &mut Lints<'_>) {
    let view = found.view;
    if view.policy.default() == Effect::Allow {
        return;
    }
    for entry in view.entries.iter().filter(|entry| entry.key.chars().all(|c| c == '*')) {
        // What `all_tools` asks is asked of every tool: then `*` is a way to say so.
        let restricted = entry.map == Map::Tools && restricts(view.policy.all_tools());
        if restricted || restricts(entry.rule) || view.is_idle(entry.rule) || entry.barrier.is_some() {
            continue;
        }
        let (one, key) = (entry.map.one(), entry.key);
        let message = format!(
            "`{key}` lets every {one} through, so `default` `deny` keeps none back; name what may be used, or give \
             `{key}` a rule"
        );
        found.add(Lint::OpenStar, &entry.pointer, message);
    }
}

fn restricts(rule: &Rule) -> bool {
    let Rule { mode, require, deny_if, approval, limits } = rule;
    let asks = !(require.is_empty() && deny_if.is_empty() && approval.is_empty() && limits.is_empty());
    *mode == Mode::Enforce && asks
}
