//! The order of the decision; product contract, section 2.

mod approval;
mod charge;
mod enforce;
mod evaluate;
mod rate_limit_service;
mod target;
mod verdict;

use std::borrow::Cow;

use crate::{
    config::{Config, NamedPolicy},
    mcp::{Message, Method, MethodClass, Request, Target},
    policy::{Effect, Mode},
    store::Store,
    time::Timestamp,
};

use super::{
    RequestInfo,
    trace::{Step, Tracer},
};

use self::{
    evaluate::Evaluation,
    target::{ResolvedTarget, TargetName},
};
pub(super) use target::is_permitted;
pub(super) use verdict::{Decision, Denial, Passed, Verdict};

/// What a decision is made with.
#[derive(Debug)]
pub(super) struct Authorizer<'p, S, W> {
    pub(super) config: &'p Config,
    /// The policy that is asked.
    pub(super) named: &'p NamedPolicy,
    pub(super) call: &'p RequestInfo,
    /// The MCP session, in the eras that have sessions.
    pub(super) session: Option<&'p [u8]>,
    pub(super) filter: &'p str,
    pub(super) now: Timestamp,
    pub(super) store: &'p S,
    pub(super) witness: W,
}

/// The decision on what no policy is bound to.
pub(super) fn not_bound<'p>(mut witness: impl Tracer) -> Decision<'p> {
    let denial = verdict::not_bound();
    witness.step(|| denial.step());
    Err(denial).into()
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Decides on messages that pass together or not at all: one, or those of a batch. In shadow a refusal is reported
    /// and not carried out, and nothing is charged.
    pub(super) fn authorize(&mut self, messages: &[Message<'_>]) -> Decision<'p> {
        let decision = self.authorize_all(messages);
        let modes = [self.config.mode, self.named.policy.mode()];
        match decision.verdict {
            // No verdict yet.
            Err(Denial::CalloutPending { .. }) => decision,
            Err(denial) if modes.contains(&Mode::Shadow) => {
                self.witness.step(|| Step::new("/mode", "in shadow, so the call passes and nothing is charged"));
                Decision { verdict: Ok(Passed::default()), shadow: Some(denial) }
            }
            _ => decision,
        }
    }

    fn authorize_all(&mut self, messages: &[Message<'_>]) -> Decision<'p> {
        if let Err(unknown) = &self.call.grant {
            let nobody = verdict::unknown_caller(unknown);
            self.witness.step(|| nobody.step());
            return Err(nobody).into();
        }
        let mut matters = Vec::new();
        for message in messages {
            match self.resolve_message(message) {
                Ok(more) if matters.is_empty() => matters = more,
                Ok(more) => matters.extend(more),
                Err(denial) => return Err(denial).into(),
            }
        }
        let alone = match messages {
            [Message::Request(request)] => Some(request),
            _ => None,
        };
        if matters.is_empty() { Ok(Passed::default()).into() } else { self.evaluate(&matters, alone) }
    }

    /// What a message names, for rules to judge; nothing where it passes by its method.
    fn resolve_message<'m>(&mut self, message: &'m Message<'_>) -> Result<Vec<ResolvedTarget<'p, 'm>>, Denial<'p>> {
        let nothing = |passes: Result<(), Denial<'p>>| passes.map(|()| Vec::new());
        let request = match message {
            Message::Request(request) => request,
            Message::Notification { method, .. } => return nothing(self.check_notification(method)),
            Message::Response => {
                self.witness.step(|| Step::new("(method)", "an answer to the server; nothing is asked of it"));
                return Ok(Vec::new());
            }
        };
        let gate = self.check_method_rule(&request.method)?;
        let Some(method) = request.known else { return nothing(self.check_unknown_method(&request.method, gate)) };
        match (method.class, &request.target) {
            (MethodClass::Open, _) | (MethodClass::Listen, Target::Nothing) => {
                nothing(self.allow_open_method(&request.method))
            }
            (MethodClass::Closed, _) => nothing(self.apply_default(gate, &request.method)),
            (MethodClass::Reference | MethodClass::Unsubscribe, target) => nothing(self.check_reference(target)),
            (MethodClass::Tool | MethodClass::Prompt | MethodClass::Resource | MethodClass::Listen, target) => {
                self.resolve_targets(target, request)
            }
        }
    }

    fn check_notification(&mut self, method: &str) -> Result<(), Denial<'p>> {
        let gate = self.check_method_rule(method)?;
        if Method::is_client_notification(method) {
            self.allow_open_method(method)
        } else {
            self.check_unknown_method(method, gate)
        }
    }

    /// A method that passes unless it is closed.
    fn allow_open_method(&mut self, method: &str) -> Result<(), Denial<'p>> {
        self.witness.step(|| Step::new("(method)", format!("`{method}` passes whatever `default` says")));
        Ok(())
    }

    /// What `methods` says: a refusal, or whether the method is opened.
    fn check_method_rule(&mut self, method: &str) -> Result<Option<Effect>, Denial<'p>> {
        let gate = self.named.policy.method(method);
        if let Some(gate) = gate {
            self.witness.step(|| Step::new(&*gate.pointer, format!("`methods` says {} to `{method}`", gate.stance)));
            if gate.stance == Effect::Deny {
                return Err(verdict::method_denied(&gate.pointer, method));
            }
        }
        Ok(gate.map(|gate| gate.stance))
    }

    /// A method that the specification does not know.
    fn check_unknown_method(&mut self, method: &str, gate: Option<Effect>) -> Result<(), Denial<'p>> {
        match Method::folded_match(method) {
            Some(known) => {
                let mistakable = verdict::folded_method(method, known);
                self.witness.step(|| mistakable.step());
                Err(mistakable)
            }
            None => self.apply_default(gate, method),
        }
    }

    /// A method that carries no name: `methods`, else the default.
    fn apply_default(&mut self, gate: Option<Effect>, method: &str) -> Result<(), Denial<'p>> {
        let default = self.named.policy.default();
        if gate.is_none() {
            self.witness.step(|| Step::new("(method)", format!("`methods` does not name it; `default` is {default}")));
        }
        match gate.unwrap_or(default) {
            Effect::Allow => Ok(()),
            Effect::Deny => Err(verdict::method_not_named(method)),
        }
    }

    /// Passes where what is spoken of is not denied whatever the call; no predicates, no charge.
    fn check_reference(&mut self, target: &Target<'_>) -> Result<(), Denial<'p>> {
        let Some(subject) = TargetName::all(target).next() else { return self.apply_default(None, "this reference") };
        match subject.rule(&self.named.policy, &mut self.witness)? {
            Some(rule) if rule.denies_unconditionally() => {
                let denies = rule.deny_if.iter().find(|predicate| predicate.conditions.is_empty());
                let denial = denies.map_or(Denial::Internal, |predicate| verdict::denied_by(predicate, &subject));
                self.witness.step(|| denial.step());
                Err(denial)
            }
            _ => Ok(()),
        }
    }

    /// What a call names, with the rules that speak of it.
    fn resolve_targets<'m>(
        &mut self,
        target: &'m Target<'_>,
        request: &'m Request<'_>,
    ) -> Result<Vec<ResolvedTarget<'p, 'm>>, Denial<'p>> {
        let subjects = TargetName::all(target);
        let mut matters = Vec::with_capacity(subjects.size_hint().0);
        for subject in subjects {
            matters.push(ResolvedTarget::new(subject, &self.named.policy, request.arguments, &mut self.witness)?);
        }
        if matters.is_empty() {
            self.allow_open_method(&request.method)?;
        }
        Ok(matters)
    }

    /// Asks the rules: those that are enforced decide, those in shadow are reported. `alone` is the one request there is.
    fn evaluate(&mut self, matters: &[ResolvedTarget<'p, '_>], alone: Option<&Request<'_>>) -> Decision<'p> {
        let verdict = matters.iter().find_map(ResolvedTarget::default_denial).map_or(Ok(()), Err);
        let verdict = verdict.and_then(|()| Evaluation::evaluate(matters, Mode::Enforce, &mut self.witness));
        let ready = verdict.and_then(|plan| self.prepare(plan, alone));
        // As in nearly all policies.
        if matters.iter().all(|matter| matter.rules(Mode::Shadow).next().is_none()) {
            return ready.and_then(|ready| self.enforce(ready, alone)).into();
        }
        let shadow = Evaluation::evaluate(matters, Mode::Shadow, &mut self.witness);
        let (ready, shadow) = match (ready, shadow) {
            (Ok(ready), shadow) => (ready, shadow.and_then(|plan| self.prepare(plan, alone))),
            (Err(denial), shadow) => return Decision { verdict: Err(denial), shadow: shadow.err() },
        };
        if let Err(unasked @ Denial::CalloutPending { .. }) = shadow {
            return Err(unasked).into();
        }
        let passed = match self.enforce(ready, alone) {
            Ok(passed) => passed,
            Err(denial) => return Decision { verdict: Err(denial), shadow: shadow.err() },
        };
        match shadow.and_then(|ready| self.enforce(ready, alone)) {
            Ok(shadowed) => Ok(passed.and(shadowed)).into(),
            Err(shadow) => Decision { verdict: Ok(passed), shadow: Some(shadow) },
        }
    }
}

fn denied<'p>(rule: impl Into<Cow<'p, str>>, why: String) -> Denial<'p> {
    Denial::Denied { rule: rule.into(), why }
}
