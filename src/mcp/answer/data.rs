//! What programs read of a denial or refusal, and of a page that a client is to show.

use crate::{
    amount::Amount,
    json::{self, Writer, text_name},
    window::Window,
};

/// What programs read of a denial or refusal: `error.data`.
#[derive(Clone, Debug, Default)]
pub struct DenialData<'a> {
    /// What it is.
    pub kind: DenialKind,
    /// The rule that decided, a JSON pointer into the policy or a name in parentheses.
    pub rule: Option<&'a str>,
    /// Name of the policy.
    pub policy: Option<&'a str>,
    /// What was called: `tool`, `prompt` or `resource`, and its name.
    pub target: Option<(&'static str, &'a str)>,
    /// The reason, for people and models.
    pub reason: &'a str,
    /// Envoy's `x-request-id`.
    pub request_id: Option<&'a str>,
    /// The limit that is exhausted.
    pub limit: Option<LimitData<'a>>,
    /// Milliseconds until the limit has room for the same call.
    pub retry_after_ms: Option<u64>,
    /// The same as a timestamp, RFC 3339.
    pub reset_at: Option<String>,
    /// The argument that does not fit the pinned schema.
    pub argument: Option<ArgumentData>,
    /// The request that waits for approval.
    pub approval: Option<ApprovalData<'a>>,
    /// The page that the client is to show to its user.
    pub elicitation: Option<Elicitation<'a>>,
    /// The protocol revisions that are accepted; MCP 2026-07-28, versioning.
    pub supported: Option<&'a [&'a str]>,
}

/// What a denial or refusal is, for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DenialKind {
    /// The policy denies it.
    Denied,
    /// A limit has no room for it.
    RateLimited,
    /// A person has to approve it.
    ApprovalRequired,
    /// No rule of the policy decided.
    #[default]
    Refused,
}

/// An argument that does not fit the pinned schema. It has no value of the client's.
#[derive(Clone, Debug)]
pub struct ArgumentData {
    /// Its JSON pointer into `arguments`.
    pub pointer: String,
    /// The JSON type that was sent; `missing` or `unnamed`.
    pub sent: &'static str,
    /// What the schema says; for an argument that it requires or does not name, the names that it has.
    pub expected: String,
}

/// A request that waits for approval.
#[derive(Clone, Debug)]
pub struct ApprovalData<'a> {
    /// Its id.
    pub id: &'a str,
    /// The page on which it is decided.
    pub url: Option<&'a str>,
    /// When it expires, RFC 3339.
    pub expires_at: Option<String>,
}

/// A page that a client shows to its user; MCP 2025-11-25 and 2026-07-28, URL mode elicitation.
#[derive(Clone, Copy, Debug)]
pub struct Elicitation<'a> {
    /// Its id; only revision 2025-11-25 has one.
    pub id: Option<&'a str>,
    /// The page.
    pub url: &'a str,
    /// Why the user should open it.
    pub message: &'a str,
}

/// A limit as the policy writes it.
#[derive(Clone, Debug)]
pub struct LimitData<'a> {
    /// Name of the counter.
    pub counter: &'a str,
    /// The length of the window.
    pub window: Window,
    /// The amount that one window allows.
    pub max: Amount,
    /// The scope, by its name in a policy: whose calls count together.
    pub scope: &'static str,
    /// What the request costs.
    pub cost: Amount,
    /// What is left, if that is known.
    pub remaining: Option<Amount>,
}

impl DenialKind {
    /// Its name in `error.data`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::RateLimited => "rate_limited",
            Self::ApprovalRequired => "approval_required",
            Self::Refused => "refused",
        }
    }
}

impl<'a> DenialData<'a> {
    /// The data of a refusal for this reason.
    #[must_use]
    pub fn refused(reason: &'a str) -> Self {
        Self { reason, ..Self::default() }
    }

    pub(super) fn write(&self, data: &mut Writer) {
        data.add_word(text_name!("kind"), self.kind.name())
            .add_optional_string(text_name!("rule"), self.rule)
            .add_optional_string(text_name!("policy"), self.policy);
        if let Some((kind, name)) = self.target {
            data.add_string(kind, name);
        }
        data.add_string(text_name!("reason"), self.reason)
            .add_optional_string(text_name!("requestId"), self.request_id);
        if let Some(argument) = &self.argument {
            data.add_object("argument", |out| argument.write(out));
        }
        if let Some(limit) = &self.limit {
            data.add_object("limit", |out| limit.write(out));
        }
        if let Some(wait) = self.retry_after_ms {
            data.add_integer("retryAfterMs", wait);
        }
        data.add_optional_string(text_name!("resetAt"), self.reset_at.as_deref());
        if let Some(approval) = &self.approval {
            data.add_object("approval", |out| approval.write(out));
        }
        if let Some(page) = &self.elicitation {
            let mut item = Writer::default();
            page.write(&mut item);
            data.add_json("elicitations", format_args!("[{}]", item.finish()));
        }
        if let Some(supported) = self.supported {
            data.add_json("supported", json::list(supported.iter().copied()));
        }
    }
}

impl ArgumentData {
    pub(super) fn write(&self, argument: &mut Writer) {
        argument
            .add_string("pointer", &self.pointer)
            .add_string("sent", self.sent)
            .add_string("expected", &self.expected);
    }
}

impl ApprovalData<'_> {
    pub(super) fn write(&self, approval: &mut Writer) {
        approval
            .add_string("id", self.id)
            .add_optional_string("url", self.url)
            .add_optional_string("expiresAt", self.expires_at.as_deref());
    }
}

impl Elicitation<'_> {
    pub(super) fn write(&self, params: &mut Writer) {
        params
            .add_string("mode", "url")
            .add_optional_string("elicitationId", self.id)
            .add_string("url", self.url)
            .add_string("message", self.message);
    }
}

impl LimitData<'_> {
    pub(super) fn write(&self, limit: &mut Writer) {
        limit.add_string(text_name!("counter"), self.counter);
        match self.window.name() {
            Some(name) => limit.add_word(text_name!("window"), name),
            None => limit.add_json("window", self.window.seconds()),
        };
        self.max.add_to(limit, "max");
        limit.add_word(text_name!("scope"), self.scope);
        self.cost.add_to(limit, "cost");
        if let Some(remaining) = self.remaining {
            remaining.add_to(limit, "remaining");
        }
    }
}
