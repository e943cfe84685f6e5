//! Lints on bindings.

use super::{Lint, Lints, quoted};

pub(super) fn check(lints: &mut Lints<'_>) {
    chosen_by_clients(lints);
    unbound(lints);
}

fn chosen_by_clients(lints: &mut Lints<'_>) {
    let bindings = lints.view.config.bindings.iter().enumerate();
    for (index, _) in bindings.filter(|(_, binding)| binding.is_chosen_by_clients()) {
        let message = "clients choose the host and the path, so they choose the policy that applies to them; add `route` \
                       or `grant` to the binding";
        lints.add(Lint::ClientChosenBinding, format!("/bindings/{index}"), message);
    }
}

fn unbound(lints: &mut Lints<'_>) {
    let config = lints.view.config;
    let is_bound = |index| config.bindings.iter().any(|binding| binding.policy() == Some(index));
    for (_, named) in config.policies.iter().enumerate().filter(|(index, _)| !is_bound(*index)) {
        let name = quoted(&named.name);
        let message = format!("no binding selects the policy {name}, so it never applies; bind it or remove it");
        lints.add(Lint::UnboundPolicy, super::offsets::child("/policies", &named.name), message);
    }
}
