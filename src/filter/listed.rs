//! Which entries of the policies in force no list of a server has shown: a gauge, and one line in Envoy's log. Each worker
//! looks at the lists that pass through it.

use std::{cell::RefCell, sync::Arc};

use proxy_wasm::types::MetricType;

use crate::{
    approval::{NotedTool, ToolNote, ToolNotes},
    audit::metric,
    config::Config,
    engine::lists::UnlistedEntries,
    mcp::list::{
        ListKind,
        definition::{self, ToolEffect},
    },
    time::Timestamp,
};

use super::{host, metrics, shared_data::SharedData};

thread_local! {
    static POLICIES: RefCell<Vec<ListedPolicy>> = const { RefCell::new(Vec::new()) };
}

/// A policy by which a list was filtered.
#[derive(Debug)]
struct ListedPolicy {
    config: Arc<str>,
    policy: Arc<str>,
    entries: UnlistedEntries,
    /// When the first list came.
    since: Timestamp,
    /// How many entries the gauge has of it, once they are reported.
    reported: Option<usize>,
}

/// Policies that are looked at on one worker; a configuration has at most as many.
const MAX_POLICIES: usize = 256;

/// A list may have many pages: nothing is reported before the first list is so old, in milliseconds.
const WAIT_MS: u64 = 60_000;

/// Keeps what a list says of a tool whose calls need approval.
#[cold]
pub(super) fn note_tool(policy: &str, route: &str, tool: &str, entry: &[u8]) {
    let Ok(Some(filter)) = host::plugin_name() else { return };
    let (description, effect) = definition::summary(entry);
    let class = match effect {
        Some(ToolEffect::Reads) => "read-only",
        Some(ToolEffect::Destroys) => "destructive",
        None => "",
    };
    let tool = NotedTool { filter: &filter, policy, route, tool };
    ToolNotes(&SharedData).set(tool, &ToolNote { description, class });
}

/// Takes what a list shows, before the policy takes some of it out.
pub(super) fn record_listed(config: &Config, policy: &Arc<str>, listed: &[(ListKind, Box<str>)]) {
    with_policies(|policies| {
        let known = policies.iter().position(|known| known.config == config.digest && known.policy == *policy);
        let index = known.or_else(|| {
            let (entries, now) = (UnlistedEntries::new(config.policy(policy)?), host::current_time()?);
            let fresh = ListedPolicy {
                config: Arc::clone(&config.digest),
                policy: Arc::clone(policy),
                entries,
                since: now,
                reported: None,
            };
            (policies.len() < MAX_POLICIES).then(|| policies.push(fresh))?;
            policies.len().checked_sub(1)
        });
        if let Some(known) = index.and_then(|index| policies.get_mut(index)) {
            known.entries.see(listed.iter().map(|(kind, name)| (*kind, &**name)));
            known.count();
        }
    });
}

/// Reports the entries that no list has shown so far, once for each policy of a configuration.
pub(super) fn on_tick() {
    with_policies(|policies| {
        let Some(now) = policies.iter().any(|known| known.reported.is_none()).then(host::current_time).flatten() else {
            return;
        };
        for known in policies.iter_mut().filter(|known| known.reported.is_none()) {
            if now.0.saturating_sub(known.since.0) < WAIT_MS {
                continue;
            }
            known.reported = Some(0);
            known.count();
            if !known.entries.is_empty() {
                // At most one line for each policy of a configuration.
                log::warn!(
                    "no list of the server has shown what {} of the policy `{}` name: compare the policy with the server's lists, those of tools by `mcp-policy check --url`",
                    known.entries.describe(),
                    crate::text::excerpt(&known.policy)
                );
            }
        }
    });
}

/// Forgets a configuration that is no longer in force.
pub(super) fn forget(config: &Config) {
    with_policies(|policies| {
        for known in policies.iter_mut().filter(|known| known.config == config.digest) {
            known.set_gauge(0);
        }
        policies.retain(|known| known.config != config.digest);
    });
}

/// Not under a borrow: what is done with them makes host calls.
fn with_policies(work: impl FnOnce(&mut Vec<ListedPolicy>)) {
    let mut policies = POLICIES.take();
    work(&mut policies);
    POLICIES.set(policies);
}

impl ListedPolicy {
    /// Brings the gauge up to date, once the entries are reported.
    fn count(&mut self) {
        self.set_gauge(self.entries.len());
    }

    fn set_gauge(&mut self, count: usize) {
        let Some(reported) = self.reported else { return };
        let by = i64::try_from(count).unwrap_or(i64::MAX).saturating_sub(i64::try_from(reported).unwrap_or(i64::MAX));
        if by != 0 {
            metrics::add_to_series(MetricType::Gauge, metric::UNLISTED_ENTRIES, &[("policy", &self.policy)], by);
        }
        self.reported = Some(count);
    }
}
