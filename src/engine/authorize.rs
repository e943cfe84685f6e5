//! The order of the decision; product contract, section 2. [`Authorizer::decide`] is that order, one step a line.

mod approval;
mod arguments;
mod charge;
mod decision;
mod definitions;
pub(super) mod denial_text;
mod enforce;
mod evaluate;
mod limit_key;
mod lookup;
mod method;
mod rate_limit_service;
pub(super) mod target;
mod task;

use crate::{
    budget::Work,
    config::{Config, NamedPolicy, PolicyMatch},
    identity::{Grant, IdentityError},
    mcp::{Message, MethodClass, Request},
    policy::{Mode, condition::Facts},
    store::Store,
    time::Timestamp,
};

use super::{
    BoundRequest,
    facts::{CallerFacts, RequestFacts},
    trace::{Step, Tracer},
};

pub(super) use self::{
    charge::callers,
    decision::{Decision, Denial, Filing, MessageDenial, Passed, Used},
    lookup::{entry_work, is_permitted},
};
use self::{
    enforce::Prepared,
    evaluate::{Rules, arguments},
    lookup::{ResolvedTarget, find_rule},
    target::TargetName,
};

/// What a decision depends on.
#[derive(Debug)]
pub(super) struct Authorizer<'p, S, W> {
    pub(super) config: &'p Config,
    pub(super) request: &'p BoundRequest,
    /// The MCP session, if the protocol revision has sessions.
    pub(super) session: Option<&'p [u8]>,
    /// The filter's name in Envoy.
    pub(super) filter: &'p str,
    pub(super) now: Timestamp,
    pub(super) store: &'p S,
    pub(super) tracer: W,
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Decides on the messages of one request, which pass together or not at all.
    pub(super) fn authorize(&mut self, messages: &[Message<'_>]) -> Decision<'p> {
        let decision = self.decide(messages).unwrap_or_else(Decision::denied);
        apply_mode(self.config, self.request, decision, &mut self.tracer)
    }

    /// What the policy denies whatever the arguments, by the first steps of [`Self::decide`]. Nothing is charged.
    pub(super) fn denied_by_name(&mut self, messages: &[Message<'_>]) -> Option<Decision<'p>> {
        let denied = self.check_names(messages).err()?;
        Some(apply_mode(self.config, self.request, Decision::denied(denied), &mut self.tracer))
            .filter(|decision| decision.verdict.is_err())
    }

    fn check_names(&mut self, messages: &[Message<'_>]) -> Result<(), MessageDenial<'p>> {
        let policy = self.bound_policy()?;
        self.caller()?;
        self.check_methods(policy, messages)?;
        let work = Work::default();
        let targets = self.resolve_targets(policy, messages, &work)?;
        self.check_default(&targets)?;
        self.check_definitions(policy, &targets)
    }

    /// The order of the decision. The first denial ends it; a rule in shadow denies nothing.
    fn decide(&mut self, messages: &[Message<'_>]) -> Result<Decision<'p>, MessageDenial<'p>> {
        let policy = self.bound_policy()?; // (no policy)
        let grant = self.caller()?; // (no identity)
        self.check_methods(policy, messages)?; // `methods`, (method), (folded name)
        self.check_tasks(policy, grant, messages)?; // (unknown task)
        let work = Work::default(); // (too much to check), wherever it is used up
        let targets = self.resolve_targets(policy, messages, &work)?; // (hidden), (default deny), (ambiguous uri)
        let (args, single_request) = (arguments(&targets, &work), single_request(messages));
        let source = self.facts(policy, grant);
        let facts = Facts::new(&source, policy.policy.observed().iter().map(|counter| &*counter.name));
        let mut prepare = |mode| {
            let rules = Rules::new(mode, &targets, &args, &facts);
            if mode == Mode::Enforce {
                self.check_default(&targets)?; // (default deny), if only a rule in shadow names the target
                self.check_definitions(policy, &targets)?; // `definitions`, `unpinned`
            }
            self.check_arguments(policy, &rules, &work)?; // `arguments`
            self.check_require(&rules)?; // `require`
            self.check_deny_if(&rules)?; // `deny_if`
            let evaluation = self.price(&rules)?; // `limits`: what they would be charged
            self.check_room(policy, grant, &rules, &evaluation)?; // `limits`: tested, not charged
            let approval = self.check_approval(policy, grant, &rules, &evaluation, single_request)?; // `require_approval`
            Ok(Prepared { rules, evaluation, approval })
        };
        let enforced = prepare(Mode::Enforce);
        let has_shadow = targets.iter().any(|target| target.rules(Mode::Shadow).next().is_some());
        let shadow = if has_shadow { Some(prepare(Mode::Shadow)) } else { None };
        Ok(self.charge_and_consume(policy, grant, enforced, shadow, single_request))
    }

    fn bound_policy(&mut self) -> Result<&'p NamedPolicy, Denial<'p>> {
        self.request.policy().ok_or_else(|| {
            let denial = no_policy();
            self.tracer.step(|| denial.step());
            denial
        })
    }

    fn caller(&mut self) -> Result<&'p Grant, Denial<'p>> {
        self.request.info.grant.as_ref().map_err(|error| {
            let denial = no_identity(error);
            self.tracer.step(|| denial.step());
            denial
        })
    }

    fn check_methods(&mut self, policy: &'p NamedPolicy, messages: &[Message<'_>]) -> Result<(), MessageDenial<'p>> {
        messages
            .iter()
            .enumerate()
            .try_for_each(|(index, message)| self.check_method(policy, message).map_err(|denial| denial.about(index)))
    }

    /// Looks up what the messages name. Messages without a name have no target: their method has decided.
    fn resolve_targets<'m>(
        &mut self,
        policy: &'p NamedPolicy,
        messages: &'m [Message<'_>],
        work: &Work,
    ) -> Result<Vec<ResolvedTarget<'p, 'm>>, MessageDenial<'p>> {
        let mut targets = Vec::with_capacity(messages.len());
        for (index, message) in messages.iter().enumerate() {
            let Message::Request(request) = message else { continue };
            match request.known.map(|known| known.class) {
                Some(MethodClass::Tool | MethodClass::Prompt | MethodClass::Resource | MethodClass::Listen) => {
                    for name in TargetName::all(&request.target) {
                        let target = self
                            .charge_search(&name, policy, work)
                            .and_then(|()| ResolvedTarget::new(name, index, &policy.policy, request, &mut self.tracer));
                        targets.push(target.map_err(|denial| denial.about(index))?);
                    }
                }
                Some(MethodClass::Reference | MethodClass::Unsubscribe) => {
                    self.check_reference(policy, request, work).map_err(|denial| denial.about(index))?;
                }
                Some(MethodClass::Open | MethodClass::Closed) | None => {}
            }
        }
        Ok(targets)
    }

    /// Charges the search for the rule of a target.
    fn charge_search(&mut self, name: &TargetName<'_>, policy: &NamedPolicy, work: &Work) -> Result<(), Denial<'p>> {
        let charged = work.charge(lookup::search_work(name, &policy.policy));
        charged.map_err(|_| {
            let denial = lookup::too_much_work(name);
            self.tracer.step(|| denial.step());
            denial
        })
    }

    /// Allows a reference unless its rule denies unconditionally; predicates and limits are not evaluated.
    fn check_reference(
        &mut self,
        policy: &'p NamedPolicy,
        request: &Request<'_>,
        work: &Work,
    ) -> Result<(), Denial<'p>> {
        let Some(name) = TargetName::all(&request.target).next() else { return Err(Denial::Internal) };
        self.charge_search(&name, policy, work)?;
        let rule = find_rule(&name, &policy.policy, &mut self.tracer).map_err(|unruled| unruled.deny(&name))?;
        match rule {
            Some(rule) if rule.denies_unconditionally() => {
                let predicate = rule.deny_if().find(|predicate| predicate.conditions.is_empty());
                let denial = predicate.map_or(Denial::Internal, |predicate| {
                    Denial::denied(&*predicate.pointer, denial_text::denied_by(predicate, &name))
                });
                self.tracer.step(|| denial.step());
                Err(denial)
            }
            own => lookup::default_denial(&name, own, &policy.policy, &mut self.tracer).map_or(Ok(()), Err),
        }
    }

    fn check_default(&mut self, targets: &[ResolvedTarget<'p, '_>]) -> Result<(), MessageDenial<'p>> {
        let denied = |target: &ResolvedTarget<'p, '_>| Some(target.default_denial()?.about(target.message));
        targets.iter().find_map(denied).map_or(Ok(()), Err)
    }

    /// Where conditions of the policy learn of the caller, the time and counters.
    fn facts(&self, policy: &'p NamedPolicy, grant: &'p Grant) -> RequestFacts<'p, S> {
        let caller = CallerFacts { config: self.config, request: self.request, grant, now: self.now };
        RequestFacts { caller, policy, session: self.session, filter: self.filter, store: self.store }
    }
}

