//! Whether the policy lets a message's method pass. Names that the method carries are looked up later.

use crate::{
    config::NamedPolicy,
    mcp::{Message, Method, MethodClass, Target},
    policy::{Effect, MethodRule},
    store::Store,
};

use super::{Authorizer, Denial, denial_text, target::TargetName};
use crate::engine::trace::{Step, Tracer};

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Checks the method of one message.
    ///
    /// # Errors
    /// A pointer into `methods`, `(folded name)` or `(method)`.
    pub(super) fn check_method(&mut self, policy: &'p NamedPolicy, message: &Message<'_>) -> Result<(), Denial<'p>> {
        let (name, known, target) = match message {
            Message::Request(request) => (&*request.method, request.known, &request.target),
            Message::Notification { method, .. } => (&**method, None, &Target::Nothing),
            Message::Response => {
                self.tracer.step(|| Step::new("(method)", "a response to the server, which calls nothing"));
                return Ok(());
            }
        };
        let rule = self.check_method_rule(policy, name)?;
        match (known.map(|known| known.class), target) {
            (Some(MethodClass::Open), _) => self.trace_open_method(name),
            (Some(MethodClass::Closed), _) => {
                if !self.is_allowed(policy, rule, name) {
                    return Err(Denial::denied("(method)", denial_text::method_not_allowed(name)));
                }
            }
            (Some(_), target) if TargetName::all(target).next().is_none() => self.trace_open_method(name),
            // The name that it carries decides.
            (Some(_), _) => {}
            (None, _) if Method::is_client_notification(name) => self.trace_open_method(name),
            (None, _) => {
                if let Some(known) = Method::folded_match(name) {
                    return Err(self.deny_folded_method(name, known));
                }
                if !self.is_allowed(policy, rule, name) {
                    return Err(Denial::UnknownMethod { reason: denial_text::method_not_allowed(name) });
                }
            }
        }
        Ok(())
    }

    /// What `methods` says about a method: `None` if nothing.
    ///
    /// # Errors
    /// It denies the method, or names one that differs only in what lenient servers ignore.
    fn check_method_rule(&mut self, policy: &'p NamedPolicy, name: &str) -> Result<Option<&'p MethodRule>, Denial<'p>> {
        let Some(rule) = policy.policy.method(name) else {
            return match policy.policy.folded_method(name) {
                Some(known) => Err(self.deny_folded_method(name, known)),
                None => Ok(None),
            };
        };
        self.tracer.step(|| Step::new(&*rule.pointer, format!("`methods` says {} for `{name}`", rule.effect)));
        match rule.effect {
            Effect::Deny => Err(Denial::denied(&*rule.pointer, denial_text::method_denied(name))),
            Effect::Allow => Ok(Some(rule)),
        }
    }

    fn deny_folded_method(&mut self, name: &str, known: &str) -> Denial<'p> {
        let denial = Denial::denied("(folded name)", denial_text::folded_method(name, known));
        self.tracer.step(|| denial.step());
        denial
    }

    /// Whether `methods` or else the default allows a method.
    fn is_allowed(&mut self, policy: &NamedPolicy, rule: Option<&MethodRule>, name: &str) -> bool {
        if rule.is_some() {
            return true;
        }
        let default = policy.policy.default();
        self.tracer.step(|| Step::new("(method)", format!("`methods` does not name `{name}`; `default` is {default}")));
        default == Effect::Allow
    }

    fn trace_open_method(&mut self, name: &str) {
        self.tracer.step(|| Step::new("(method)", format!("`{name}` passes whatever `default` says")));
    }
}
