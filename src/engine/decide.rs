//! The order of the decision; product contract, section 2.

mod carry;
mod consent;
mod matter;
mod plan;
mod service;
mod verdict;

use std::borrow::Cow;

use crate::{
    config::{Config, Named},
    mcp::{Message, Method, Request, Sort, Target},
    policy::{Mode, Stance},
    store::Store,
    time::Moment,
};

use super::{
    Call,
    trace::{Step, Witness},
};

use self::{
    matter::{Matter, Subject},
    plan::Plan,
};
pub(super) use matter::is_permitted;
pub(super) use verdict::{Decision, Denial, Passed, Verdict};

/// What a decision is made with.
#[derive(Debug)]
pub(super) struct Judge<'p, S, W> {
    pub(super) config: &'p Config,
    /// The policy that is asked.
    pub(super) named: &'p Named,
    pub(super) call: &'p Call,
    /// The MCP session, in the eras that have sessions.
    pub(super) session: Option<&'p [u8]>,
    pub(super) filter: &'p str,
    pub(super) now: Moment,
    pub(super) store: &'p S,
    pub(super) witness: W,
}

/// The decision on what no policy is bound to.
pub(super) fn not_bound<'p>(mut witness: impl Witness) -> Decision<'p> {
    let denial = verdict::not_bound();
    witness.note(|| denial.step());
    Err(denial).into()
}

impl<'p, S: Store, W: Witness> Judge<'p, S, W> {
    /// Decides on messages that pass together or not at all: one, or those of a batch. In shadow a refusal is reported
    /// and not carried out, and nothing is charged.
    pub(super) fn decide(&mut self, messages: &[Message<'_>]) -> Decision<'p> {
        let decision = self.together(messages);
        let modes = [self.config.mode, self.named.policy.mode()];
        match decision.verdict {
            // No verdict yet.
            Err(Denial::Unasked { .. }) => decision,
            Err(denial) if modes.contains(&Mode::Shadow) => {
                self.witness.note(|| Step::new("/mode", "in shadow, so the call passes and nothing is charged"));
                Decision { verdict: Ok(Passed::default()), shadow: Some(denial) }
            }
            _ => decision,
        }
    }

    fn together(&mut self, messages: &[Message<'_>]) -> Decision<'p> {
        if let Err(unknown) = &self.call.grant {
            let nobody = verdict::nobody(unknown);
            self.witness.note(|| nobody.step());
            return Err(nobody).into();
        }
        let mut matters = Vec::new();
        for message in messages {
            match self.matters(message) {
                Ok(more) if matters.is_empty() => matters = more,
                Ok(more) => matters.extend(more),
                Err(denial) => return Err(denial).into(),
            }
        }
        let alone = match messages {
            [Message::Request(request)] => Some(request),
            _ => None,
        };
        if matters.is_empty() { Ok(Passed::default()).into() } else { self.weigh(&matters, alone) }
    }

    /// What a message names, for rules to judge; nothing where it passes by its method.
    fn matters<'m>(&mut self, message: &'m Message<'_>) -> Result<Vec<Matter<'p, 'm>>, Denial<'p>> {
        let nothing = |passes: Result<(), Denial<'p>>| passes.map(|()| Vec::new());
        let request = match message {
            Message::Request(request) => request,
            Message::Notification { method, .. } => return nothing(self.notification(method)),
            Message::Response => {
                self.witness.note(|| Step::new("(method)", "an answer to the server; nothing is asked of it"));
                return Ok(Vec::new());
            }
        };
        let gate = self.gate(&request.method)?;
        let Some(method) = request.known else { return nothing(self.unknown(&request.method, gate)) };
        match (method.sort, &request.target) {
            (Sort::Open, _) | (Sort::Listen, Target::Nothing) => nothing(self.open(&request.method)),
            (Sort::Closed, _) => nothing(self.by_default(gate, &request.method)),
            (Sort::Reference | Sort::Unsubscribe, target) => nothing(self.not_denied(target)),
            (Sort::Tool | Sort::Prompt | Sort::Resource | Sort::Listen, target) => self.named(target, request),
        }
    }

    fn notification(&mut self, method: &str) -> Result<(), Denial<'p>> {
        let gate = self.gate(method)?;
        if Method::is_client_notification(method) { self.open(method) } else { self.unknown(method, gate) }
    }

    /// A method that passes unless it is closed.
    fn open(&mut self, method: &str) -> Result<(), Denial<'p>> {
        self.witness.note(|| Step::new("(method)", format!("`{method}` passes whatever `default` says")));
        Ok(())
    }

    /// What `methods` says: a refusal, or whether the method is opened.
    fn gate(&mut self, method: &str) -> Result<Option<Stance>, Denial<'p>> {
        let gate = self.named.policy.method(method);
        if let Some(gate) = gate {
            self.witness.note(|| Step::new(&*gate.pointer, format!("`methods` says {} to `{method}`", gate.stance)));
            if gate.stance == Stance::Deny {
                return Err(verdict::closed_method(&gate.pointer, method));
            }
        }
        Ok(gate.map(|gate| gate.stance))
    }

    /// A method that the specification does not know.
    fn unknown(&mut self, method: &str, gate: Option<Stance>) -> Result<(), Denial<'p>> {
        match Method::mistakable(method) {
            Some(known) => {
                let mistakable = verdict::mistakable(method, known);
                self.witness.note(|| mistakable.step());
                Err(mistakable)
            }
            None => self.by_default(gate, method),
        }
    }

