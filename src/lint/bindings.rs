//! Lints on bindings, and on who may send requests at all.

use super::{Lint, Lints, quoted};

pub(super) fn check(lints: &mut Lints<'_>) {
    chosen_by_clients(lints);
    unreachable(lints);
    grants_without_source(lints);
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

fn unreachable(lints: &mut Lints<'_>) {
    let config = lints.view.config;
    // Each binding is compared with all before it, so this runs for one policy only.
    if !config.policies.first().is_some_and(|first| std::ptr::eq(&first.policy, lints.view.policy)) {
        return;
    }
    let bindings = &config.bindings;
    for (index, binding) in bindings.iter().enumerate() {
        let message = if binding.excludes_every_path() {
            "no path is `path` and lies under `path_prefix` as well, so no request matches this binding; remove one of the two"
                .to_owned()
        } else if let Some(earlier) = bindings.iter().take(index).position(|earlier| earlier.covers(binding)) {
            format!(
                "`/bindings/{earlier}` matches every request that this binding matches, so no request reaches it; move it before \
                 that one, or remove it"
            )
        } else {
            continue;
        };
        lints.add(Lint::UnreachableBinding, format!("/bindings/{index}"), message);
    }
}

/// A binding by a grant that no caller has. The configuration is valid all the same, so that a token can be revoked, or a source removed.
fn grants_without_source(lints: &mut Lints<'_>) {
    let config = lints.view.config;
    for (index, binding) in config.bindings.iter().enumerate() {
        if let Some(grant) = binding.unyielded_grant(&config.identity) {
            let message = format!(
                "no source of `identity` yields the grant {}, so no request reaches this binding; a grant begins with its source, such as \
                 `jwt:alice`; correct it, add a source or a token, or remove the binding",
                quoted(grant)
            );
            lints.add(Lint::GrantWithoutSource, format!("/bindings/{index}/grant"), message);
        }
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
