//! What a decision comes to, and the words for it. Every sentence says what to do.

use std::{borrow::Cow, fmt};

use super::{approval::Approved, denied, target::TargetName};
use crate::{
    amount::Amount,
    engine::{
        approval_service::{ApproverNote, Pending},
        callout::Callout,
        trace::Step,
    },
    identity::IdentityError,
    limit::{LimitExceeded, Receipt},
    policy::{Limit, Predicate},
};

/// What becomes of a message.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Decision<'p> {
    /// What is carried out.
    pub(in crate::engine) verdict: Verdict<'p>,
    /// What a rule, a policy or a configuration in shadow would have done.
    pub(in crate::engine) shadow: Option<Denial<'p>>,
}

/// What passes was charged; what does not says why.
pub(in crate::engine) type Verdict<'p> = Result<Passed<'p>, Denial<'p>>;

/// A message that passes.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Passed<'p> {
    /// What it was charged.
    pub(in crate::engine) receipt: Receipt,
    /// What is left in each counter that was charged, as far as that is known.
    pub(in crate::engine) remaining: Vec<(&'p Limit, Amount)>,
    /// Who approved it, where that was needed.
    pub(in crate::engine) approval: Option<Approved>,
}

/// Why a message does not pass.
#[derive(Clone, Debug)]
pub(in crate::engine) enum Denial<'p> {
    /// It never passes like this.
    Denied {
        /// The rule that decided.
        rule: Cow<'p, str>,
        /// Why, and what to do.
        why: String,
    },
    /// A limit has no room.
    RateLimited {
        /// Which one.
        limit: &'p Limit,
        /// When to come back.
        full: LimitExceeded,
    },
    /// Somebody has to approve it.
    ApprovalRequired {
        /// The rule that asks.
        predicate: &'p Predicate,
        /// Why.
        why: String,
        /// The question that was put to them; `None` in shadow, where none is.
        pending: Option<Pending>,
    },
    /// A service has to be asked first: no verdict yet.
    CalloutPending {
        /// The rule that asks.
        rule: &'p str,
        /// What it is asked.
        ask: Box<Callout>,
    },
    /// A count could not be read or written.
    Internal,
}

impl<'p> From<Verdict<'p>> for Decision<'p> {
    fn from(verdict: Verdict<'p>) -> Self {
        Self { verdict, shadow: None }
    }
}

impl Passed<'_> {
    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.remaining.extend(other.remaining);
        let approved = self.approval.or(other.approval);
        Self { receipt: self.receipt.and(other.receipt), remaining: self.remaining, approval: approved }
    }
}

impl Denial<'_> {
    /// The rule that decided; empty where we failed.
    pub(in crate::engine) fn rule(&self) -> &str {
        match self {
            Self::Denied { rule, .. } => rule,
            Self::RateLimited { limit, .. } => &limit.pointer,
            Self::ApprovalRequired { predicate, .. } => &predicate.pointer,
            Self::CalloutPending { rule, .. } => rule,
            Self::Internal => "",
        }
    }

    /// As a step.
    pub(super) fn step(&self) -> Step {
        Step::new(self.rule(), self.reason())
    }

    /// Why, in words.
    pub(in crate::engine) fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::Denied { why, .. } | Self::ApprovalRequired { why, .. } => why.into(),
            Self::RateLimited { limit, .. } => limited(limit),
            Self::CalloutPending { .. } => "a service has to be asked first".into(),
            Self::Internal => {
                "the gateway could not count this call, so it was not let through; try again later".into()
            }
        }
    }
}

/// What a limit without room lets through.
fn limited(limit: &Limit) -> Cow<'_, str> {
    match &limit.text {
        Some(text) => (&**text).into(),
        None => format!("the limit of `{}`, {}, is used up", limit.counter, quota(limit)).into(),
    }
}

