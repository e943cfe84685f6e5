//! Loads a configuration: from bytes to the document, and from the document to a value or to all mistakes in it.

use std::sync::Arc;

use base16ct::lower;

use super::{
    Approvals, Audit, Binding, CONSOLE_FORM_KEYS, Clock, Config, ConfigErrors, Console, DenialFormat, Limits, Lists,
    LoadedConfig, NamedPolicy, OPTIONS_KEYS, Protocol, Tasks, bindings, limits,
};
use crate::{
    digest::Digest,
    identity::{self, Peer, Source},
    json::{
        self, Node, Value,
        cursor::{Cursor, Fields},
        diagnostic::{Problem, Problems},
    },
    policy::{self, Mode},
    protobuf,
};

/// The largest configuration, in bytes.
const MAX_BYTES: usize = 4 << 20;

impl LoadedConfig {
    /// Loads a configuration from JSON, or from the protobuf form of a `google.protobuf.Struct`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn load(bytes: &[u8]) -> Result<Self, ConfigErrors> {
        if bytes.len() > MAX_BYTES {
            return Err(ConfigErrors::top_level(format!("the configuration is larger than {MAX_BYTES} bytes")));
        }
        let mut node = document(bytes)?;
        remove_schemas(&mut node);
        let problems = Problems::default();
        let at = Cursor::top(&node, &problems);
        let read = if at.has_any_key(CONSOLE_FORM_KEYS.known) && !at.has_any_key(OPTIONS_KEYS.known) {
            Console::read(&at).map(Self::Console)
        } else {
            let digest = || lower::encode_string(&Digest::of(bytes).first_bytes::<8>()).into();
            Config::read(&at).map(|config| Self::Gateway(Box::new(Config { digest: digest(), ..config })))
        };
        match (read, problems.take()) {
            (Some(loaded), problems) if problems.is_empty() => Ok(loaded),
            (_, problems) => Err(ConfigErrors { problems }),
        }
    }
}

/// Takes `$schema` out of a configuration and of the policies in it: it is for editors, which read `mcp-policy schema`.
fn remove_schemas(node: &mut Node<'_>) {
    node.remove_schema();
    let Value::Object(members) = &mut node.value else { return };
    for member in members {
        if member.name == "policy" {
            member.node.remove_schema();
        } else if let ("policies", Value::Object(policies)) = (&*member.name, &mut member.node.value) {
            policies.iter_mut().for_each(|policy| policy.node.remove_schema());
        }
    }
}

/// Parses the bytes: JSON, or else a `Struct`.
fn document(bytes: &[u8]) -> Result<Node<'_>, ConfigErrors> {
    let fault = match json::parse(bytes, Config::MAX_DEPTH) {
        Ok(node) => return Ok(node),
        Err(fault) => fault,
    };
    if bytes.is_empty() {
        return Err(ConfigErrors::top_level("the configuration is empty; paste a policy"));
    }
    protobuf::structure::read(bytes, Config::MAX_DEPTH).ok_or_else(|| ConfigErrors {
        problems: vec![Problem { pointer: String::new(), at: fault.at, message: format!("not JSON: {fault}") }],
    })
}

