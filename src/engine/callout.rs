//! Questions to external services about a call, and their answers so far.
//!
//! A call is authorized again with each answer, as if the answer had been there from the start. Nothing is charged or consumed
//! in this Envoy before all services have answered.

use std::sync::Arc;

use super::approval_service::{ApprovalRequest, ApprovalResponse};
use crate::{
    approval::{
        Fingerprint,
        etcd::{CallApproval, Outcome, Rpc, UsedApproval},
    },
    audit::metric,
    config::EtcdStore,
    limit::rate_limit_service::RateLimitResult,
    policy::Mode,
    time::Timestamp,
};

/// A question to an external service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callout {
    /// The approval service is to decide on the call.
    Approval(ApprovalRequest),
    /// The approvals of a fleet are to be asked about the call.
    Store {
        /// Where they are kept.
        store: Arc<EtcdStore>,
        /// What is asked; one answer may need another question.
        call: Box<CallApproval>,
    },
    /// The rate-limit service is to charge the call.
    Charge {
        /// The mode of the rules whose limits are charged.
        mode: Mode,
        /// `envoy.service.ratelimit.v3.RateLimitRequest`
        message: Vec<u8>,
    },
}

/// A service's answer, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalloutResponse {
    /// The status of HTTP or gRPC.
    pub status: Vec<u8>,
    /// The body, or the message.
    pub body: Vec<u8>,
}

impl Callout {
    /// The bytes of the question.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Approval(request) => request.body.len(),
            Self::Store { call, .. } => call.size(),
            Self::Charge { message, .. } => message.len(),
        }
    }

    /// The statistic that counts callouts without a usable answer.
    #[must_use]
    pub fn unanswered_metric(&self) -> &'static str {
        match self {
            Self::Approval(_) | Self::Store { .. } => metric::APPROVALS_UNANSWERED,
            Self::Charge { .. } => metric::LIMITS_UNANSWERED,
        }
    }
}

/// The answers of external services about a call so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalloutResults {
    /// The id of the question to the approval service, and its answer.
    pub approval: Option<(String, ApprovalResponse)>,
    /// What became of the approval that a fleet keeps.
    pub(super) stored: Option<Box<StoredOutcome>>,
    pub(super) enforced: Vec<RateLimitResult>,
    pub(super) shadow: Vec<RateLimitResult>,
    /// Whether this Envoy counts even if `limits.service` is set.
    pub(super) counts_here: bool,
}

impl CalloutResults {
    /// Counts locally even if `limits.service` is set; for the command.
    #[must_use]
    pub fn local_only() -> Self {
        Self { counts_here: true, ..Self::default() }
    }

    /// Adds an answer; `None` if there was none. A service that could not be called, did not answer in time or sent a malformed
    /// answer has not answered.
    pub fn record(&mut self, ask: Callout, answered: Option<&CalloutResponse>, now: Timestamp) -> Recorded {
        let is_usable = match ask {
            Callout::Approval(request) => {
                let approval = answered.map_or(ApprovalResponse::Failed, |response| {
                    request.read_response(&response.status, &response.body)
                });
                let is_usable = approval != ApprovalResponse::Failed;
                self.approval = Some((request.into_id(), approval));
                is_usable
            }
            Callout::Charge { mode, .. } => {
                let counted =
                    answered.map_or(RateLimitResult::Failed, |response| RateLimitResult::read(&response.body));
                let is_usable = counted != RateLimitResult::Failed;
                match mode {
                    Mode::Enforce => self.enforced.push(counted),
                    Mode::Shadow => self.shadow.push(counted),
                }
                is_usable
            }
            Callout::Store { store, mut call } => {
                let Some(outcome) = call.record(answered.map(|response| &*response.body), now) else {
                    return Recorded::Next(Callout::Store { store, call });
                };
                let is_usable = outcome != Outcome::Unavailable;
                self.stored = Some(Box::new(StoredOutcome { store, fingerprint: call.fingerprint(), outcome }));
                is_usable
            }
        };
        if is_usable { Recorded::Answered } else { Recorded::Unanswered }
    }

    /// Takes out the approval that was used for the call, which will not pass. It is to be put back.
    pub fn take_used_approval(&mut self) -> Option<HeldApproval> {
        match *self.stored.take()? {
            StoredOutcome { store, outcome: Outcome::Used(used), .. } => Some(HeldApproval { store, used }),
            _ => None,
        }
    }

    /// The rate-limit service's answers for the rules of one mode, in the order of the questions.
    pub(super) fn rate_limits(&self, mode: Mode) -> &[RateLimitResult] {
        match mode {
            Mode::Enforce => &self.enforced,
            Mode::Shadow => &self.shadow,
        }
    }
}

/// What becomes of a callout that was answered, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// The answer is there.
    Answered,
    /// There is no usable answer.
    Unanswered,
    /// There is more to ask.
    Next(Callout),
}

/// What became of the approval that a fleet keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredOutcome {
    pub(super) store: Arc<EtcdStore>,
    /// The call that it is about.
    pub(super) fingerprint: Fingerprint,
    pub(super) outcome: Outcome,
}

/// An approval that was taken out of a fleet's store, and the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldApproval {
    /// Where it goes if it is put back.
    pub store: Arc<EtcdStore>,
    /// The approval.
    pub used: Box<UsedApproval>,
}

impl HeldApproval {
    /// Where to send what puts it back; `None` if it has expired. The call that used it must not reach a server.
    #[must_use]
    pub fn put_back(self, now: Timestamp) -> Option<(Arc<EtcdStore>, Rpc)> {
        let rpc = self.used.put_back(now)?;
        Some((self.store, rpc))
    }
}
