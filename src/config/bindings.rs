//! `policies` and `bindings`: which policy applies to a request. Product contract, section 1.4.

#[cfg(not(target_os = "wasi"))]
mod cover;
mod host_path;
#[cfg(not(target_os = "wasi"))]
pub(super) mod mismatch;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::host_path::{HostPath, PathMatcher};
use super::matcher::Matcher;
use crate::{
    http::Header,
    identity::Grant,
    json::cursor::{Cursor, Keys},
    policy::{self, Policy},
};

/// A policy and its name.
#[derive(Clone, Debug)]
pub struct NamedPolicy {
    /// The name, which counters, denials and audit records contain.
    pub name: Arc<str>,
    /// The policy.
    pub policy: Policy,
}

/// The attributes of a request that bindings match.
#[derive(Clone, Copy, Debug, Default)]
pub struct BindingInput<'s> {
    /// The name of Envoy's route.
    pub route: Option<&'s str>,
    /// `:authority`.
    pub host: Header<'s>,
    /// `:path`, with its query.
    pub path: Header<'s>,
    /// The caller's identity, if it has one.
    pub grant: Option<&'s Grant>,
}

/// Selects the requests to which a policy applies: those that match all of its matchers.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    route: Option<Matcher>,
    host: Option<Matcher>,
    path: Option<PathMatcher>,
    path_prefix: Option<PathMatcher>,
    grant: Option<Matcher>,
    /// The index of the policy; `None` for `bypass`.
    pub(super) policy: Option<usize>,
}

/// Whether a binding matches a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BindingMatch {
    Yes,
    No,
    /// Some servers read the request in a way that the binding matches, so no later binding may apply.
    Ambiguous,
}

/// The policy that applies to a request.
#[derive(Clone, Debug)]
pub enum PolicyMatch {
    /// A policy.
    Policy {
        /// The index of the binding that selects it.
        binding: usize,
        /// The policy.
        policy: Arc<NamedPolicy>,
    },
    /// None: the request passes uninspected.
    Bypass {
        /// The index of the binding that says so.
        binding: usize,
    },
    /// No binding matches, so everything is denied.
    Unmatched,
}

/// The keys of a binding.
pub const BINDING_KEYS: Keys = Keys { known: &["route", "host", "path", "path_prefix", "grant", "policy", "bypass"] };
/// Policies of one configuration; product contract, section 1.
const MAX_POLICIES: usize = 256;
/// Bindings of one configuration: each request is compared with all of them in the worst case.
const MAX_BINDINGS: usize = 1000;
/// Bytes of a policy's name.
const MAX_NAME: usize = 128;

impl Binding {
    /// A binding of every request to one policy.
    pub(crate) fn to_all(policy: usize) -> Self {
        Self { policy: Some(policy), ..Self::default() }
    }

    /// Whether it binds every request to a policy.
    pub(super) fn matches_all(&self) -> bool {
        let Self { route, host, path, path_prefix, grant, policy } = self;
        let names = [route, host, grant].into_iter().all(Option::is_none);
        policy.is_some() && names && path.is_none() && path_prefix.is_none()
    }

    fn fits(&self, input: &BindingInput<'_>, place: &HostPath<'_>) -> BindingMatch {
        if !self.fits_route(input) || !self.fits_grant(input) {
            return BindingMatch::No;
        }
        let host = self.host.as_ref().map(|host| place.fits_host(host));
        let paths = [&self.path, &self.path_prefix].map(|path| path.as_ref().map(|path| place.fits_path(path)));
        host.into_iter().chain(paths.into_iter().flatten()).fold(BindingMatch::Yes, BindingMatch::and)
    }

    fn fits_route(&self, input: &BindingInput<'_>) -> bool {
        let fits = |matcher: &Matcher| input.route.is_some_and(|route| matcher.matches(route));
        self.route.as_ref().is_none_or(fits)
    }

    fn fits_grant(&self, input: &BindingInput<'_>) -> bool {
        let fits = |matcher: &Matcher| input.grant.is_some_and(|grant| grant.names().any(|name| matcher.matches(name)));
        self.grant.as_ref().is_none_or(fits)
    }

    /// Whether it reads the name of Envoy's route.
    pub(super) fn reads_route(&self) -> bool {
        self.route.is_some()
    }

    /// Whether it reads the caller's identity.
    pub(super) fn reads_grant(&self) -> bool {
        self.grant.is_some()
    }

