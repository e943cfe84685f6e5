//! The user's document as the filter's configuration in what `render` prints.
//!
//! `render` lets the filter hold a request's headers, so the configuration says so, too, unless the user decided
//! otherwise. Members are inserted into the user's text, which stays byte for byte as it was: what the user wrote is what
//! the filter reads.

use mcp_policy::{
    config::{Config, ConfigErrors, HeaderMode},
    json::{self, Node, Reader, Value},
};

use super::bypass::{self, BypassPath};

/// A configuration that the filter accepts.
#[derive(Debug)]
pub(super) struct Configuration {
    text: String,
    /// `text` as it was before members were inserted for other reasons than held headers.
    config: Config,
}

/// The member that lets the filter hold headers.
const HOLD: &str = r#""headers": "hold""#;

/// White space around a JSON text.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

impl Configuration {
    /// Makes a configuration of a policy or a configuration. It holds headers until the decision.
    ///
    /// # Errors
    /// What is wrong with `document`.
    pub(super) fn prepare(document: &str) -> Result<Self, String> {
        const REFUSED: &str = "the filter refuses this; `mcp-policy check` shows where";
        let text = with_held_headers(document)?;
        // The problems of the document have pointers into it. What loads alone can still be too deep for `text`.
        load(document.trim_matches(WHITE_SPACE), REFUSED)?;
        let config = load(&text, REFUSED)?;
        Ok(Self { text, config })
    }

    /// The configuration as JSON.
    pub(super) fn json(&self) -> &str {
        &self.text
    }

    /// The configuration, loaded. Only its digest may differ from that of `text`.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The member `store` of `approvals`, as JSON, which a console has, too.
    pub(super) fn approval_store(&self) -> Option<serde_json::Value> {
        let store = self.config.approvals.store.as_ref()?;
        let [cluster, prefix] = [&*store.cluster, &*store.prefix];
        Some(serde_json::json!({ "etcd": { "cluster": cluster, "prefix": prefix, "timeout_ms": store.timeout_ms } }))
    }

    /// Whether the filter holds the headers of a request until the decision.
    pub(super) fn holds_headers(&self) -> bool {
        self.config.protocol.headers == HeaderMode::Hold
    }

    /// What Envoy may buffer of one stream, in MiB: more than the largest body that the filter accepts, so that the filter itself
    /// replies to a larger one, with a readable error.
    pub(super) fn buffer_mib(&self) -> usize {
        self.config.protocol.max_body_bytes.div_ceil(1 << 20).saturating_add(1)
    }

    /// Accepts pages of this machine only, unless the document lists origins: other sites may lead a browser to a gateway that is
    /// reached without a network.
    ///
    /// # Errors
    /// What is wrong with the result.
    pub(super) fn with_loopback_origins(self) -> Result<Self, String> {
        const ORIGINS: &str = r#""origins": ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]"#;
        let text = match parse(&self.text)?.member("protocol") {
            Some(protocol) => insert_default(&self.text, protocol, "origins", ORIGINS),
            None => return Ok(self),
        };
        Self::reload(text)
    }

