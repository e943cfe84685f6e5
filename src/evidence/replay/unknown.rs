//! The call of a record, as far as the record has it, and what a policy would have to know besides.

use std::fmt;

use crate::{
    cases,
    evidence::record::Record,
    json::pointer,
    policy::{
        Effect, Lookup, OnDrift, Policy, Rule, Scope,
        condition::{Condition, Operand},
        uri,
    },
    text::front,
};

/// What a record lacks, so that it does not say what another policy would decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The values of the arguments: `audit.arguments` is not `values`, or they were too long.
    Arguments,
    /// The claims of the caller's token.
    Claims,
    /// The MCP session.
    Session,
    /// Envoy's route.
    Route,
    /// The host of the request.
    Host,
    /// The path of the request.
    Path,
    /// The whole name of the target.
    Name,
    /// The messages of a batch, or the URIs of a subscription.
    Messages,
    /// What the server listed before.
    Listing,
    /// The task.
    Task,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arguments => "the values of the arguments (`audit.arguments` is not `values`)",
            Self::Claims => "the claims of the caller's token",
            Self::Session => "the MCP session",
            Self::Route => "the name of Envoy's route",
            Self::Host => "the host of the request",
            Self::Path => "the path of the request",
            Self::Name => "the whole name of what was called",
            Self::Messages => "the messages of a batch, or the URIs of a subscription",
            Self::Listing => "the definitions that the server listed before",
            Self::Task => "the id of the task",
        })
    }
}

impl Missing {
    /// One word, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::Claims => "claims",
            Self::Session => "session",
            Self::Route => "route",
            Self::Host => "host",
            Self::Path => "path",
            Self::Name => "name",
            Self::Messages => "messages",
            Self::Listing => "listing",
            Self::Task => "task",
        }
    }
}

/// The body of the request that a record is of; empty if it had none. `policy` decides on it.
///
/// # Errors
/// What the record lacks of what that policy looks at.
pub(super) fn body(record: &Record, policy: Option<&Policy>) -> Result<String, Missing> {
    if record.has_long_target() {
        return Err(Missing::Name);
    }
    // Without a pin that denies, a drift does not matter.
    if may_be_of_a_drift(record) && policy.is_none_or(|policy| denies_drift(policy, &record.tool)) {
        return Err(Missing::Listing);
    }
    let params = |member: &'static str, text: &str| Ok(cases::request_body(&record.method, &[(member, text)], None));
    match &*record.method {
        "(batch)" | "subscriptions/listen" => Err(Missing::Messages),
        bodiless if bodiless.starts_with('(') => Ok(String::new()),
        "tools/call" | "prompts/get" => {
            let known = arguments(record);
            let rules = policy.map_or(Vec::new(), |policy| rules(policy, record));
            check_known(policy, &rules, known.is_some())?;
            if known.is_none() && policy.is_some_and(|policy| compares_arguments(policy, &rules, record)) {
                return Err(Missing::Arguments);
            }
            Ok(cases::request_body(&record.method, &[("name", &record.tool)], known.as_deref()))
        }
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
            if policy.is_some_and(|policy| reads_query(policy, &record.tool)) {
                return Err(Missing::Name);
            }
            let rules = policy.map_or(Vec::new(), |policy| rules(policy, record));
            check_known(policy, &rules, true)?;
            params("uri", &record.tool)
        }
        "completion/complete" => {
            // Records do not say which of the two it is. Names of prompts may have a colon, too.
            let is_prompt = |policy: &Policy| matches!(policy.prompt(&record.tool), Lookup::Rule(_));
            let has_scheme = record.tool.contains(':');
            let is_uri = has_scheme && (record.tool.contains("://") || !policy.is_some_and(is_prompt));
            let member = if is_uri { "uri" } else { "name" };
            Ok(cases::reference_body(&record.method, member, &record.tool))
        }
        method if method.starts_with("tasks/") => params("taskId", "replayed"),
        _ => Ok(cases::request_body(&record.method, &[], None)),
    }
}