/// `10 a minute`
pub(super) fn quota(limit: &Limit) -> impl fmt::Display {
    fmt::from_fn(|f| match limit.window.name() {
        Some("hour") => write!(f, "{} an hour", limit.max),
        Some(name) => write!(f, "{} a {name}", limit.max),
        None => write!(f, "{} in {} s", limit.max, limit.window.seconds()),
    })
}

pub(super) fn not_bound<'p>() -> Denial<'p> {
    denied("(no policy)", "no policy is bound to this route and caller; ask for one to be bound".to_owned())
}

pub(super) fn unknown_caller<'p>(unknown: &IdentityError) -> Denial<'p> {
    let why = match unknown {
        IdentityError::NoIdentity => "the caller is unknown; send the credential that this gateway asks for".to_owned(),
        IdentityError::Malformed(why) => format!("the caller cannot be told; {why}"),
    };
    denied("(no identity)", why)
}

pub(super) fn method_denied<'p>(pointer: &'p str, method: &str) -> Denial<'p> {
    denied(pointer, format!("the method `{method}` is closed; do without it, or ask for it to be opened"))
}

pub(super) fn folded_method<'p>(method: &str, known: &str) -> Denial<'p> {
    denied("(folded name)", format!("the method `{method}` resembles `{known}`; spell it so"))
}

pub(super) fn method_not_named<'p>(method: &str) -> Denial<'p> {
    denied("(method)", format!("the method `{method}` is not permitted; do without it, or ask for it to be permitted"))
}

pub(super) fn default_deny<'p>(subject: &TargetName<'_>) -> Denial<'p> {
    denied("(default deny)", format!("{subject} is not permitted; use another, or ask for this one to be permitted"))
}

pub(super) fn hidden<'p>(subject: &TargetName<'_>) -> Denial<'p> {
    denied("(hidden)", format!("{subject} is not available here; use a listed one"))
}

pub(super) fn ambiguous_uri<'p>(subject: &TargetName<'_>) -> Denial<'p> {
    let why = format!(
        "a server may read {subject} as another one; write the URI without dot segments, white space, `\\` and escapes \
         that are not needed, with scheme and host in lower case, and without user information or a default port"
    );
    denied("(ambiguous uri)", why)
}

/// A predicate of `deny_if` holds.
pub(super) fn denied_by<'p>(predicate: &'p Predicate, subject: &TargetName<'_>) -> Denial<'p> {
    let why = match (&predicate.text, predicate.conditions.is_empty()) {
        (Some(text), _) => text.to_string(),
        (None, true) => format!("{subject} is not permitted; use another, or ask for this one to be permitted"),
        (None, false) => format!("{subject} is not permitted where {}; change that", conditions(predicate)),
    };
    denied(&*predicate.pointer, why)
}

/// A predicate of `require` does not hold.
pub(super) fn requirement_failed<'p>(predicate: &'p Predicate, subject: &TargetName<'_>) -> Denial<'p> {
    let why = match &predicate.text {
        Some(text) => text.to_string(),
        None => format!("{subject} is permitted only where {}; change the call", conditions(predicate)),
    };
    denied(&*predicate.pointer, why)
}

/// Why somebody has to approve a call.
pub(super) fn approval_reason(predicate: &Predicate, subject: &str) -> String {
    match &predicate.text {
        Some(text) => text.to_string(),
        None => format!("{subject} needs somebody's approval"),
    }
}

pub(super) fn approval_required(predicate: &Predicate, why: String, pending: Option<Pending>) -> Denial<'_> {
    Denial::ApprovalRequired { predicate, why, pending }
}

/// Somebody said no.
pub(super) fn rejected<'p>(predicate: &'p Predicate, subject: &str, said: &ApproverNote) -> Denial<'p> {
    let why = match &*said.note {
        "" => format!("a person has rejected this call of {subject}; do not repeat it"),
        note => format!("a person has rejected this call of {subject}: {note}; do not repeat it"),
    };
    denied(&*predicate.pointer, why)
}

fn conditions(predicate: &Predicate) -> String {
    let conditions: Vec<String> = predicate.conditions.iter().map(ToString::to_string).collect();
    conditions.join(" and ")
}
