//! `policies` and `bindings`: which policy judges a request. Product contract, section 1.4.

mod host_path;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::matcher::Matcher;
use crate::{
    identity::Grant,
    json::cursor::{Cursor, Keys},
    policy::{self, Policy},
};

/// A policy and its name.
#[derive(Clone, Debug)]
pub struct NamedPolicy {
    /// The name, by which counters, answers and records tell policies apart.
    pub name: Arc<str>,
    /// The policy.
    pub policy: Policy,
}

/// Where a request comes from, and where it goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct BindingInput<'s> {
    /// The name of Envoy's route.
    pub route: Option<&'s str>,
    /// `:authority`.
    pub host: Option<&'s str>,
    /// `:path`, with its query.
    pub path: Option<&'s str>,
    /// Who calls, where that is known.
    pub grant: Option<&'s Grant>,
}

/// What requests of a kind are bound to.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    route: Option<Matcher>,
    host: Option<Matcher>,
    path: Option<Matcher>,
    path_prefix: Option<Matcher>,
    grant: Option<Matcher>,
    /// The policy, by its index; `None` lets requests pass without a look.
    pub(super) policy: Option<usize>,
}

/// What judges a request.
#[derive(Clone, Copy, Debug)]
pub enum PolicyMatch<'c> {
    /// A policy.
    Policy(&'c NamedPolicy),
    /// Nothing: it passes as it is.
    Bypass,
    /// Nothing is bound, so everything is denied.
    Unmatched,
}

/// The keys of a binding.
pub const BINDING: Keys = Keys { known: &["route", "host", "path", "path_prefix", "grant", "policy", "bypass"] };
/// Policies of one configuration; product contract, section 1.
const MAX_POLICIES: usize = 256;
/// Bytes of a policy's name.
const MAX_NAME: usize = 128;

impl Binding {
    /// A binding of everything to one policy.
    pub(super) fn of_all(policy: usize) -> Self {
        Self { policy: Some(policy), ..Self::default() }
    }

    /// Whether it is one of everything to a policy.
    pub(super) fn is_of_all(&self) -> bool {
        let Self { route, host, path, path_prefix, grant, policy } = self;
        let matchers = [route, host, path, path_prefix, grant];
        policy.is_some() && matchers.into_iter().all(Option::is_none)
    }

    /// Whether it is about a request.
    pub(super) fn matches(&self, scene: &BindingInput<'_>) -> bool {
        let holds = |matcher: &Option<Matcher>, text: Option<&str>, fits: fn(&Matcher, &str) -> bool| {
            matcher.as_ref().is_none_or(|matcher| text.is_some_and(|text| fits(matcher, text)))
        };
        let grant = |matcher: &Matcher| {
            scene.grant.is_some_and(|grant| matcher.matches(grant.id()) || matcher.matches(grant.display()))
        };
        holds(&self.route, scene.route, Matcher::matches)
            && holds(&self.host, scene.host, host_path::is_host)
            && holds(&self.path, scene.path, host_path::is_path)
            && holds(&self.path_prefix, scene.path, host_path::has_prefix)
            && self.grant.as_ref().is_none_or(grant)
    }

    /// Whether it has to be told the route.
    pub(super) fn reads_route(&self) -> bool {
        self.route.is_some()
    }

    /// The policy it binds to, by its index; `None` where requests pass without a look.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn policy(&self) -> Option<usize> {
        self.policy
    }

    /// Whether everything it looks at is chosen by the client.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn is_chosen_by_clients(&self) -> bool {
        let by_place = self.host.is_some() || self.path.is_some() || self.path_prefix.is_some();
        by_place && self.route.is_none() && self.grant.is_none()
    }
}

/// Reads `policies`.
pub(super) fn policies(at: &Cursor<'_, '_>) -> Option<Vec<NamedPolicy>> {
    let entries = at.entries()?;
    if entries.is_empty() || entries.len() > MAX_POLICIES {
        at.report(format!("found {} policies; 1 to {MAX_POLICIES} can stand here", entries.len()));
    }
    let read = entries.iter().map(|(name, at)| {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            at.report(format!("a policy's name has 1 to {MAX_NAME} bytes and no control characters"));
        }
        policy::compile(at).map(|policy| NamedPolicy { name: (*name).into(), policy })
    });
    // All of them are read, so that all mistakes are found.
    let read: Vec<Option<NamedPolicy>> = read.collect();
    read.into_iter().collect()
}

/// Reads `bindings`; `names` are those of the policies, in order.
pub(super) fn bindings(at: &Cursor<'_, '_>, names: &[&str]) -> Option<Vec<Binding>> {
    let read: Vec<Option<Binding>> = at.items()?.iter().map(|item| binding(item, names)).collect();
    read.into_iter().collect()
}

fn binding(at: &Cursor<'_, '_>, names: &[&str]) -> Option<Binding> {
    let fields = at.fields(BINDING)?;
    let matcher = |key: &str| match fields.get(key).map(|at| (at.text(), at)) {
        None => Some(None),
        Some((Some(""), at)) => at.report_expected("a text, exact or with `*`"),
        Some((text, _)) => text.map(|text| Some(Matcher::new(text))),
    };
    let read = ["route", "host", "path", "path_prefix", "grant"].map(matcher);
    let policy = match (fields.get("policy"), fields.get("bypass")) {
        (Some(policy), None) => Some(policy.index_of(names)?),
        (None, Some(bypass)) => {
            if bypass.flag()? {
                check_bypass(at);
                None
            } else {
                return bypass.report_expected("`true`; name a `policy` otherwise");
            }
        }
        _ => {
            at.report("a binding has exactly one of `policy` and `bypass`");
            return None;
        }
    };
    let [route, host, path, path_prefix, grant] = read;
    for (key, matcher) in [("path", &path), ("path_prefix", &path_prefix)] {
        if let (Some(at), Some(Some(matcher))) = (fields.get(key), matcher)
            && !matcher.text().starts_with(['/', '*'])
        {
            at.report("a path begins with `/`");
        }
    }
    Some(Binding { route: route?, host: host?, path: path?, path_prefix: path_prefix?, grant: grant?, policy })
}

/// What is not inspected is found by Envoy's own word alone: clients choose everything else.
fn check_bypass(at: &Cursor<'_, '_>) {
    if at.has(&["host", "path", "path_prefix", "grant"]) || !at.has(&["route"]) {
        at.report("`bypass` takes `route` and nothing else, since clients choose everything else; name Envoy's route");
    }
}
