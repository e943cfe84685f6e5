//! The order of the decision; product contract, section 2.

use std::borrow::Cow;

use crate::{
    caller::Unknown,
    config::Config,
    limit::{Counters, Full, Moment, Receipt, Refused, store::Store},
    mcp::{Message, Method, Request, Sort, Target},
    policy::{self, Entry, Limit, Rule, Stance},
};

use super::{Call, charges};

/// Why a message does not pass.
#[derive(Clone, Debug)]
pub(super) enum Denial<'p> {
    /// It never passes like this.
    Denied {
        /// The rule that decided.
        rule: Cow<'p, str>,
        /// Why, and what to do.
        why: String,
    },
    /// A limit has no room.
    Limited {
        /// Which one.
        limit: &'p Limit,
        /// When to come back.
        full: Full,
    },
    /// A count could not be read or written.
    Failed,
}

/// What passes was charged; what does not says why.
pub(super) type Verdict<'p> = Result<Receipt, Denial<'p>>;

/// Decides on a message. First refusal wins.
pub(super) fn decide<'p, S: Store>(
    config: &'p Config,
    call: &Call,
    message: &Message<'_>,
    filter: &str,
    now: Moment,
    store: &S,
) -> Verdict<'p> {
    let grant = match &call.grant {
        Ok(grant) => grant,
        Err(unknown) => return denied("(no identity)", nobody(unknown)),
    };
    let request = match message {
        Message::Request(request) => request,
        Message::Notification { method, .. } => return notification(config, method),
        Message::Response => return Ok(Receipt::default()),
    };
    let Some(method) = request.known else { return unknown_method(config, &request.method) };
    let tool = match (method.sort, &request.target) {
        (Sort::Open, _) => return Ok(Receipt::default()),
        (Sort::Tool, Target::Tool(name)) => &**name,
        _ => return unnamed(config, request),
    };
    let rule = match config.policy.tool(tool) {
        Entry::Hidden => {
            return denied("(hidden)", format!("the tool `{tool}` is not available here; use a listed tool"));
        }
        Entry::Unnamed(Stance::Deny) => return default_deny(&format!("the tool `{tool}`")),
        Entry::Unnamed(Stance::Allow) => &UNRESTRICTED,
        Entry::Rule(rule) => rule,
    };
    let rules = [rule, config.policy.all_tools()];
    if let Some(denial) = rules.iter().flat_map(|rule| &rule.denials).next() {
        return Err(by_rule(denial, tool));
    }
    let charges = charges::of(config, filter, grant, rules);
    Counters::new(store).charge(&charges.list, now).map_err(|refused| match refused {
        Refused::Full { index, full } => match charges.limits.get(index) {
            Some(limit) => Denial::Limited { limit, full },
            None => Denial::Failed,
        },
        Refused::Unavailable => Denial::Failed,
    })
}

/// What a tool that no entry names is asked under `default: allow`.
static UNRESTRICTED: Rule = Rule { denials: Vec::new(), limits: Vec::new() };

fn denied<'p>(rule: impl Into<Cow<'p, str>>, why: String) -> Verdict<'p> {
    Err(Denial::Denied { rule: rule.into(), why })
}

fn nobody(unknown: &Unknown) -> String {
    match unknown {
        Unknown::Nobody => "the caller is unknown; send the credential that this gateway asks for".to_owned(),
        Unknown::Malformed(why) => format!("the caller cannot be told; {why}"),
    }
}

fn by_rule<'p>(denial: &'p policy::Denial, tool: &str) -> Denial<'p> {
    let why = match &denial.text {
        Some(text) => text.to_string(),
        None => format!("the tool `{tool}` is not permitted; use another tool, or ask for this one to be permitted"),
    };
    Denial::Denied { rule: (*denial.pointer).into(), why }
}

fn default_deny<'p>(what: &str) -> Verdict<'p> {
    denied("(default deny)", format!("{what} is not permitted; use another, or ask for this one to be permitted"))
}

/// A method that the specification does not know.
fn unknown_method<'p>(config: &Config, method: &str) -> Verdict<'p> {
    match (Method::mistakable(method), config.policy.default()) {
        (Some(known), _) => denied("(folded name)", format!("the method `{method}` resembles `{known}`; spell it so")),
        (None, Stance::Deny) => default_deny(&format!("the method `{method}`")),
        (None, Stance::Allow) => Ok(Receipt::default()),
    }
}

fn notification<'p>(config: &Config, method: &str) -> Verdict<'p> {
    if Method::is_client_notification(method) { Ok(Receipt::default()) } else { unknown_method(config, method) }
}

/// Prompts, resources and the like, on which no entry speaks yet: the default decides.
fn unnamed<'p>(config: &Config, request: &Request<'_>) -> Verdict<'p> {
    let what = match &request.target {
        Target::Prompt(name) => format!("the prompt `{name}`"),
        Target::Resource(uri) => format!("the resource `{uri}`"),
        Target::Resources(_) => "a resource that the request names".to_owned(),
        Target::Nothing if request.known.is_some_and(|method| method.sort == Sort::Listen) => {
            return Ok(Receipt::default());
        }
        Target::Nothing | Target::Tool(_) | Target::Task(_) => format!("the method `{}`", request.method),
    };
    match config.policy.default() {
        Stance::Deny => default_deny(&what),
        Stance::Allow => Ok(Receipt::default()),
    }
}
