//! Whether a person has approved a call; product contract, section 7.

use std::sync::Arc;

use super::{
    Authorizer, Denial, MessageDenial,
    decision::{Approved, Filing, Used},
    denial_text,
    evaluate::{ApprovalRequirement, Evaluation, ModeTracer, Rules},
};
use crate::{
    approval::{
        Approval, ApprovalDetails, ApprovalKey, ApprovalStore, ApproverNote, Fingerprint, GrantDigest, RequestError,
        Requested, State,
        etcd::{CallApproval, Outcome},
    },
    config::{Approvals, EtcdStore, NamedPolicy},
    engine::{
        approval_service::{ApprovalRequest, ApprovalResponse},
        callout::{Callout, HeldApproval, StoredOutcome},
        trace::{Step, Tracer},
    },
    identity::Grant,
    mcp::Request,
    policy::Mode,
    store::Store,
    time::Timestamp,
};

/// An approval that was given, and is consumed when the call is charged.
pub(super) struct PreparedApproval<'p> {
    requirement: ApprovalRequirement<'p>,
    found: FoundApproval,
    /// The caller that it is for.
    grant: GrantDigest,
}

/// An approval that lets a call pass.
enum FoundApproval {
    /// This Envoy keeps it until it is consumed.
    Local {
        /// What it is found by.
        fingerprint: Fingerprint,
        by: ApproverNote,
    },
    /// It is used, or a service keeps it.
    Given(Approved),
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Finds the approval that a call needs, or files a request for one.
    ///
    /// # Errors
    /// No approver has approved the call yet, or one has rejected it.
    pub(super) fn check_approval(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        rules: &Rules<'_, 'p, '_>,
        evaluation: &Evaluation<'p>,
        single_request: Option<&Request<'_>>,
    ) -> Result<Option<Box<PreparedApproval<'p>>>, MessageDenial<'p>> {
        let Some(requirement) = self.required_approval(rules)? else { return Ok(None) };
        let uses = || self.describe_uses(policy, grant, evaluation);
        let grant = GrantDigest::of(grant);
        let check = self.approval_check(policy, rules.mode, &requirement, grant, single_request);
        let check = ApprovalCheck { uses: &uses, ..check };
        let callouts = &self.request.info.callouts;
        let found = match &self.config.approvals {
            Approvals { service: Some(_), .. } => check.check_remote(callouts.approval.as_ref()),
            Approvals { store: Some(store), .. } if !callouts.counts_here => {
                check.check_stored(store, callouts.stored.as_deref())
            }
            _ => check.check_local(),
        };
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        tracer.step(|| describe_approval(&requirement, found.is_ok()));
        let found = found.map_err(|denial| denial.about(requirement.message))?;
        Ok(Some(Box::new(PreparedApproval { requirement, found, grant })))
    }

    /// Consumes the approval of a call that has been charged.
    ///
    /// # Errors
    /// A concurrent call has consumed it.
    pub(super) fn consume(
        &self,
        policy: &'p NamedPolicy,
        mode: Mode,
        approval: PreparedApproval<'p>,
        single_request: Option<&Request<'_>>,
    ) -> Result<Approved, MessageDenial<'p>> {
        let PreparedApproval { requirement, found, grant } = approval;
        let check = self.approval_check(policy, mode, &requirement, grant, single_request);
        check.consume(found).map_err(|denial| denial.about(requirement.message))
    }

    /// In shadow, and for a batch, no approver is asked.
    fn approval_check<'q>(
        &self,
        policy: &'p NamedPolicy,
        mode: Mode,
        requirement: &'q ApprovalRequirement<'p>,
        grant: GrantDigest,
        single_request: Option<&'q Request<'_>>,
    ) -> ApprovalCheck<'q, 'p, S>
    where
        'p: 'q,
    {
        let info = &self.request.info;
        let is_shadow = [mode, self.config.mode_of(&policy.policy)].contains(&Mode::Shadow);
        let key = single_request.filter(|_| !is_shadow).map(|request| ApprovalKey {
            filter: self.filter,
            policy: &policy.name,
            config: &self.config.digest,
            rule: &requirement.predicate.pointer,
            route: info.route.as_deref().unwrap_or_default(),
            cluster: info.cluster.as_deref().unwrap_or_default(),
            grant,
            method: &request.method,
            name: &requirement.name,
            params: request.params,
        });
        let caller = info.grant.as_ref().map_or("", Grant::display);
        let is_verified = info.grant.as_ref().is_ok_and(Grant::is_verified);
        let approvals = ApprovalStore(self.store);
        ApprovalCheck { requirement, key, caller, is_verified, uses: &String::new, approvals, now: self.now }
    }
}

