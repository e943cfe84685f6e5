//! The filter's configuration: parses the bytes from Envoy into a value that can be enforced, or into the list of its
//! mistakes. The policy language has a module of its own, [`crate::policy`]. Product contract, section 1.
//!
//! * A: a bare policy document; pasting a `policy.json` is a complete configuration
//! * B: `{ "policy": …, options }`
//! * C: `{ "policies": {…}, "bindings": […], options }`
//! * D: `{ "console": {…} }`: no gateway, but the listener on which people approve calls
//!
//! A is B without options, and B is C with one policy, `default`, to which every request is bound.
//!
//! The result depends only on the bytes: all threads of an Envoy must come to the same one.

mod answers;
mod approvals;
mod audit;
mod bindings;
mod clock;
mod console;
mod errors;
mod limits;
mod lists;
mod matcher;
mod origins;
mod protocol;
mod revisions;
mod service;
mod tasks;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base16ct::lower;
use sha2::{Digest as _, Sha256};

use crate::{
    identity::{self, Peer, Source},
    json::{
        self, Node, Value,
        cursor::{Cursor, Fields, Keys},
        diagnostic::{Problem, Problems},
    },
    policy::{self, Mode, Policy},
    protobuf,
};

pub use self::{
    answers::{ANSWERS_KEYS, DenialFormat},
    approvals::{
        APPROVAL_SERVICE_KEYS, APPROVAL_STORE_KEYS, APPROVALS_KEYS, Approvals, ETCD_KEYS, EtcdStore, NOTIFY_KEYS,
        NoticeFormat, Notify, SecretPath, Service,
    },
    audit::{AUDIT_KEYS, Arguments, Audit, LogFilter},
    bindings::{BINDING_KEYS, Binding, BindingInput, NamedPolicy, PolicyMatch},
    clock::{CLOCK_KEYS, Clock},
    console::{APPROVER_KEYS, CONSOLE_FORM_KEYS, CONSOLE_KEYS, Console},
    errors::ConfigErrors,
    limits::{LIMIT_SERVICE_KEYS, LIMITS_KEYS, LimitService, Limits, OnFailure, Refund},
    lists::{LISTS_KEYS, Lists, Show},
    origins::Origins,
    protocol::{DEFAULT_MAX_HELD_BYTES, HeaderMode, PROTOCOL_KEYS, Protocol},
    revisions::{REVISIONS, Revisions},
    tasks::{TASKS_KEYS, Tasks},
};

/// A configuration of either kind.
#[derive(Clone, Debug)]
pub enum LoadedConfig {
    /// A gateway.
    Gateway(Box<Config>),
    /// The page on which people approve calls.
    Console(Console),
}

/// The configuration of a gateway.
#[derive(Clone, Debug)]
pub struct Config {
    /// The policies; a binding selects one of them for each request.
    pub policies: Vec<Arc<NamedPolicy>>,
    /// Which one, in order.
    pub bindings: Vec<Binding>,
    /// Whether decisions are enforced or only recorded.
    pub mode: Mode,
    /// How counters are kept.
    pub limits: Limits,
    /// Who calls, in order.
    pub identity: Vec<Source>,
    /// The clock by which conditions read the time.
    pub clock: Clock,
    /// The payload in Envoy's metadata whose claims rules read of a caller whom no token names.
    pub claims: Option<Box<str>>,
    /// How requests are read.
    pub protocol: Protocol,
    /// The form of denials.
    pub answers: DenialFormat,
    /// What lists show.
    pub lists: Lists,
    /// What is written down of requests.
    pub audit: Audit,
    /// Where people decide on calls that need approval.
    pub approvals: Approvals,
    /// Who may ask for the tasks of a server.
    pub tasks: Tasks,
    /// The first 16 hexadecimal digits of the SHA-256 of the bytes this was loaded from.
    pub digest: Arc<str>,
}

/// The largest configuration, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// The keys of form B: a policy and options.
pub const OPTIONS_KEYS: Keys = Keys {
    known: &[
        "policy",
        "policies",
        "bindings",
        "identity",
        "mode",
        "protocol",
        "answers",
        "limits",
        "lists",
        "audit",
        "approvals",
        "clock",
        "claims",
        "tasks",
    ],
};

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
            let digest =
                || lower::encode_string(Sha256::digest(bytes).first_chunk::<8>().map_or(&[], |front| front)).into();
            Config::read(&at).map(|config| Self::Gateway(Box::new(Config { digest: digest(), ..config })))
        };
        match (read, problems.take()) {
            (Some(loaded), problems) if problems.is_empty() => Ok(loaded),
            (_, problems) => Err(ConfigErrors { problems }),
        }
    }
}

impl Config {
    /// How deep a configuration may nest.
    pub const MAX_DEPTH: u32 = 64;

    /// Loads the configuration of a gateway, as [`LoadedConfig::load`] does.
    ///
    /// ```
    /// # use mcp_policy::config::Config;
    /// let policy = br#"{"version": "1", "default": "deny", "tools": {"get_*": {}}}"#;
    /// let config = Config::load(policy).map_err(|errors| errors.to_string())?;
    /// assert_eq!(config.policies.len(), 1);
    /// let errors = Config::load(br#"{"version": "1", "default": "deny", "tool": {}}"#).unwrap_err().to_string();
    /// assert!(errors.contains("did you mean `tools`"), "{errors}");
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// Every mistake in it, or that it is the configuration of a console.
    pub fn load(bytes: &[u8]) -> Result<Self, ConfigErrors> {
        match LoadedConfig::load(bytes)? {
            LoadedConfig::Gateway(config) => Ok(*config),
            LoadedConfig::Console(_) => Err(ConfigErrors::top_level(
                "this is the configuration of a console, which has no policy; name a gateway's",
            )),
        }
    }

