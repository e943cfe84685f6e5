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
mod load;
mod matcher;
mod origins;
mod protocol;
mod revisions;
mod service;
mod tasks;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    identity::Source,
    json::cursor::Keys,
    policy::{Mode, Policy},
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

    /// Why each binding does not match a request, with its index. A binding whose host or path servers may read in more than one way is
    /// the last one.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn binding_mismatches(&self, input: &BindingInput<'_>) -> Vec<(usize, String)> {
        bindings::mismatch::mismatches(&self.bindings, input)
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
}
