//! Lints on what several Envoys keep on their own.

use super::{Lint, Lints, view::ReachableRule};

/// One warning of each kind for each policy, at the first rule that it is about.
pub(super) fn check(lints: &mut Lints<'_>, replicas: u32) {
    let (view, config) = (lints.view, lints.view.config);
    let first = |find: &dyn Fn(&ReachableRule<'_>) -> Option<String>| {
        // In shadow mode nothing is denied.
        view.enforced_rules().find_map(|reachable| find(&reachable)).map(|pointer| view.text.absolute(&pointer))
    };
    let approval = first(&|reachable| Some(reachable.rule.approval().next()?.pointer.to_string()));
    if let (Some(pointer), None, None) = (approval, &config.approvals.store, &config.approvals.service) {
        let message = format!(
            "each of the {replicas} replicas keeps approvals of its own, so a call that is approved at one is asked for again at \
             another; set `approvals.store`, or run one replica"
        );
        lints.add(Lint::ApprovalsPerEnvoy, pointer, message);
    }
    // A limit without a maximum only counts, for conditions: `counter-per-envoy`.
    let limit = first(&|reachable| {
        let mut limits = reachable.rule.limits().filter(|limit| limit.max.is_some());
        Some(limits.next()?.pointer.to_string())
    });
    if let (Some(pointer), None) = (limit, &config.limits.service) {
        let message = format!(
            "each of the {replicas} replicas counts on its own, so a caller gets up to {replicas} times the limit; set \
             `limits.service`, or run one replica"
        );
        lints.add(Lint::LimitsPerEnvoy, pointer, message);
    }
}
