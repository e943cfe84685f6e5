//! How a client's own dialogue sends its user to the page on which calls are approved: `approvals.elicit`; product contract, section
//! 15.
//!
//! The page's address carries the approval's id and nothing that signs anybody in, and opening it approves nothing. Only the
//! console knows who is there.

use crate::{
    config::Config,
    http::Header,
    limit::{Counters, Owned, Ownership, totals::Capacity},
    mcp::{Body, Message, MethodClass, Request, elicitation, revision::Lifecycle},
    store::Store,
    time::Timestamp,
};

use super::{BoundRequest, owner::Owner};

/// How a client is sent to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialogue {
    /// By a result of type `input_required`; MCP 2026-07-28.
    InputRequired,
    /// By the error -32042; MCP 2025-11-25.
    UrlElicitationRequired,
}

/// Longest id of a session, in bytes: servers make shorter ones.
const MAX_SESSION: usize = 1024;

/// How the client of a call that waits for approval is sent to the page; `None` if it shows none, or has been there already.
pub(super) fn dialogue_for<S: Store>(
    config: &Config,
    request: &BoundRequest,
    body: &Body<'_>,
    lifecycle: Lifecycle,
    filter: &str,
    now: Timestamp,
    store: &S,
) -> Option<Dialogue> {
    let Body::Single(Message::Request(call)) = body else { return None };
    if !config.approvals.elicit {
        return None;
    }
    match lifecycle {
        // What a server has asked for in an earlier round would be lost if this one asked for something else.
        Lifecycle::Stateless => {
            let is_asked = has_rounds(call) && !elicitation::has_input_responses(call);
            (is_asked && elicitation::is_declared_by_request(call)).then_some(Dialogue::InputRequired)
        }
        Lifecycle::Session => {
            let headers = &request.info.headers;
            let is_current =
                headers.get("mcp-protocol-version") == Header::Once(elicitation::SESSION_REVISION.as_bytes());
            let session = headers.str_value("mcp-session-id").filter(|_| is_current)?;
            let (policy, grant) = (&*request.policy()?.name, request.info.grant.as_ref().ok()?.id());
            let ownership = Ownership { filter, policy, grant, owned: Owned::UrlSession(session) };
            let is_known = Counters::new(store, Capacity::NONE).is_owner(ownership, now);
            is_known.unwrap_or(false).then_some(Dialogue::UrlElicitationRequired)
        }
    }
}

/// Whether the answer to a request may ask for input; MCP 2026-07-28, multi round-trip requests.
fn has_rounds(call: &Request<'_>) -> bool {
    let class = call.known.map(|known| known.class);
    matches!(class, Some(MethodClass::Tool | MethodClass::Prompt | MethodClass::Resource))
}

/// The caller whose client shows pages to its user, in the session that the answer to its `initialize` opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionWatch(Owner);

/// Whose session the answer to a request opens; `None` if it opens none, or one whose client shows no pages.
pub(super) fn watch_for(
    config: &Config,
    request: &BoundRequest,
    body: &Body<'_>,
    filter: &str,
) -> Option<Box<SessionWatch>> {
    let Body::Single(Message::Request(call)) = body else { return None };
    if !config.approvals.elicit || !elicitation::is_declared_by_initialize(call) {
        return None;
    }
    Some(Box::new(SessionWatch(Owner::new(config, request, filter)?)))
}

impl SessionWatch {
    /// Remembers the session, for a day. Without room, and if the id is longer than 1,024 bytes or not a text, it is one whose client shows no
    /// pages.
    pub fn keep<S: Store>(&self, session: &[u8], store: &S, now: Timestamp) {
        if let (..=MAX_SESSION, Ok(session)) = (session.len(), std::str::from_utf8(session)) {
            self.0.keep(Owned::UrlSession(session), None, store, now);
        }
    }
}
