//! What takes the place of an answer that is refused: an error, or a tool result that says the same; product contract,
//! sections 4 and 13.

use std::sync::Arc;

use crate::mcp::{
    Code,
    answer::{self, DenialData, DenialKind},
    notice,
    refusal_text::UNREADABLE_MESSAGE,
};

use super::report::ResultDenial;

/// Why an answer is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultRefusal {
    /// It holds what the policy does not let through.
    Denied(ResultDenial),
    /// It is longer than the policy allows.
    TooLarge {
        /// The entry of the policy.
        pointer: Box<str>,
        /// What it allows, in bytes.
        max_bytes: usize,
    },
    /// It would be longer than that allows with what takes the place of its finds.
    TooLong {
        /// The entry of the policy.
        pointer: Box<str>,
        /// What may go on, in bytes.
        max_bytes: usize,
    },
    /// There is no room to hold it.
    NoRoom,
    /// To search it takes too much work.
    TooMuchWork,
    /// Clients may read it in more than one way, or not at all.
    Unreadable,
    /// It is compressed.
    Compressed,
    /// It is neither JSON nor an event stream.
    UnknownFormat,
}

/// How answers are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalReply {
    /// The name of the policy.
    pub policy: Option<Arc<str>>,
    /// What was called: `tool`, `prompt` or `resource`, and its name, if it is known.
    pub target: Option<(&'static str, Box<str>)>,
    /// Envoy's `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// Whether a tool result says it, and not an error.
    pub as_tool_result: bool,
    /// Whether results need a `resultType`.
    pub is_stateless: bool,
}

impl ResultRefusal {
    /// The rule that decided: a JSON pointer into the policy, or a name in parentheses.
    #[must_use]
    pub fn rule(&self) -> &str {
        match self {
            Self::Denied(denial) => &denial.pointer,
            Self::TooLarge { pointer, .. } | Self::TooLong { pointer, .. } => pointer,
            Self::NoRoom => "(no room for the result)",
            Self::TooMuchWork => "(too much to check)",
            Self::Unreadable | Self::Compressed | Self::UnknownFormat => "(unreadable result)",
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } | Self::TooLong { .. } | Self::NoRoom => Code::ResultTooLarge,
            _ => Code::ResultDenied,
        }
    }

    /// The reason, for people and models: what is wrong, and what to do.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Denied(ResultDenial { on_deny: Some(text), .. }) => text.to_string(),
            Self::Denied(ResultDenial { finder, .. }) => {
                format!("the answer holds what the policy does not let through (`{finder}`); ask for other data")
            }
            Self::TooLarge { max_bytes, .. } => larger(*max_bytes, ", which the policy allows"),
            Self::TooLong { max_bytes, .. } => larger(*max_bytes, " once its finds are replaced"),
            Self::NoRoom => "the gateway has no room to hold the answer at present; repeat the call later".to_owned(),
            Self::TooMuchWork => "to search the answer takes too much work; ask for less".to_owned(),
            Self::Unreadable => UNREADABLE_MESSAGE.to_owned(),
            Self::Compressed => {
                "the answer is compressed, so the policy cannot inspect it; ask the gateway's operator to remove `accept-encoding`"
                    .to_owned()
            }
            Self::UnknownFormat => {
                "the answer is neither JSON nor an event stream; report this to the server's operator".to_owned()
            }
        }
    }
}

fn larger(max_bytes: usize, how: &str) -> String {
    format!("the answer is larger than {max_bytes} bytes{how}; ask for less, such as one page")
}

impl RefusalReply {
    /// The message in place of the answer to the request with this id, as it was sent; `null` if it is not known.
    #[must_use]
    pub fn write(&self, id: Option<&str>, refusal: &ResultRefusal) -> String {
        let reason = refusal.reason();
        // Agents repeat what has failed.
        let message = format!("Result refused: {reason}. The call itself was carried out.");
        let data = DenialData {
            kind: DenialKind::Denied,
            rule: Some(refusal.rule()),
            policy: self.policy.as_deref(),
            target: self.target.as_ref().map(|(kind, name)| (*kind, &**name)),
            reason: &reason,
            request_id: self.request_id.as_deref(),
            ..DenialData::default()
        };
        match id {
            Some(id) if self.as_tool_result => answer::tool_error(id, &message, self.is_stateless, &data).body,
            id => answer::error_reply(200, id, refusal.code(), &message, &data).body,
        }
    }

    /// A log message that says why something on a stream is refused that belongs to no request.
    pub(super) fn notice(&self, refusal: &ResultRefusal) -> String {
        notice::dropped(&refusal.reason())
    }
}
