//! Which policy judges whom.

use super::{Lint, Lints, quoted};

pub(super) fn look(found: &mut Lints<'_>) {
    chosen_by_clients(found);
    unbound(found);
}

fn chosen_by_clients(found: &mut Lints<'_>) {
    let bindings = found.view.config.bindings.iter().enumerate();
    for (index, _) in bindings.filter(|(_, binding)| binding.is_chosen_by_clients()) {
        let message = "clients choose host and path, and with them the policy that judges them; bind by `route`, or by \
                       `grant`, besides";
        found.add(Lint::ClientChosenBinding, format!("/bindings/{index}"), message);
    }
}

fn unbound(found: &mut Lints<'_>) {
    let config = found.view.config;
    let is_bound = |index| config.bindings.iter().any(|binding| binding.policy() == Some(index));
    for (_, named) in config.policies.iter().enumerate().filter(|(index, _)| !is_bound(*index)) {
        let name = quoted(&named.name);
        let message = format!("nothing is bound to the policy {name}, so it judges no call; bind it, or take it out");
        found.add(Lint::UnboundPolicy, super::offsets::below("/policies", &named.name), message);
    }
}
