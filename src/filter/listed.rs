//! Which entries of the policies in force no list of a server has shown: a gauge, and one line in Envoy's log. Each worker
//! looks at the lists that pass through it.

use std::{cell::RefCell, sync::Arc};

use crate::{audit::metric, config::Config, engine::lists::UnlistedEntries, mcp::list::ListKind, time::Timestamp};

use super::{
    host,
    per_policy::{Kept, PerPolicy, with_policies},
};

thread_local! {
    static POLICIES: RefCell<PerPolicy<ListedPolicy>> = const { RefCell::new(PerPolicy::new()) };
}

/// A policy by which a list was filtered.
#[derive(Debug)]
struct ListedPolicy {
    entries: UnlistedEntries,
    /// When the first list came.
    since: Timestamp,
    /// Whether the entries are reported: in the gauge, and in Envoy's log.
    is_reported: bool,
}

/// A list may have many pages: nothing is reported before the first list is so old, in milliseconds.
const WAIT_MS: u64 = 60_000;

/// Takes what a list shows, before the policy takes some of it out.
pub(super) fn record_listed(config: &Config, policy: &Arc<str>, listed: &[(ListKind, Box<str>)]) {
    with_policies(&POLICIES, |policies| {
        let known = policies.of(config, policy, metric::UNLISTED_ENTRIES, |policy| {
            let (entries, since) = (UnlistedEntries::new(policy), host::current_time()?);
            Some(ListedPolicy { entries, since, is_reported: false })
        });
        if let Some(known) = known {
            known.state.entries.see(listed.iter().map(|(kind, name)| (*kind, &**name)));
            known.count();
        }
    });
}

/// Reports the entries that no list has shown so far, once for each policy of a configuration.
pub(super) fn on_tick() {
    with_policies(&POLICIES, |policies| {
        let mut now = None;
        for known in policies.iter_mut().filter(|known| !known.state.is_reported) {
            let Some(time) = now.or_else(host::current_time) else { return };
            now = Some(time);
            if time.0.saturating_sub(known.state.since.0) < WAIT_MS {
                continue;
            }
            known.state.is_reported = true;
            known.count();
            let entries = &known.state.entries;
            if !entries.is_empty() {
                // At most one line for each policy of a configuration.
                log::warn!(
                    "no list of the server has shown what {} of the policy `{}` name: compare the policy with the server's lists, those of tools by `mcp-policy check --url`",
                    entries.describe(),
                    crate::text::excerpt(&known.gauge.policy)
                );
            }
        }
    });
}

/// Forgets a configuration that is no longer in force.
pub(super) fn forget(config: &Config) {
    with_policies(&POLICIES, |policies| policies.forget(config));
}

impl Kept<ListedPolicy> {
    /// Brings the gauge up to date, once the entries are reported.
    fn count(&mut self) {
        if self.state.is_reported {
            self.gauge.set(self.state.entries.len());
        }
    }
}