    /// Whether it reads the host.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn reads_host(&self) -> bool {
        self.host.is_some()
    }

    /// Whether it reads the path.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn reads_path(&self) -> bool {
        self.path.is_some() || self.path_prefix.is_some()
    }

    /// The index of its policy; `None` for `bypass`.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn policy(&self) -> Option<usize> {
        self.policy
    }

    /// Whether the client chooses all attributes that it matches.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn is_chosen_by_clients(&self) -> bool {
        let by_place = self.host.is_some() || self.path.is_some() || self.path_prefix.is_some();
        by_place && self.route.is_none() && self.grant.is_none()
    }
}

impl BindingMatch {
    fn from_match(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Ambiguous, _) | (_, Self::Ambiguous) => Self::Ambiguous,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

/// The index of the first binding that matches a request. `None` also if an earlier binding is ambiguous: otherwise a
/// request that servers read in more than one way could choose a later, less strict policy.
pub(super) fn first_match(bindings: &[Binding], input: &BindingInput<'_>) -> Option<usize> {
    let place = HostPath::new(input.host, input.path);
    let mut fits = bindings.iter().map(|binding| binding.fits(input, &place)).enumerate();
    fits.find(|(_, fit)| *fit != BindingMatch::No).and_then(|(index, fit)| (fit == BindingMatch::Yes).then_some(index))
}

/// Reads `policies`.
pub(super) fn read_policies(at: &Cursor<'_, '_>) -> Option<Vec<Arc<NamedPolicy>>> {
    let entries = at.entries()?;
    if entries.is_empty() || entries.len() > MAX_POLICIES {
        at.report(format!("found {} policies; 1 to {MAX_POLICIES} are allowed", entries.len()));
        return None;
    }
    let read = entries.iter().map(|(name, at)| {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            at.report(format!("a policy's name has 1 to {MAX_NAME} bytes and no control characters"));
        }
        policy::compile(at).map(|policy| Arc::new(NamedPolicy { name: (*name).into(), policy }))
    });
    // All policies are read before any mistake ends this, so that all mistakes are reported.
    let read: Vec<Option<Arc<NamedPolicy>>> = read.collect();
    read.into_iter().collect()
}

/// Reads `bindings`; `names` are the policies' names, in order.
pub(super) fn read_bindings(at: &Cursor<'_, '_>, names: &[&str]) -> Option<Vec<Binding>> {
    let items = at.items()?;
    if items.len() > MAX_BINDINGS {
        at.report(format!("found {} bindings; at most {MAX_BINDINGS} are allowed", items.len()));
        return None;
    }
    let read: Vec<Option<Binding>> = items.iter().map(|item| binding(item, names)).collect();
    read.into_iter().collect()
}

const PLAIN_PATH: &str = "a path that begins with `/`, in ASCII, without a query, `//`, `\\`, `;`, dot segments and needless \
    escapes, since a request with another one matches no binding";

const PLAIN_HOST: &str = "a host, exact or with `*`, with a port or without, such as `*.example.com`; in ASCII, without a scheme, \
    a path and a final dot, since no request matches another one";

fn binding(at: &Cursor<'_, '_>, policies: &[&str]) -> Option<Binding> {
    let fields = at.fields(BINDING_KEYS)?;
    let route = fields.read("route", |at| name_or_pattern(at).map(Matcher::new));
    let host = fields
        .read("host", |at| host_path::host_matcher(name_or_pattern(at)?).or_else(|| at.report_expected(PLAIN_HOST)));
    let grant = fields.read("grant", |at| name_or_pattern(at).map(Matcher::new));
    let path = |key: &str, read: fn(&str) -> Option<PathMatcher>| {
        fields.read(key, |at| read(name_or_pattern(at)?).or_else(|| at.report_expected(PLAIN_PATH)))
    };
    let (path, path_prefix) = (path("path", PathMatcher::exact), path("path_prefix", PathMatcher::prefix));
    let policy = match (fields.get("policy"), fields.get("bypass")) {
        (Some(policy), None) => Some(policy.index_of(policies)?),
        (None, Some(bypass)) => {
            if bypass.boolean()? {
                check_bypass(at);
                None
            } else {
                return bypass.report_expected("`true`; to apply a policy, name it in `policy`");
            }
        }
        _ => {
            at.report("a binding has exactly one of `policy` and `bypass`");
            return None;
        }
    };
    Some(Binding { route, host, path, path_prefix, grant, policy })
}

fn name_or_pattern<'w>(at: &Cursor<'w, '_>) -> Option<&'w str> {
    match at.text_or_empty() {
        "" => at.report_expected("a text, exact or with `*`"),
        text => Some(text),
    }
}

/// Checks that a bypass matches Envoy's route only: clients choose all other attributes.
fn check_bypass(at: &Cursor<'_, '_>) {
    if at.has_any_key(&["host", "path", "path_prefix", "grant"]) || !at.has_any_key(&["route"]) {
        at.report("`bypass` works with `route` only, since clients choose all other keys; name Envoy's route");
    }
}
