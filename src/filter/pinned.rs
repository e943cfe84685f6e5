//! Pinned definitions on one worker: what it has seen of them, and what it reports: statistics and lines in Envoy's log.

use std::{cell::RefCell, sync::Arc};

use log::Level;
use proxy_wasm::types::MetricType;

use crate::{
    audit::metric,
    config::Config,
    engine::definitions::{DefinitionMemo, Finding, FindingKind, ListOrigin, ListedDefinitions},
    policy::Definitions,
    text::excerpt,
};

use super::{
    audit, host, metrics,
    per_policy::{Kept, PerPolicy, with_policies},
    shared_data::SharedData,
};

thread_local! {
    /// What policies remember of the definitions that they pin.
    static POLICIES: RefCell<PerPolicy<DefinitionMemo>> = const { RefCell::new(PerPolicy::new()) };
}

/// Has the tools of a response's lists judged by the pinned definitions of a policy, and returns what `read` makes of it. The
/// pinned tools whose definition in a list differed go to `drifts`. `read` gets nothing to judge by if Envoy returns neither name
/// nor time.
pub(super) fn with_definitions<T>(
    config: &Config,
    policy: &Arc<str>,
    origin: &ListOrigin,
    drifts: &RefCell<Vec<Box<str>>>,
    read: impl FnOnce(Option<&ListedDefinitions<'_, SharedData>>) -> T,
) -> T {
    with_policies(&POLICIES, |policies| {
        let mut known = known(policies, config, policy);
        let mut forgetful = DefinitionMemo::default();
        let memo = known.as_mut().map_or(&mut forgetful, |known| &mut known.state);
        let name = host::plugin_name().ok().flatten();
        let judge = name.as_deref().zip(host::current_time());
        let judge = judge
            .and_then(|(filter, now)| ListedDefinitions::new(config, policy, filter, origin, memo, now, &SharedData));
        let out = read(judge.as_ref());
        if let Some(judge) = judge {
            for finding in judge.take_findings() {
                report(policy, origin, &finding, drifts);
            }
        }
        if let Some(known) = known {
            known.count();
        }
        out
    })
}

/// Counts the pinned tools of a policy that no list has shown yet, when it is used first.
pub(super) fn register(config: &Config, policy: &Arc<str>) {
    with_policies(&POLICIES, |policies| {
        if let Some(known) = known(policies, config, policy) {
            known.count();
        }
    });
}

/// Forgets a configuration that is no longer in force.
pub(super) fn forget(config: &Config) {
    with_policies(&POLICIES, |policies| policies.forget(config));
}

/// What is remembered of a policy; `None` if it pins nothing, or there are too many.
fn known<'p>(
    policies: &'p mut PerPolicy<DefinitionMemo>,
    config: &Config,
    policy: &Arc<str>,
) -> Option<&'p mut Kept<DefinitionMemo>> {
    policies.of(config, policy, metric::UNLISTED_DEFINITIONS, |policy| {
        Some(DefinitionMemo::new(policy.definitions().map(Definitions::count)?))
    })
}

/// Reports one finding: a statistic, and a line in Envoy's log.
fn report(policy: &Arc<str>, origin: &ListOrigin, finding: &Finding, drifts: &RefCell<Vec<Box<str>>>) {
    let Finding::Entry { tool, kind } = finding else {
        let text = "what a list shows of pinned tools could not be stored: the next list is compared again";
        return audit::log_line(Level::Error, text);
    };
    let what = match kind {
        FindingKind::Changed => "shows another definition than the pinned one".to_owned(),
        FindingKind::Repeated => "shows it twice".to_owned(),
        FindingKind::LookAlike(name) => {
            format!("shows `{}`, which looks like it; the entry was left out", excerpt(name))
        }
    };
    let kind_name = match kind {
        FindingKind::LookAlike(_) => "look_alike",
        FindingKind::Repeated => "repeated",
        FindingKind::Changed => "changed",
    };
    let labels = [("policy", &**policy), ("tool", tool), ("reason", kind_name)];
    metrics::add_to_series(MetricType::Counter, metric::DRIFTS, &labels, 1);
    let text = format!(
        "the pinned tool `{}` of the policy `{}`: a list for `{}` {what}",
        excerpt(tool),
        excerpt(policy),
        excerpt(&origin.grant)
    );
    audit::log_line(Level::Warn, &text);
    let mut drifts = drifts.borrow_mut();
    if !drifts.contains(tool) {
        drifts.push(tool.clone());
    }
}

impl Kept<DefinitionMemo> {
    /// Brings the gauge up to date.
    fn count(&mut self) {
        self.gauge.set(self.state.unlisted());
    }
}