/// Decides on a request without a message: a GET, HEAD, OPTIONS or DELETE. It passes if a binding matches and the identity
/// is neither malformed nor repeated; product contract, section 3. A token that the configuration does not list may be a
/// revoked one, which opens no stream either.
pub(super) fn authorize_bodiless<'p>(config: &'p Config, request: &'p BoundRequest) -> Decision<'p> {
    let decision = match (&request.policy, &request.info.grant) {
        (PolicyMatch::Unmatched, _) => Decision::denied(no_policy()),
        (_, Err(error @ IdentityError::Invalid(_))) => Decision::denied(no_identity(error)),
        (PolicyMatch::Policy { .. }, Err(error @ IdentityError::UnknownToken)) => Decision::denied(no_identity(error)),
        (_, Ok(_) | Err(IdentityError::NoIdentity | IdentityError::UnknownToken)) => {
            Decision { verdict: Ok(Passed::default()), shadow: None }
        }
    };
    apply_mode(config, request, decision, &mut super::trace::NoTrace)
}

/// Turns a denial into a report if the configuration or the policy is in shadow; then nothing is charged.
fn apply_mode<'p>(
    config: &Config,
    request: &BoundRequest,
    decision: Decision<'p>,
    tracer: &mut impl Tracer,
) -> Decision<'p> {
    let mode = request.policy().map_or(config.mode, |named| config.mode_of(&named.policy));
    match decision.verdict {
        Err(MessageDenial { denial: Denial::CalloutPending { .. }, .. }) => decision,
        Err(refused) if mode == Mode::Shadow => {
            tracer.step(|| Step::new("/mode", "in shadow, so the call passes and nothing is charged"));
            Decision { verdict: Ok(Passed::default()), shadow: Some(refused.denial) }
        }
        _ => decision,
    }
}

fn no_policy<'p>() -> Denial<'p> {
    Denial::denied("(no policy)", denial_text::no_policy())
}

fn no_identity<'p>(error: &IdentityError) -> Denial<'p> {
    Denial::denied("(no identity)", denial_text::no_identity(error))
}

/// The request, if it is the only message: approvals are not asked for a batch.
fn single_request<'m, 'a>(messages: &'m [Message<'a>]) -> Option<&'m Request<'a>> {
    match messages {
        [Message::Request(request)] => Some(request),
        _ => None,
    }
}