/// A call that needs approval, and where approvals are kept.
struct ApprovalCheck<'a, 'p, S> {
    requirement: &'a ApprovalRequirement<'p>,
    /// What the approval is bound to; `None` if no approver is asked.
    key: Option<ApprovalKey<'a>>,
    /// The caller's identity, without secrets.
    caller: &'a str,
    is_verified: bool,
    /// Describes what the call uses of its limits, for the approver: a JSON list. Counters are read only for a request that is filed.
    uses: &'a dyn Fn() -> String,
    approvals: ApprovalStore<'a, S>,
    now: Timestamp,
}

impl<'p, S: Store> ApprovalCheck<'_, 'p, S> {
    /// Finds an approval in this Envoy's store, or files a request for one there.
    fn check_local(&self) -> Result<FoundApproval, Denial<'p>> {
        let (key, fingerprint) = self.approval_key()?;
        match self.approvals.find(fingerprint, self.now) {
            Ok(Some(entry)) if entry.state == State::Approved => {
                Ok(FoundApproval::Local { fingerprint, by: self.approver_note(&entry) })
            }
            Ok(_) => Err(self.file_request(key, fingerprint)),
            Err(_) => Err(Denial::Internal),
        }
    }

    /// Reads what the approval service has answered, or says what to ask it.
    fn check_remote(&self, answered: Option<&(String, ApprovalResponse)>) -> Result<FoundApproval, Denial<'p>> {
        let ApprovalRequirement { predicate, target, ttl, .. } = self.requirement;
        let (key, fingerprint) = self.approval_key()?;
        match answered {
            None => {
                let for_approver = denial_text::reason_for_approver(predicate, target);
                let request = ApprovalRequest::new(fingerprint, &key, self.caller, &for_approver, *ttl);
                Err(Denial::CalloutPending { rule: &predicate.pointer, ask: Box::new(Callout::Approval(request)) })
            }
            // Rules may read the time and counters, so that another one asks for the approval meanwhile.
            Some((id, _)) if *id != fingerprint.id() => Err(self.denied(denial_text::approval_service_failed(target))),
            Some((_, ApprovalResponse::Approved(note))) => {
                Ok(FoundApproval::Given(Approved { used: None, by: note.clone() }))
            }
            Some((_, ApprovalResponse::Rejected(note))) => Err(self.rejected(note)),
            Some((_, ApprovalResponse::Pending(pending))) => Err(self.pending(Filing::Known(pending.clone()))),
            Some((_, ApprovalResponse::Failed)) => Err(self.denied(denial_text::approval_service_failed(target))),
        }
    }

    /// Reads what became of the approval that the fleet keeps, or says what to ask.
    fn check_stored(
        &self,
        store: &Arc<EtcdStore>,
        stored: Option<&StoredOutcome>,
    ) -> Result<FoundApproval, Denial<'p>> {
        let ApprovalRequirement { predicate, target, ttl, .. } = self.requirement;
        let (key, fingerprint) = self.approval_key()?;
        let Some(stored) = stored else {
            let for_approver = denial_text::reason_for_approver(predicate, target);
            let (caller, uses) = (self.caller, (self.uses)());
            let details = ApprovalDetails { key, caller, reason: &for_approver, uses: &uses, approver: "", note: "" };
            let call = CallApproval::new(&store.prefix, &details, fingerprint, *ttl, self.is_verified);
            let ask = Box::new(Callout::Store { store: Arc::clone(store), call: Box::new(call) });
            return Err(Denial::CalloutPending { rule: &predicate.pointer, ask });
        };
        match &stored.outcome {
            // Rules may read the time, so that another one asks for the approval meanwhile.
            _ if stored.fingerprint != fingerprint => Err(unavailable(target)),
            Outcome::Used(used) => {
                let (store, used, by) = (Arc::clone(store), used.clone(), used.approver_note());
                let used = Some(Used::Stored(HeldApproval { store, used }));
                Ok(FoundApproval::Given(Approved { used, by }))
            }
            Outcome::Pending(requested) => Err(self.pending((*requested).into())),
            Outcome::Rejected(note) => Err(self.rejected(note)),
            Outcome::Full => Err(Denial::denied("(approvals full)", denial_text::too_many_approvals(target))),
            Outcome::Unavailable => Err(unavailable(target)),
        }
    }

    fn consume(&self, found: FoundApproval) -> Result<Approved, Denial<'p>> {
        let (fingerprint, by) = match found {
            FoundApproval::Local { fingerprint, by } => (fingerprint, by),
            FoundApproval::Given(approved) => return Ok(approved),
        };
        match self.approvals.consume(fingerprint, self.now) {
            Ok(Some(entry)) => {
                // The approval that was found may have been consumed, and the call approved again meanwhile.
                let by = if by.id == entry.id_text() { by } else { self.approver_note(&entry) };
                Ok(Approved { used: Some(Used::Local(Box::new(entry))), by })
            }
            Ok(None) => self.approval_key().and_then(|(key, fingerprint)| Err(self.file_request(key, fingerprint))),
            Err(_) => Err(Denial::Internal),
        }
    }

    /// Files an approval request, or finds the one that was filed, and returns the denial to report.
    fn file_request(&self, key: ApprovalKey<'_>, fingerprint: Fingerprint) -> Denial<'p> {
        let ApprovalRequirement { predicate, target, ttl, .. } = self.requirement;
        let for_approver = denial_text::reason_for_approver(predicate, target);
        let (caller, uses) = (self.caller, (self.uses)());
        let details = ApprovalDetails { key, caller, reason: &for_approver, uses: &uses, approver: "", note: "" };
        match self.approvals.request(&details, fingerprint, *ttl, self.is_verified, self.now) {
            Ok(Requested::Known(entry)) if entry.state == State::Rejected => self.rejected(&self.approver_note(&entry)),
            Ok(requested) => self.pending(requested.into()),
            Err(RequestError::Full) => Denial::denied("(approvals full)", denial_text::too_many_approvals(target)),
            Err(RequestError::Unavailable) => Denial::Internal,
        }
    }

    /// What the approval is bound to.
    fn approval_key(&self) -> Result<(ApprovalKey<'_>, Fingerprint), Denial<'p>> {
        let Some(key) = self.key else { return Err(self.pending(Filing::NotAsked)) };
        let too_long = || self.denied(denial_text::too_long_to_approve(&self.requirement.target));
        let fingerprint = key.fingerprint().ok_or_else(too_long)?;
        Ok((key, fingerprint))
    }

    fn pending(&self, filing: Filing) -> Denial<'p> {
        let ApprovalRequirement { predicate, target, .. } = self.requirement;
        let reason = denial_text::approval_required(predicate, target);
        Denial::ApprovalRequired { predicate, reason, filing }
    }

    fn rejected(&self, note: &ApproverNote) -> Denial<'p> {
        self.denied(denial_text::rejected(&self.requirement.target, note))
    }

    fn denied(&self, reason: String) -> Denial<'p> {
        Denial::denied(&*self.requirement.predicate.pointer, reason)
    }

    fn approver_note(&self, entry: &Approval) -> ApproverNote {
        let bytes = self.approvals.details(entry).unwrap_or_default();
        let details = ApprovalDetails::read(&bytes, entry.fingerprint);
        let [approver, note] = details.map_or(["", ""], |details| [details.approver, details.note]).map(str::to_owned);
        ApproverNote { id: entry.id_text(), approver, note }
    }
}

/// The fleet's approvals cannot be read or written: product contract, section 15.
fn unavailable<'p>(target: &str) -> Denial<'p> {
    Denial::denied("(approvals unavailable)", denial_text::approvals_unavailable(target))
}

fn describe_approval(requirement: &ApprovalRequirement<'_>, is_approved: bool) -> Step {
    let text =
        if is_approved { "needs approval, which was given" } else { "needs approval, so nothing is charged yet" };
    Step::new(&*requirement.predicate.pointer, text)
}
