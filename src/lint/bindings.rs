//! Lints on bindings, and on who may send requests at all.

use super::{Lint, Lints, quoted};

pub(super) fn check(lints: &mut Lints<'_>) {
    chosen_by_clients(lints);
    unbound(lints);
    any_origin(lints);
}

fn any_origin(lints: &mut Lints<'_>) {
    let origins = lints.view.config.protocol.origins.as_ref();
    if let Some(index) = origins.and_then(|origins| origins.texts().position(|origin| origin == "*")) {
        let message = "every web page may send requests and read the answers; list the origins of your own pages";
        lints.add(Lint::AnyOrigin, format!("/protocol/origins/{index}"), message);
    }
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
        lints.add(Lint::UnboundPolicy, super::value_offsets::child("/policies", &named.name), message);
    }
}
