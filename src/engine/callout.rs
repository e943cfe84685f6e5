//! What services are asked about a call, and what they have said so far.
//!
//! A call is judged anew with each answer, as if it had been known from the start; nothing is charged or used up here before
//! all have answered.

use super::{
    approval_service::{ApprovalRequest, ApprovalResponse},
    metric,
};
use crate::{limit::rate_limit_service::RateLimitResult, policy::Mode};

/// Something to ask a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callout {
    /// The approval service: whether somebody approves the call.
    Approval(ApprovalRequest),
    /// The rate-limit service: to charge it.
    Charge {
        /// For the limits of which rules.
        mode: Mode,
        /// `envoy.service.ratelimit.v3.RateLimitRequest`
        message: Vec<u8>,
    },
}

/// An answer, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalloutResponse {
    /// HTTP's status, or gRPC's.
    pub status: Vec<u8>,
    /// The body, or the message.
    pub body: Vec<u8>,
}

/// Whether a service has answered what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Understood {
    /// It has.
    Yes,
    /// It could not be asked, did not answer in time, or said nothing that can be understood.
    No,
}

impl Understood {
    fn unless(has_failed: bool) -> Self {
        if has_failed { Self::No } else { Self::Yes }
    }
}

impl Callout {
    /// The statistic of requests that this service was asked about and did not answer.
    #[must_use]
    pub fn unanswered_metric(&self) -> &'static str {
        match self {
            Self::Approval(_) => metric::APPROVALS_UNANSWERED,
            Self::Charge { .. } => metric::LIMITS_UNANSWERED,
        }
    }
}

/// What services have said of a call so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalloutResults {
    /// Whether it is approved.
    pub ruling: Option<ApprovalResponse>,
    pub(super) enforced: Vec<RateLimitResult>,
    pub(super) shadow: Vec<RateLimitResult>,
    /// Whether nobody is to be asked to count.
    pub(super) counts_here: bool,
}

impl CalloutResults {
    /// That there is no service to count, as for a command: what one would count is counted here.
    #[must_use]
    pub fn local_only() -> Self {
        Self { counts_here: true, ..Self::default() }
    }

    /// Takes note of an answer; `None` where none came.
    pub fn record(&mut self, ask: &Callout, answered: Option<&CalloutResponse>) -> Understood {
        match ask {
            Callout::Approval(inquiry) => {
                let ruling = answered.map_or(ApprovalResponse::Failed, |said| inquiry.ruling(&said.status, &said.body));
                let understood = Understood::unless(ruling == ApprovalResponse::Failed);
                self.ruling = Some(ruling);
                understood
            }
            Callout::Charge { mode, .. } => {
                let counted = answered.map_or(RateLimitResult::Failed, |said| RateLimitResult::read(&said.body));
                let understood = Understood::unless(counted == RateLimitResult::Failed);
                match mode {
                    Mode::Enforce => self.enforced.push(counted),
                    Mode::Shadow => self.shadow.push(counted),
                }
                understood
            }
        }
    }

    /// What was said of the limits of some rules, in the order in which it was asked.
    pub(super) fn counted(&self, mode: Mode) -> &[RateLimitResult] {
        match mode {
            Mode::Enforce => &self.enforced,
            Mode::Shadow => &self.shadow,
        }
    }
}
