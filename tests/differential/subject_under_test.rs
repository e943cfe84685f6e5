//! What the engine makes of a request.

use mcp_policy::{
    audit::Decision,
    config::Config,
    engine::{self, BoundRequest, Disposition, HeadersVerdict, RequestInfo},
    http::Headers,
    identity::Grant,
    json::{self, Node},
    mcp::{Body, Id, Message, Target},
    store::InMemory,
    time::Timestamp,
};

use super::{
    effect::{self, Act},
    lenient_parser::Value,
    request::Request,
};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It reaches the server, which we expect to do this, one act for each message.
    Forwarded(Vec<Act>),
    /// It was read as this, and the policy refuses it.
    Judged(Vec<Act>),
    /// It was not read.
    Refused,
}

impl End {
    /// The word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Forwarded(_) => "forwarded",
            Self::Judged(_) => "judged",
            Self::Refused => "refused",
        }
    }
}

/// What nothing is permitted by but what it names.
const CLOSED: &str = r#"{"version":"1","default":"deny","tools":{"ok":{},"pay":{"require":[{"conditions":[
    {"path":"args.amount","op":"lte","value":100},{"path":"args.to.name","op":"in","value":["ann","bob"]}]}]}},
    "prompts":{"ok":{}},"resources":{"file:///ok":{}}}"#;
/// What permits all but what it names.
const OPEN: &str = r#"{"version":"1","default":"allow","tools":{"evil":{"action":"deny"},"pay":{"deny_if":[
    {"conditions":[{"path":"args.amount","op":"gt","value":100}]},
    {"conditions":[{"path":"args.to.name","op":"eq","value":"eve"}]}]}},
    "prompts":{"evil":{"action":"deny"}},"resources":{"file:///evil":{"action":"deny"}}}"#;

/// The engine with both policies, and with the first of them once more, where batches are judged.
pub(crate) struct Ours {
    configs: Vec<Config>,
    /// Nothing is counted: no policy has limits.
    store: InMemory,
}

impl Ours {
    /// Loads the policies.
    pub(crate) fn new() -> Self {
        let batches = format!(r#"{{"policy":{CLOSED},"protocol":{{"batches":"judge"}}}}"#);
        let configs = [CLOSED, OPEN, &batches].map(|text| Config::load(text.as_bytes()).unwrap()).into();
        Self { configs, store: InMemory::new([7; 16]) }
    }

    /// What becomes of a request under each policy.
    pub(crate) fn judge(&self, request: &Request) -> Vec<End> {
        self.configs.iter().map(|config| judge(config, &self.store, request)).collect()
    }
}

fn judge(config: &Config, store: &InMemory, request: &Request) -> End {
    let mut pairs = vec![(":method".to_owned(), b"POST".to_vec())];
    pairs.extend(request.headers.iter().cloned());
    let grant = Ok(Grant::from_name("constant:fuzz"));
    let call = BoundRequest::new(config, RequestInfo::new(Headers::new(pairs), grant));
    let HeadersVerdict::NeedBody = engine::check_headers(config, &call, !request.body.is_empty()) else {
        return End::Refused;
    };
    let response = engine::authorize(config, &call, &request.body, "fuzz", Timestamp(0), store);
    let forwarded = matches!(response.answer, Disposition::Forward(_));
    assert_ne!(response.record.decision, Decision::Failed, "{request:?}");
    assert_eq!(forwarded, response.record.decision == Decision::Allowed, "{request:?}");
    match Body::read(&request.body, config.protocol.max_depth, config.protocol.batches) {
        Ok(body) if forwarded => End::Forwarded(body.messages().iter().map(of).collect()),
        Ok(body) if response.record.decision == Decision::Denied => {
            End::Judged(body.messages().iter().map(of).collect())
        }
        _ => {
            assert!(!forwarded, "forwarded, and not read: {request:?}");
            End::Refused
        }
    }
}

/// What we take a message for.
fn of(message: &Message<'_>) -> Act {
    match message {
        Message::Notification { method, .. } => Act { method: Some(method.to_string()), ..Act::default() },
        Message::Response => Act::default(),
        Message::Request(request) => {
            let about = match &request.target {
                Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) | Target::Task(name) => Some(name),
                Target::Nothing | Target::Subscriptions { .. } => None,
            };
            let named = effect::ABOUT.iter().any(|(name, _)| *name == request.method);
            let about = about.filter(|_| named).map(ToString::to_string);
            let arguments = request.arguments.filter(|_| request.method == "tools/call");
            let arguments = arguments.map(|bytes| json::parse(bytes, u32::MAX).unwrap());
            let amount = arguments.as_ref().and_then(|node| member(node, "amount"));
            let payee = arguments.as_ref().and_then(|node| member(node, "to")).and_then(|to| member(to, "name"));
            let method = Some(request.method.to_string());
            let [amount, payee] = [amount, payee].map(|node| node.map(|node| effect::scalar(&own(node))));
            Act { method, about, id: Some(id(request.id)), amount, payee }
        }
    }
}

fn id(id: Id<'_>) -> String {
    effect::scalar(&own(&json::parse(id.token().as_bytes(), 1).unwrap()))
}

fn member<'n>(node: &'n Node<'n>, wanted: &str) -> Option<&'n Node<'n>> {
    let json::Value::Object(members) = &node.value else { return None };
    members.iter().find(|member| member.name == wanted).map(|member| &member.node)
}

/// Only its kind matters where it is not a scalar.
fn own(node: &Node<'_>) -> Value {
    match &node.value {
        json::Value::Null => Value::Null,
        json::Value::Bool(flag) => Value::Bool(*flag),
        json::Value::Number(text) => Value::Number(text.to_string()),
        json::Value::String(text) => Value::Text(text.to_string()),
        json::Value::Array(_) => Value::Array(Vec::new()),
        json::Value::Object(_) => Value::Object(Vec::new()),
    }
}
