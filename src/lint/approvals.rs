//! Where people decide.

use crate::policy::Mode;

use super::{Lint, Lints};

pub(super) fn look(found: &mut Lints<'_>) {
    without_url(found);
    url_beside_service(found);
}

/// Told once for each policy, at the first rule that asks.
fn without_url(found: &mut Lints<'_>) {
    let view = found.view;
    let approvals = &view.config.approvals;
    // A bare policy has no place for it: whoever puts it into a gateway has.
    if view.is_bare() || approvals.url.is_some() || approvals.service.is_some() {
        return;
    }
    // In shadow nobody is asked.
    let modes = [view.config.mode, view.policy.mode()];
    let mut enforced = view.live().filter(|live| !modes.contains(&Mode::Shadow) && live.rule.mode == Mode::Enforce);
    let Some(first) = enforced.find_map(|live| live.rule.approval.first()) else { return };
    let message = "agents are not told where their calls are approved; set `approvals.url` to the console's address";
    found.add(Lint::ApprovalWithoutUrl, view.whole(&first.pointer), message);
}

fn url_beside_service(found: &mut Lints<'_>) {
    let approvals = &found.view.config.approvals;
    if approvals.url.is_some() && approvals.service.is_some() {
        let message = "a service decides, so nothing waits at the console; take the address out, unless it is the \
                       service's own page and the service sends no `url`";
        found.add(Lint::UrlBesideService, "/approvals/url", message);
    }
}
