//! The types of a decision: the request passes with a receipt, or a denial says why not. The texts are in `denial_text`.

use std::{borrow::Cow, sync::Arc};

use crate::{
    amount::Amount,
    approval::{Approval, ApproverNote, Requested},
    engine::{
        approval_service::Pending,
        callout::{Callout, HeldApproval},
        trace::Step,
    },
    limit::{LimitExceeded, Receipt},
    policy::{Limit, Predicate, schema::Violation},
};

use super::denial_text;

/// The decision on the messages of one request.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Decision<'p> {
    /// What is enforced.
    pub(in crate::engine) verdict: Result<Passed, MessageDenial<'p>>,
    /// What a rule, a policy or a configuration in shadow would have denied.
    pub(in crate::engine) shadow: Option<Denial<'p>>,
}

/// The request passes; its limits are charged and its approval is consumed.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Passed {
    /// What was charged.
    pub(in crate::engine) receipt: Receipt,
    /// What is left in each counter that was charged, if known.
    pub(in crate::engine) remaining: Vec<(Arc<str>, Amount)>,
    /// The approval, if a rule needed one.
    pub(in crate::engine) approval: Option<Box<Approved>>,
}

/// An approval that was given, and that is used.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Approved {
    /// What can be put back; `None` if a service gave the approval, which keeps its own.
    pub(in crate::engine) used: Option<Used>,
    /// The approver and the note.
    pub(in crate::engine) by: ApproverNote,
}

/// An approval that was used, and where it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Used {
    /// In this Envoy.
    Local(Box<Approval>),
    /// In the store of a fleet.
    Stored(HeldApproval),
}

/// The request for approval of a call that needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Filing {
    /// There is none, in shadow and for a batch: no approver is asked.
    NotAsked,
    /// It was filed before.
    Known(Pending),
    /// This call has filed it.
    Filed(Pending),
}

/// A denial, and the message that it is about.
#[derive(Clone, Debug)]
pub(in crate::engine) struct MessageDenial<'p> {
    /// Why the request does not pass.
    pub(in crate::engine) denial: Denial<'p>,
    /// The message's index; `None` if it is about all of them.
    pub(in crate::engine) message: Option<usize>,
}

/// Why a request does not pass.
#[derive(Clone, Debug)]
pub(in crate::engine) enum Denial<'p> {
    /// The policy denies it.
    Denied {
        /// The rule that decided: a JSON pointer into the policy, or a name in parentheses.
        rule: Cow<'p, str>,
        /// The reason, and what the agent may do.
        reason: String,
    },
    /// An argument of a tool does not fit the pinned schema.
    InvalidArguments {
        /// The JSON pointer into the policy of what the schema says.
        rule: String,
        /// The reason, and what the agent may do.
        reason: String,
        /// The argument.
        violation: Box<Violation>,
    },
    /// The policy denies a method that MCP does not define.
    UnknownMethod {
        /// The reason, and what the agent may do.
        reason: String,
    },
    /// A message names a task that is not the caller's, as far as the gateway knows.
    UnknownTask {
        /// The reason, and what the agent may do.
        reason: String,
    },
    /// A limit has no room.
    RateLimited {
        /// The limit.
        limit: &'p Limit,
        /// What the request costs of it.
        cost: Amount,
        /// When it has room again.
        full: LimitExceeded,
    },
    /// A person has to approve it.
    ApprovalRequired {
        /// The rule that asks for approval.
        predicate: &'p Predicate,
        /// The reason.
        reason: String,
        /// The request for approval.
        filing: Filing,
    },
    /// An external service has to answer first: no decision yet.
    CalloutPending {
        /// The rule that needs the answer.
        rule: &'p str,
        /// What to ask it.
        ask: Box<Callout>,
    },
    /// The gateway failed: a count or an approval could not be read or written.
    Internal,
}

impl<'p> Decision<'p> {
    pub(super) fn denied(denial: impl Into<MessageDenial<'p>>) -> Self {
        Self { verdict: Err(denial.into()), shadow: None }
    }
}

impl Passed {
    /// Adds what rules in shadow charged.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.remaining.extend(other.remaining);
        let approval = self.approval.or(other.approval);
        Self { receipt: self.receipt.merge(other.receipt), remaining: self.remaining, approval }
    }
}

impl Filing {
    /// What waits for an approver, if something does.
    pub(in crate::engine) fn pending(&self) -> Option<&Pending> {
        match self {
            Self::NotAsked => None,
            Self::Known(pending) | Self::Filed(pending) => Some(pending),
        }
    }
}

impl<'p> Denial<'p> {
    pub(super) fn denied(rule: impl Into<Cow<'p, str>>, reason: String) -> Self {
        Self::Denied { rule: rule.into(), reason }
    }

    pub(super) fn about(self, message: usize) -> MessageDenial<'p> {
        MessageDenial { denial: self, message: Some(message) }
    }

    /// The rule that decided; empty if the gateway failed.
    pub(in crate::engine) fn rule(&self) -> &str {
        match self {
            Self::Denied { rule, .. } => rule,
            Self::InvalidArguments { rule, .. } => rule,
            Self::UnknownMethod { .. } => "(method)",
            Self::UnknownTask { .. } => "(unknown task)",
            Self::RateLimited { limit, .. } => &limit.pointer,
            Self::ApprovalRequired { predicate, .. } => &predicate.pointer,
            Self::CalloutPending { rule, .. } => rule,
            Self::Internal => "",
        }
    }

    /// The denial as a step of a trace.
    pub(super) fn step(&self) -> Step {
        let text = match self {
            Self::Denied { reason, .. }
            | Self::InvalidArguments { reason, .. }
            | Self::UnknownMethod { reason }
            | Self::UnknownTask { reason }
            | Self::ApprovalRequired { reason, .. } => reason.clone(),
            Self::RateLimited { limit, .. } => format!("allows {}", denial_text::describe_quota(limit)),
            Self::CalloutPending { .. } => "needs the answer of an external service".to_owned(),
            Self::Internal => denial_text::INTERNAL.to_owned(),
        };
        Step::new(self.rule(), text)
    }
}

impl From<Requested> for Filing {
    fn from(requested: Requested) -> Self {
        match requested {
            Requested::Known(approval) => Self::Known(approval.into()),
            Requested::Filed(approval) => Self::Filed(approval.into()),
        }
    }
}

/// A denial of the whole request.
impl<'p> From<Denial<'p>> for MessageDenial<'p> {
    fn from(denial: Denial<'p>) -> Self {
        Self { denial, message: None }
    }
}
