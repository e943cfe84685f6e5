//! Lints on approvals.

use crate::config::NoticeFormat;

use super::{Lint, Lints};

pub(super) fn check(lints: &mut Lints<'_>) {
    without_url(lints);
    url_beside_service(lints);
    secret_path(lints);
}

/// One warning for each policy, at the first rule that requires approval.
fn without_url(lints: &mut Lints<'_>) {
    let view = lints.view;
    let approvals = &view.config.approvals;
    // A bare policy cannot have one: the configuration around it can.
    if view.text.is_bare() || approvals.url.is_some() || approvals.service.is_some() {
        return;
    }
    // In shadow mode no call waits.
    let Some(first) = view.enforced_rules().find_map(|reachable| reachable.rule.approval().next()) else { return };
    let message = "agents do not learn where people approve their calls; set `approvals.url` to the console's address";
    lints.add(Lint::ApprovalWithoutUrl, view.text.absolute(&first.pointer), message);
}

fn url_beside_service(lints: &mut Lints<'_>) {
    let approvals = &lints.view.config.approvals;
    if approvals.url.is_some() && approvals.service.is_some() {
        let message = "`approvals.service` decides, so no call waits at the console; remove `url`, unless it is the \
                       service's own page and the service sends no `url`";
        lints.add(Lint::UrlBesideService, "/approvals/url", message);
    }
}

/// The message does not repeat the path.
fn secret_path(lints: &mut Lints<'_>) {
    let Some(notify) = &lints.view.config.approvals.notify else { return };
    let is_credential = match notify.format {
        NoticeFormat::Slack | NoticeFormat::Workflows => true,
        NoticeFormat::Json => notify.path.expose().split(['/', '?', '&', '=']).any(looks_random),
    };
    if is_credential {
        let message = "each client that knows this path can post there, and Envoy's configuration dump shows it; let few people read dumps \
                       and this file, or announce to a relay of yours that holds the credential";
        lints.add(Lint::SecretPath, "/approvals/notify", message);
    }
}

/// Whether a part of a path looks like a key: long, with letters and digits.
fn looks_random(part: &str) -> bool {
    let has = |is: fn(&u8) -> bool| part.bytes().any(|byte| is(&byte));
    part.len() >= 16 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}