impl Config {
    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        // A policy without a version is reported as a policy, which gives better messages. A key of a policy beside `policy` is out of
        // place, and does not make the whole a policy.
        let is_policy = !at.has_any_key(&["policy", "policies"]) && at.has_any_key(&["version", "default", "tools"]);
        if at.has_any_key(OPTIONS_KEYS.known) && !is_policy {
            return Self::read_with_options(at);
        }
        // `mode` is a key of both.
        let is_option = |key: &&str| *key != "mode" && at.has_any_key(&[*key]);
        if OPTIONS_KEYS.known.iter().any(is_option) {
            at.report("options go beside the policy, not in it: `{\"policy\": {…}, \"identity\": […]}`");
        }
        let (policies, bindings) = read_single_policy(at)?;
        Some(Self::without_options(policies, bindings))
    }

    fn without_options(policies: Vec<Arc<NamedPolicy>>, bindings: Vec<Binding>) -> Self {
        Self {
            policies,
            bindings,
            mode: Mode::Enforce,
            limits: Limits::default(),
            identity: default_identity(),
            clock: Clock::default(),
            claims: None,
            protocol: Protocol::default(),
            answers: DenialFormat::default(),
            lists: Lists::default(),
            audit: Audit::default(),
            approvals: Approvals::default(),
            tasks: Tasks::default(),
            digest: Arc::default(),
        }
    }

    /// Reads forms B and C. All options are read before one that is wrong ends it, so that all mistakes are found.
    fn read_with_options(at: &Cursor<'_, '_>) -> Option<Self> {
        if at.has_any_key(CONSOLE_FORM_KEYS.known) {
            at.report("a console needs a listener of its own; its configuration has the key `console` only");
        }
        let fields = at.fields(OPTIONS_KEYS)?;
        let identity = fields.get("identity").map_or_else(default_identity, |identity| identity::read(&identity));
        let bound = match fields.get("policies") {
            Some(policies) => read_policies(&fields, &policies),
            None => {
                if let Some(bindings) = fields.get("bindings") {
                    bindings.report("bindings select one of `policies`, but there is a single `policy`; remove them");
                }
                fields.required("policy").and_then(|policy| read_single_policy(&policy))
            }
        };
        let protocol = read_option(&fields, "protocol", Protocol::read);
        let lists = read_option(&fields, "lists", Lists::read);
        let answers = read_option(&fields, "answers", DenialFormat::read);
        let audit = read_option(&fields, "audit", Audit::read);
        let approvals = read_option(&fields, "approvals", Approvals::read);
        let tasks = read_option(&fields, "tasks", Tasks::read);
        let mode = policy::document::read_mode(fields.get("mode"));
        let clock = read_option(&fields, "clock", Clock::read);
        let claims = read_option(&fields, "claims", |at| identity::read_claims_payload(at, &identity).map(Some));
        let limits = read_option(&fields, "limits", Limits::read);
        let (policies, bindings) = bound?;
        if limits.as_ref().is_some_and(|limits| limits.service.is_some()) {
            limits::check_countable(at, &policies);
        }
        Some(Self {
            mode: mode?,
            limits: limits?,
            answers: answers?,
            lists: lists?,
            audit: audit?,
            approvals: approvals?,
            clock: clock?,
            claims: claims?,
            tasks: tasks?,
            identity,
            protocol: protocol?,
            ..Self::without_options(policies, bindings)
        })
    }
}

/// Reads an option, or takes its default. `None` if it has a mistake.
fn read_option<T: Default>(
    fields: &Fields<'_, '_>,
    key: &str,
    read: impl FnOnce(&Cursor<'_, '_>) -> Option<T>,
) -> Option<T> {
    fields.get(key).map_or_else(|| Some(T::default()), |at| read(&at))
}

/// Reads one policy, to which every request is bound.
fn read_single_policy(at: &Cursor<'_, '_>) -> Option<(Vec<Arc<NamedPolicy>>, Vec<Binding>)> {
    let policy = policy::compile(at)?;
    Some((vec![Arc::new(NamedPolicy { name: "default".into(), policy })], vec![Binding::to_all(0)]))
}

/// The sources of a configuration that names none.
fn default_identity() -> Vec<Source> {
    vec![Source::peer(Peer::UriSan), Source::Address { forwarded: false }]
}

/// Reads several policies and their bindings.
fn read_policies(fields: &Fields<'_, '_>, policies: &Cursor<'_, '_>) -> Option<(Vec<Arc<NamedPolicy>>, Vec<Binding>)> {
    if let Some(policy) = fields.get("policy") {
        policy.report("both `policy` and `policies` are given; move this policy into `policies`");
    }
    let names: Vec<&str> = policies.names().into_iter().collect();
    let bindings = fields.get("bindings").map_or(Some(Vec::new()), |at| bindings::read_bindings(&at, &names));
    Some((bindings::read_policies(policies)?, bindings?))
}
