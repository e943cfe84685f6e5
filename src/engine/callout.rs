//! Questions to external services about a call, and their answers so far.
//!
//! A call is authorized again with each answer, as if the answer had been there from the start. Nothing is charged or consumed
//! in this Envoy before all services have answered.

use super::approval_service::{ApprovalRequest, ApprovalResponse};
use crate::{audit::metric, limit::rate_limit_service::RateLimitResult, policy::Mode};

/// A question to an external service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callout {
    /// The approval service is to decide on the call.
    Approval(ApprovalRequest),
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
            Self::Charge { message, .. } => message.len(),
        }
    }

    /// The statistic that counts callouts without a usable answer.
    #[must_use]
    pub fn unanswered_metric(&self) -> &'static str {
        match self {
            Self::Approval(_) => metric::APPROVALS_UNANSWERED,
            Self::Charge { .. } => metric::LIMITS_UNANSWERED,
        }
    }
}

/// The answers of external services about a call so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalloutResults {
    /// The approval service's answer.
    pub approval: Option<ApprovalResponse>,
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

    /// Adds an answer; `None` if there was none. Returns whether it is usable: a service that could not be called, did not
    /// answer in time or sent a malformed answer has not answered.
    pub fn record(&mut self, ask: &Callout, answered: Option<&CalloutResponse>) -> bool {
        match ask {
            Callout::Approval(request) => {
                let approval = answered.map_or(ApprovalResponse::Failed, |response| {
                    request.read_response(&response.status, &response.body)
                });
                let is_usable = approval != ApprovalResponse::Failed;
                self.approval = Some(approval);
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
