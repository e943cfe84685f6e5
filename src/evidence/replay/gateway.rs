//! A gateway with one configuration and its own counters and approvals, at the times of a log.

use std::{collections::HashMap, sync::Arc};

use crate::{
    approval::{ApprovalStore, ApproverDecision, GrantDigest, State},
    audit::{AuditRecord, Decision},
    cases::{CaseCall, Expected, RequestOrigin},
    config::{Binding, BindingInput, Config, NamedPolicy, PolicyMatch, Protocol},
    evidence::{log_line::Context, record::Record},
    http::Header,
    identity::{self, Claims, Grant},
    store::InMemory,
    time::Timestamp,
};

use super::{
    Decided, Outcome,
    unknown::{self, Missing},
};

/// A gateway with one configuration.
#[derive(Debug)]
pub(super) struct ReplayGateway {
    config: Config,
    /// The same configuration, for each policy by itself: where a log does not say what bindings read.
    by_policy: HashMap<String, Config>,
    store: InMemory,
}

impl ReplayGateway {
    pub(super) fn new(mut config: Config) -> Self {
        // Requests that these refuse leave no record of a decision; services are not there to be asked.
        config.protocol = Protocol::default();
        config.approvals.service = None;
        config.limits.service = None;
        let alone = |policy: &Arc<NamedPolicy>| {
            let (policies, bindings) = (vec![Arc::clone(policy)], vec![Binding::to_all(0)]);
            (policy.name.to_string(), Config { policies, bindings, ..config.clone() })
        };
        let by_policy = config.policies.iter().map(alone).collect();
        Self { config, by_policy, store: InMemory::new(*b"a seed of replay") }
    }

    /// Decides on a call as the record has it.
    pub(super) fn decide(&self, record: &Record, context: &Context, at: Timestamp) -> Outcome {
        if self.config.tasks.owner && record.method.starts_with("tasks/") && record.method != "tasks/list" {
            return Outcome::CannotTell(Missing::Task);
        }
        let config = match self.configuration(record, context) {
            Ok(config) => config,
            Err(missing) => return Outcome::CannotTell(missing),
        };
        let policy = policy_of(config, record, context, at);
        let body = match unknown::body(record, policy.as_deref().map(|named| &named.policy)) {
            Ok(body) => body,
            Err(missing) => return Outcome::CannotTell(missing),
        };
        let call = CaseCall {
            listed: Vec::new(),
            answer: None,
            title: String::new(),
            body,
            grant: record.grant.clone(),
            claims: Claims::default(),
            session: None,
            origin: RequestOrigin {
                route: context.route.clone(),
                host: context.host.clone(),
                path: context.path.clone(),
            },
            at,
            times: 1,
            expected: Expected::Allow.into(),
        };
        let method = if call.body.is_empty() { record.method.trim_matches(['(', ')']) } else { "POST" };
        let judge = || call.judge(method, config, &self.store, !context.never_sent());
        let decided = judge();
        Outcome::Decided(match self.approve(record, &decided, at) {
            true => judge().into(),
            false => decided.into(),
        })
    }

    /// The configuration that decides on a request.
    ///
    /// # Errors
    /// A binding selects the policy by Envoy's route, the host or the path, and neither the log nor the policy's name says which.
    fn configuration(&self, record: &Record, context: &Context) -> Result<&Config, Missing> {
        let reads = |reads: fn(&Binding) -> bool| self.config.bindings.iter().any(reads);
        let missing = match context {
            Context { route: None, .. } if self.config.reads_route() => Missing::Route,
            Context { host: None, .. } if reads(Binding::reads_host) => Missing::Host,
            Context { path: None, .. } if reads(Binding::reads_path) => Missing::Path,
            _ => return Ok(&self.config),
        };
        self.by_policy.get(&record.policy).ok_or(missing)
    }

    /// Decides on the approval that a call waits for, as the approver of the recorded call did. Returns whether that is done.
    fn approve(&self, record: &Record, decided: &AuditRecord, at: Timestamp) -> bool {
        if decided.decision != Decision::ApprovalRequired {
            return false;
        }
        let approver =
            record.approval.as_ref().map(|approval| &*approval.approver).filter(|name: &&str| !name.is_empty());
        let was_approved = record.is_allowed() && approver.is_some();
        let was_rejected = record.decision == Decision::Denied.name() && record.rule == decided.rule;
        let pending = decided.approval.as_ref().filter(|_| was_approved || was_rejected);
        let approvals = ApprovalStore(&self.store);
        let find = |id: &str| {
            let entries = approvals.entries(at).ok()?;
            entries.into_iter().find(|entry| entry.state == State::Pending && entry.id_text() == id)
        };
        let Some(entry) = pending.and_then(|pending| find(&pending.id)) else { return false };
        let decision = ApproverDecision {
            approved: was_approved,
            // No caller has an empty name.
            grant: GrantDigest::of(&Grant::from_name("")),
            approver: approver.unwrap_or_default(),
            note: "",
        };
        approvals.decide(entry.id, &decision, at).is_ok()
    }
}

/// The policy that the request's binding selects.
fn policy_of(config: &Config, record: &Record, context: &Context, at: Timestamp) -> Option<Arc<NamedPolicy>> {
    if let Some(only) = config.only_policy() {
        return Some(Arc::clone(only));
    }
    let header = |text: &'_ Option<String>| text.clone();
    let (host, path) = (header(&context.host), header(&context.path).unwrap_or_else(|| "/mcp".to_owned()));
    let grant = identity::grant_from_name(&config.identity, &record.grant, at).ok();
    let input = BindingInput {
        route: context.route.as_deref(),
        host: host.as_ref().map_or(Header::Absent, |host| Header::Once(host.as_bytes())),
        path: Header::Once(path.as_bytes()),
        grant: grant.as_ref(),
    };
    match config.match_policy(&input) {
        PolicyMatch::Policy { policy, .. } => Some(policy),
        PolicyMatch::Bypass { .. } | PolicyMatch::Unmatched => None,
    }
}

impl From<AuditRecord> for Decided {
    fn from(record: AuditRecord) -> Self {
        let shadow = record.shadow;
        let rule = match &shadow {
            Some(shadow) if record.rule.is_empty() => shadow.rule.clone(),
            _ => record.rule,
        };
        let shadow = shadow.map(|shadow| shadow.decision.name().to_owned());
        Self { decision: record.decision.name().to_owned(), shadow, rule }
    }
}