    /// Makes the main fields of a record filter states of their own, unless the document decides on that: the access log that `render`
    /// writes names them one by one.
    ///
    /// # Errors
    /// What is wrong with the result.
    pub(super) fn with_audit_fields(self) -> Result<Self, String> {
        const FIELDS: &str = r#""fields": true"#;
        let node = parse(&self.text)?;
        let text = match node.member("audit") {
            Some(audit) => insert_default(&self.text, audit, "fields", FIELDS),
            None => insert(&self.text, 0, &format!(r#""audit": {{{FIELDS}}}, "#)),
        };
        Self::reload(text)
    }

    /// Binds the route of the paths that the filter does not inspect, before all other bindings.
    ///
    /// # Errors
    /// If the document cannot have such a binding.
    pub(super) fn with_bypass(self, paths: &[BypassPath]) -> Result<Self, String> {
        let binding = format!(r#"{{"route": "{}", "bypass": true}}"#, bypass::ROUTE);
        let node = parse(&self.text)?;
        let text = match (node.member("policy"), node.member("bindings")) {
            _ if paths.is_empty() => return Ok(self),
            (Some(policy), _) => bind_policy(&self.text, policy, &binding)?,
            (None, Some(bindings)) => match &bindings.value {
                Value::Array(items) if items.is_empty() => insert(&self.text, bindings.at, &binding),
                _ => insert(&self.text, bindings.at, &format!("{binding}, ")),
            },
            (None, None) => insert(&self.text, 0, &format!(r#""bindings": [{binding}], "#)),
        };
        Self::reload(text)
    }

    fn reload(text: String) -> Result<Self, String> {
        let config = load(&text, "the filter refuses what `render` made of this")?;
        Ok(Self { text, config })
    }

    /// Adds `member`, which ends with a comma, at the top, unless the document has `key`.
    pub(super) fn with_default(mut self, key: &str, member: &str) -> Self {
        if parse(&self.text).is_ok_and(|node| node.member(key).is_none()) {
            self.text = insert(&self.text, 0, member);
        }
        self
    }

    /// Adds the console's address for agents, unless the document names one or no rule requires approval.
    pub(super) fn with_approval_url(self, console_port: u16) -> Self {
        if !self.config.asks_for_approval() {
            return self;
        }
        self.with_default("approvals", &format!(r#""approvals": {{"url": "http://localhost:{console_port}/"}}, "#))
    }

    /// The configuration with a rate limit service, whether or not the document names one.
    ///
    /// # Errors
    /// What such a service cannot count.
    pub(super) fn for_rate_limit_service(&self) -> Result<Config, String> {
        const SERVICE: &str = r#""service": {"cluster": "limits"}"#;
        let text = match parse(&self.text).ok().as_ref().and_then(|node| node.member("limits")) {
            None => insert(&self.text, 0, &format!(r#""limits": {{{SERVICE}}}, "#)),
            Some(limits) => insert_default(&self.text, limits, "service", SERVICE),
        };
        load(&text, "a rate-limit service cannot count this")
    }
}

/// # Errors
/// `what` is wrong, and every problem of `text`.
fn load(text: &str, what: &str) -> Result<Config, String> {
    Config::load(text.as_bytes()).map_err(|errors| list_problems(what, &errors))
}

/// `what` is wrong, and a line for each problem.
pub(super) fn list_problems(what: &str, errors: &ConfigErrors) -> String {
    let problems: String = errors.problems.iter().map(|problem| format!("\n  {problem}")).collect();
    format!("{what}:{problems}")
}

/// The configuration that holds headers until the decision, made of a policy or a configuration.
///
/// # Errors
/// If `document` is not a JSON object, or neither a policy nor a configuration with policies.
pub(super) fn with_held_headers(document: &str) -> Result<String, String> {
    let text = document.trim_matches(WHITE_SPACE);
    let node = parse(text)?;
    let has = |key| node.member(key).is_some();
    if has("version") {
        return Ok(format!(r#"{{"policy": {text}, "protocol": {{{HOLD}}}}}"#));
    }
    if has("console") {
        return Err("`/console`: `render` needs a gateway's policy, and this configures a console".to_owned());
    }
    if !has("policy") && !has("policies") {
        return Err("neither a policy (no `version`) nor a configuration (no `policy`, no `policies`)".to_owned());
    }
    match node.member("protocol") {
        None => Ok(insert(text, 0, &format!(r#""protocol": {{{HOLD}}},"#))),
        Some(protocol) if matches!(protocol.value, Value::Object(_)) => {
            Ok(insert_default(text, protocol, "headers", HOLD))
        }
        Some(_) => Err(format!("`/protocol`: must be an object, such as `{{{HOLD}}}`")),
    }
}

fn parse(text: &str) -> Result<Node<'_>, String> {
    let node = json::parse(text.as_bytes(), Config::MAX_DEPTH).map_err(|fault| format!("not JSON: {fault}"))?;
    if !matches!(node.value, Value::Object(_)) {
        return Err("must be a JSON object: a policy or a configuration".to_owned());
    }
    Ok(node)
}

/// `text` with `member` as the first member of `object`, which is a part of it, unless the object has `key`.
fn insert_default(text: &str, object: &Node<'_>, key: &str, member: &str) -> String {
    match &object.value {
        Value::Object(members) if members.is_empty() => insert(text, object.at, member),
        Value::Object(_) if object.member(key).is_none() => insert(text, object.at, &format!("{member}, ")),
        _ => text.to_owned(),
    }
}

/// `text` with `member` after the brace at the offset `brace`.
fn insert(text: &str, brace: usize, member: &str) -> String {
    match text.split_at_checked(brace.saturating_add(1)) {
        Some((before, after)) => format!("{before}{member}{after}"),
        None => text.to_owned(),
    }
}

/// `text` with its one policy as one of several, to which `binding` and then one for all else lead.
///
/// # Errors
/// If the key of the policy is not written plainly.
fn bind_policy(text: &str, policy: &Node<'_>, binding: &str) -> Result<String, String> {
    const KEY: &str = r#""policy""#;
    let plainly =
        || format!("write {KEY} without escapes and before its value, so that `--bypass` can name the policy");
    let (before, from) = text.split_at_checked(policy.at).ok_or_else(plainly)?;
    let value = Reader::new(from.as_bytes(), Config::MAX_DEPTH).and_then(|mut reader| reader.skip().map(<[u8]>::len));
    let (value, after) = value.ok().and_then(|length| from.split_at_checked(length)).ok_or_else(plainly)?;
    let (front, colon) = before.rsplit_once(KEY).ok_or_else(plainly)?;
    if colon.trim_matches(WHITE_SPACE) != ":" {
        return Err(plainly());
    }
    Ok(format!(r#"{front}"policies": {{"default": {value}}}, "bindings": [{binding}, {{"policy": "default"}}]{after}"#))
}
