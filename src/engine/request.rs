//! A request without its body, and the policy that its binding selects; product contract, section 1.4.

use std::sync::Arc;

use crate::{
    config::{BindingInput, Config, NamedPolicy, PolicyMatch},
    http::{Header, Headers},
    identity::{Claims, Grant, IdentityError},
    mcp,
};

use super::{
    callout::CalloutResults,
    trace::{Step, Tracer},
};

/// A head of at most so many bytes is kept as it is: to copy the headers that are read again would cost each call more than the
/// rest is worth.
const SMALL_HEAD: usize = 2048;

/// The headers that are read after the head was checked: by the body's revision, for the session, for lists and streams, for the
/// transport of revision 2024-11-05, and for the record.
const KEPT: [&str; 9] = [
    ":method",
    ":path",
    "accept",
    "accept-encoding",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "traceparent",
];

/// A request without its body.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Its headers.
    pub headers: Headers,
    /// The caller's identity.
    pub grant: Result<Grant, IdentityError>,
    /// The claims of the token that names the caller, as far as rules read them.
    pub claims: Claims,
    /// Envoy's `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// The name of Envoy's route, if a binding or an approval needs it.
    pub route: Option<String>,
    /// The name of Envoy's cluster, if an approval needs it.
    pub cluster: Option<String>,
    /// What external services have answered about it so far.
    pub callouts: CalloutResults,
}

impl RequestInfo {
    /// A request whose id, route and cluster are not known.
    #[must_use]
    pub fn new(headers: Headers, grant: Result<Grant, IdentityError>) -> Self {
        let (claims, callouts) = (Claims::Absent, CalloutResults::default());
        Self { headers, grant, claims, request_id: None, route: None, cluster: None, callouts }
    }

    /// What bindings match.
    fn binding_input(&self) -> BindingInput<'_> {
        BindingInput {
            route: self.route.as_deref(),
            host: self.headers.get(":authority"),
            path: self.headers.get(":path"),
            grant: self.grant.as_ref().ok(),
        }
    }

    pub(super) fn is_method(&self, method: &str) -> bool {
        self.headers.get(":method") == Header::Once(method.as_bytes())
    }
}

/// A request whose policy is known. The bindings are matched once, when its headers arrive; every later step uses the
/// result.
#[derive(Clone, Debug)]
pub struct BoundRequest {
    /// On the heap, as it is handed from phase to phase.
    pub(super) info: Box<RequestInfo>,
    pub(super) policy: PolicyMatch,
}

impl BoundRequest {
    /// Finds the policy for a request.
    #[must_use]
    pub fn new(config: &Config, info: impl Into<Box<RequestInfo>>) -> Self {
        let info = info.into();
        let policy = match config.only_policy() {
            Some(policy) => PolicyMatch::Policy { binding: 0, policy: Arc::clone(policy) },
            None => config.match_policy(&info.binding_input()),
        };
        Self { info, policy }
    }

    /// The request.
    #[must_use]
    pub fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// Whether it asks for an event stream, as MCP's clients do with GET (revision 2025-11-25, "Listening for Messages from the
    /// Server"). Those of the TypeScript and C# SDKs read any answer to it as one, whatever its content type says.
    #[must_use]
    pub fn asks_for_events(&self) -> bool {
        self.info.is_method("GET")
            && match self.info.headers.get("accept") {
                Header::Absent => false,
                Header::Once(media) => mcp::names_event_stream(media),
                Header::Repeated => true,
            }
    }

    /// Forgets the headers that no later step reads: a client sends what it likes, and the rest is held until the body has
    /// come. Call it when [`super::check_headers`] has decided.
    pub fn forget_headers(&mut self) {
        if self.info.headers.size() > SMALL_HEAD {
            self.info.headers.keep(&KEPT);
        }
    }

    /// The names of the claims that rules of the policy read; none if they read none.
    #[must_use]
    pub fn needed_claims(&self) -> &[Box<str>] {
        self.policy().map_or(&[], |policy| policy.policy.claims())
    }

    /// Sets the claims of the token that names the caller.
    pub fn set_claims(&mut self, claims: Claims) {
        self.info.claims = claims;
    }

    /// What external services have answered, to add a further answer.
    pub fn callouts(&mut self) -> &mut CalloutResults {
        &mut self.info.callouts
    }

    /// Takes the name of the route that Envoy has now. If it is another one, no binding matches: the policy was that of the
    /// route before.
    pub fn set_route(&mut self, route: Option<&str>) {
        if self.info.route.as_deref() != route {
            self.policy = PolicyMatch::Unmatched;
        }
    }

    /// Denies the request as one that no binding matches, since Envoy does not tell the route.
    pub fn lose_route(&mut self) {
        self.policy = PolicyMatch::Unmatched;
    }

    /// The policy, unless the request is bypassed or unmatched.
    pub(super) fn policy(&self) -> Option<&NamedPolicy> {
        match &self.policy {
            PolicyMatch::Policy { policy, .. } => Some(policy),
            PolicyMatch::Bypass { .. } | PolicyMatch::Unmatched => None,
        }
    }

    /// Traces which binding selected the policy, or why none did, if the configuration has bindings.
    pub(super) fn trace_binding(&self, config: &Config, tracer: &mut impl Tracer) {
        if config.only_policy().is_some() {
            return;
        }
        match &self.policy {
            PolicyMatch::Policy { binding, policy } => tracer
                .step(|| Step::new(format!("/bindings/{binding}"), format!("selects the policy `{}`", policy.name))),
            PolicyMatch::Bypass { binding } => {
                tracer.step(|| Step::new(format!("/bindings/{binding}"), "lets the request pass uninspected"));
            }
            #[cfg(not(target_os = "wasi"))]
            PolicyMatch::Unmatched => {
                for (binding, why) in config.binding_mismatches(&self.info.binding_input()) {
                    tracer.step(|| Step::new(format!("/bindings/{binding}"), why));
                }
            }
            #[cfg(target_os = "wasi")]
            PolicyMatch::Unmatched => {}
        }
    }
}