/// Whether an entry is about a query of this resource. Records have no query, so they do not say whether there was one.
fn reads_query(policy: &Policy, uri: &str) -> bool {
    let front = format!("{}?", uri::normalize(uri));
    let entries = policy.resources();
    entries.names().any(|(name, _)| name.starts_with(&front))
        || entries.patterns().any(|(pattern, _)| pattern.as_str().contains('?') && pattern.overlaps_prefix(&front))
}

/// Whether a definition differed from its pin, as far as the record says. Its rule is the pin then; behind the pin there is more if an
/// argument did not fit the schema. Records cut long rules, so that the two may look alike: only the latter names an argument.
fn may_be_of_a_drift(record: &Record) -> bool {
    record.argument.is_empty() && record.rule == front(&pointer::member("/definitions", &record.tool))
}

/// Whether the policy denies calls of a tool after a list showed another definition than its pin.
fn denies_drift(policy: &Policy, tool: &str) -> bool {
    policy.definitions().is_some_and(|pins| pins.on_drift == OnDrift::Deny && pins.pin(tool).is_some())
}

/// The arguments, if the record has them; a call without any has none.
fn arguments(record: &Record) -> Option<String> {
    match (&record.argument_values, &record.arguments) {
        (Some(values), _) => Some(values.get().to_owned()),
        (None, Some(names)) if names.is_empty() => Some("{}".to_owned()),
        (None, _) => None,
    }
}

/// The rules that a call has to pass whose name does not decide by itself.
fn rules<'p>(policy: &'p Policy, record: &Record) -> Vec<&'p Rule> {
    let (found, all) = match &*record.method {
        "tools/call" => (policy.tool(&record.tool), Some(policy.all_tools())),
        "prompts/get" => (policy.prompt(&record.tool), None),
        _ => (policy.resource(&record.tool), None),
    };
    let own = match found {
        Lookup::Rule(rule) if !rule.denies_unconditionally() => Some(rule),
        Lookup::NoMatch if policy.default() == Effect::Allow => None,
        Lookup::Rule(_) | Lookup::NoMatch | Lookup::Hidden => return Vec::new(),
    };
    if all.is_some_and(Rule::denies_unconditionally) { Vec::new() } else { own.into_iter().chain(all).collect() }
}

/// Whether the arguments of a tool's call are compared with its pinned schema, if its name does not decide by itself.
fn compares_arguments(policy: &Policy, rules: &[&Rule], record: &Record) -> bool {
    let own = match policy.tool(&record.tool) {
        Lookup::Rule(rule) => Some(rule),
        Lookup::NoMatch | Lookup::Hidden => None,
    };
    record.method == "tools/call" && !rules.is_empty() && policy.compares_arguments(own)
}

/// # Errors
/// What these rules look at and a record does not have.
fn check_known(policy: Option<&Policy>, rules: &[&Rule], has_arguments: bool) -> Result<(), Missing> {
    let limits = || rules.iter().flat_map(|rule| rule.limits());
    let reads_call = || rules.iter().any(|rule| rule.reads_arguments()) || limits().any(|limit| limit.key.is_some());
    if !has_arguments && reads_call() {
        return Err(Missing::Arguments);
    }
    let predicates = || rules.iter().flat_map(|rule| rule.require().chain(rule.deny_if()).chain(rule.approval()));
    let operands = || predicates().flat_map(|predicate| &predicate.conditions).map(Condition::operand);
    if operands().any(Operand::reads_claims) {
        return Err(Missing::Claims);
    }
    let is_of_session = |name: &str| {
        let mut observed = policy.map_or(&[][..], Policy::observed).iter();
        observed.any(|counter| *counter.name == *name && counter.scope == Scope::Session)
    };
    let reads_session = |operand: &Operand| matches!(operand, Operand::Counter(name) if is_of_session(name));
    if limits().any(|limit| limit.scope == Scope::Session) || operands().any(reads_session) {
        return Err(Missing::Session);
    }
    Ok(())
}