    /// The policy that the first matching binding selects.
    #[must_use]
    pub fn match_policy(&self, input: &BindingInput<'_>) -> PolicyMatch {
        let Some(index) = self.binding(input) else { return PolicyMatch::Unmatched };
        match self.bindings.get(index).map(|binding| binding.policy.map(|policy| self.policies.get(policy))) {
            Some(Some(Some(policy))) => PolicyMatch::Policy { binding: index, policy: Arc::clone(policy) },
            Some(None) => PolicyMatch::Bypass { binding: index },
            Some(Some(None)) | None => PolicyMatch::Unmatched,
        }
    }

    /// The binding that decides on a request, by its index: the first that matches. `None` if none does, or if servers
    /// may read the request's host or path in more than one way.
    fn binding(&self, input: &BindingInput<'_>) -> Option<usize> {
        bindings::first_match(&self.bindings, input)
    }

    /// The one policy that applies to every request, as in forms A and B.
    #[must_use]
    pub fn only_policy(&self) -> Option<&Arc<NamedPolicy>> {
        match (&*self.policies, &*self.bindings) {
            ([named], [binding]) if binding.matches_all() => Some(named),
            _ => None,
        }
    }

    /// Whether what a policy decides is enforced: not if the configuration or the policy is in shadow.
    #[must_use]
    pub fn mode_of(&self, policy: &Policy) -> Mode {
        if self.mode == Mode::Shadow { Mode::Shadow } else { policy.mode() }
    }

    /// The policy with this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies.iter().find(|named| *named.name == *name).map(|named| &named.policy)
    }

    /// Whether a rule of some policy can ask for approval, which holds for one route and one cluster of Envoy's.
    #[must_use]
    pub fn asks_for_approval(&self) -> bool {
        self.policies.iter().any(|named| named.policy.asks_for_approval())
    }

    /// Whether some policy pins definitions of tools, each for one route of Envoy's.
    #[must_use]
    pub fn pins_definitions(&self) -> bool {
        self.policies.iter().any(|named| named.policy.definitions().is_some())
    }

    /// Whether a rule of some policy reads claims.
    #[must_use]
    pub fn reads_claims(&self) -> bool {
        self.policies.iter().any(|named| !named.policy.claims().is_empty())
    }

    /// Whether all callers of one URL are shown the same lists: no binding selects their policy by who they are, or by a route, which
    /// Envoy may choose by anything in a request.
    #[must_use]
    pub fn shows_all_alike(&self) -> bool {
        !self.bindings.iter().any(|binding| binding.reads_route() || binding.reads_grant())
    }

    /// Whether a binding reads the name of Envoy's route.
    #[must_use]
    pub fn reads_route(&self) -> bool {
        self.bindings.iter().any(Binding::reads_route)
    }

    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let whole = |policies, bindings| Self {
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
        };
        // A policy without a version is reported as a policy, which gives better messages.
        // A key of a policy beside `policy` is out of place, and does not make the whole a policy.
        let names_policy = at.has_any_key(&["policy", "policies"]);
        if !at.has_any_key(OPTIONS_KEYS.known) || !names_policy && at.has_any_key(&["version", "default", "tools"]) {
            // `mode` is a key of both.
            let is_option = |key: &&str| *key != "mode" && at.has_any_key(&[*key]);
            if OPTIONS_KEYS.known.iter().any(is_option) {
                at.report("options go beside the policy, not in it: `{\"policy\": {…}, \"identity\": […]}`");
            }
            let (policies, bindings) = read_single_policy(at)?;
            return Some(whole(policies, bindings));
        }
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
        let protocol = fields.get("protocol").map(|protocol| Protocol::read(&protocol));
        let lists = fields.get("lists").map_or(Some(Lists::default()), |lists| Lists::read(&lists));
        let answers =
            fields.get("answers").map_or(Some(DenialFormat::default()), |answers| DenialFormat::read(&answers));
        let audit = fields.get("audit").map_or(Some(Audit::default()), |audit| Audit::read(&audit));
        let approvals = fields.get("approvals").map_or(Some(Approvals::default()), |at| Approvals::read(&at));
        let tasks = fields.get("tasks").map_or(Some(Tasks::default()), |tasks| Tasks::read(&tasks));
        let mode = policy::document::read_mode(fields.get("mode"));
        let clock = fields.get("clock").map_or(Some(Clock::default()), |clock| Clock::read(&clock));
        let claims = fields.get("claims").map(|claims| identity::read_claims_payload(&claims, &identity));
        let limits = fields.get("limits").map_or(Some(Limits::default()), |limits| Limits::read(&limits));
        let (policies, bindings) = bound?;
        if limits.as_ref().is_some_and(|limits| limits.service.is_some()) {
            limits::check_countable(at, &policies);
        }
        let config = whole(policies, bindings);
        Some(Self {
            mode: mode?,
            limits: limits?,
            answers: answers?,
            lists: lists?,
            audit: audit?,
            approvals: approvals?,
            clock: clock?,
            claims: claims.map_or(Some(None), |claims| claims.map(Some))?,
            tasks: tasks?,
            identity,
            protocol: protocol.flatten().unwrap_or_default(),
            ..config
        })
    }
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