    /// A method that carries no name: `methods`, else the default.
    fn by_default(&mut self, gate: Option<Stance>, method: &str) -> Result<(), Denial<'p>> {
        let default = self.named.policy.default();
        if gate.is_none() {
            self.witness.note(|| Step::new("(method)", format!("`methods` does not name it; `default` is {default}")));
        }
        match gate.unwrap_or(default) {
            Stance::Allow => Ok(()),
            Stance::Deny => Err(verdict::method_not_named(method)),
        }
    }

    /// Passes where what is spoken of is not denied whatever the call; no predicates, no charge.
    fn not_denied(&mut self, target: &Target<'_>) -> Result<(), Denial<'p>> {
        let Some(subject) = Subject::all(target).next() else { return self.by_default(None, "this reference") };
        match subject.rule(&self.named.policy, &mut self.witness)? {
            Some(rule) if rule.denies_unconditionally() => {
                let denies = rule.deny_if.iter().find(|predicate| predicate.conditions.is_empty());
                let denial = denies.map_or(Denial::Failed, |predicate| verdict::denied_by(predicate, &subject));
                self.witness.note(|| denial.step());
                Err(denial)
            }
            _ => Ok(()),
        }
    }

    /// What a call names, with the rules that speak of it.
    fn named<'m>(
        &mut self,
        target: &'m Target<'_>,
        request: &'m Request<'_>,
    ) -> Result<Vec<Matter<'p, 'm>>, Denial<'p>> {
        let subjects = Subject::all(target);
        let mut matters = Vec::with_capacity(subjects.size_hint().0);
        for subject in subjects {
            matters.push(Matter::new(subject, &self.named.policy, request.arguments, &mut self.witness)?);
        }
        if matters.is_empty() {
            self.open(&request.method)?;
        }
        Ok(matters)
    }

    /// Asks the rules: those that are enforced decide, those in shadow are reported. `alone` is the one request there is.
    fn weigh(&mut self, matters: &[Matter<'p, '_>], alone: Option<&Request<'_>>) -> Decision<'p> {
        let verdict = matters.iter().find_map(Matter::refused).map_or(Ok(()), Err);
        let verdict = verdict.and_then(|()| Plan::new(matters, Mode::Enforce, &mut self.witness));
        let ready = verdict.and_then(|plan| self.prepare(plan, alone));
        // As in nearly all policies.
        if matters.iter().all(|matter| matter.rules(Mode::Shadow).next().is_none()) {
            return ready.and_then(|ready| self.carry_out(ready, alone)).into();
        }
        let shadow = Plan::new(matters, Mode::Shadow, &mut self.witness);
        let (ready, shadow) = match (ready, shadow) {
            (Ok(ready), shadow) => (ready, shadow.and_then(|plan| self.prepare(plan, alone))),
            (Err(denial), shadow) => return Decision { verdict: Err(denial), shadow: shadow.err() },
        };
        if let Err(unasked @ Denial::Unasked { .. }) = shadow {
            return Err(unasked).into();
        }
        let passed = match self.carry_out(ready, alone) {
            Ok(passed) => passed,
            Err(denial) => return Decision { verdict: Err(denial), shadow: shadow.err() },
        };
        match shadow.and_then(|ready| self.carry_out(ready, alone)) {
            Ok(shadowed) => Ok(passed.and(shadowed)).into(),
            Err(shadow) => Decision { verdict: Ok(passed), shadow: Some(shadow) },
        }
    }
}

fn denied<'p>(rule: impl Into<Cow<'p, str>>, why: String) -> Denial<'p> {
    Denial::Denied { rule: rule.into(), why }
}
