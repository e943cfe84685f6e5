//! The tools of several servers, classed, with what a policy does with each.

use mcp_policy::{config::Config, policy::Policy};
use serde::Serialize;

use crate::{
    catalog::{
        embedded::{Catalog, Server},
        entry::Risk,
    },
    policy_words,
    suggest::{self, Class},
    tools::{Listing, ServerTools},
};

/// What all servers together can do.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) servers: Vec<ServerReport>,
    pub(super) totals: Totals,
    /// Whether a policy was named.
    #[serde(skip)]
    pub(super) has_policy: bool,
}

/// One server.
#[derive(Debug, Serialize)]
pub(super) struct ServerReport {
    pub(super) server: String,
    /// The server of the catalogue that lists the same tools.
    pub(super) catalog: Option<String>,
    pub(super) tools: Vec<Row>,
    /// Why its tools are not known.
    pub(super) error: Option<String>,
    /// What else there is to say of its list.
    pub(super) remarks: Vec<String>,
}

/// One tool.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) risk: Risk,
    pub(super) why: String,
    /// What the policy does with it; `None` without a policy for the server.
    pub(super) policy: Option<String>,
    /// Whether a rule of the policy names it; `None` if no policy was named.
    pub(super) named: Option<bool>,
}

/// How many tools there are.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    pub(super) servers: usize,
    pub(super) tools: usize,
    pub(super) read: usize,
    pub(super) write: usize,
    pub(super) execute: usize,
    pub(super) financial: usize,
    pub(super) destructive: usize,
    /// Tools that no rule of the policy names.
    pub(super) unnamed: usize,
}

impl Report {
    /// Classes the tools of all servers.
    pub(super) fn new(servers: Vec<ServerTools>, catalog: &Catalog, config: Option<&Config>) -> Self {
        let each = servers.into_iter().map(|server| ServerReport::new(server, catalog, config));
        let servers: Vec<ServerReport> = each.collect();
        let rows = || servers.iter().flat_map(|server| &server.tools);
        let of_class = |class: Class| rows().filter(|row| row.class == class).count();
        let totals = Totals {
            servers: servers.len(),
            tools: rows().count(),
            read: of_class(Class::Read),
            write: of_class(Class::Write),
            execute: of_class(Class::Execute),
            financial: of_class(Class::Financial),
            destructive: of_class(Class::Destructive),
            unnamed: rows().filter(|row| row.named == Some(false)).count(),
        };
        Self { servers, totals, has_policy: config.is_some() }
    }

    /// Whether the tools of some server are not known.
    pub(super) fn has_silent_server(&self) -> bool {
        self.servers.iter().any(|server| server.error.is_some())
    }
}

impl ServerReport {
    fn new(server: ServerTools, catalog: &Catalog, config: Option<&Config>) -> Self {
        let ServerTools { name, listing } = server;
        let empty = |error| Self { server: name.clone(), catalog: None, tools: Vec::new(), error, remarks: Vec::new() };
        let listing = match listing {
            Ok(listing) => listing,
            Err(why) => return empty(Some(why)),
        };
        let known = known_server(catalog, &listing);
        let policy = config.map(|config| policy_for(config, &name));
        let tools = classify(known, &listing).into_iter().map(|Classified { name: tool, class, risk, why }| {
            let treatment = policy.flatten().map(|policy| policy_words::describe(policy, &tool));
            let named = policy.map(|_| treatment.as_ref().is_some_and(|treatment| treatment.is_named));
            Row { name: tool, class, risk, why, policy: treatment.map(|treatment| treatment.words), named }
        });
        let tools = tools.collect();
        Self {
            catalog: known.map(|server| server.entry.server.as_str().to_owned()),
            tools,
            remarks: listing.remarks,
            ..empty(None)
        }
    }
}

/// A tool and its class.
pub(crate) struct Classified {
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) risk: Risk,
    pub(crate) why: String,
}

/// Classes the tools of a list, in its order: as the catalogue does if it knows the server, else as `suggest` does.
pub(crate) fn classify(known: Option<&Server>, listing: &Listing) -> Vec<Classified> {
    let classified = suggest::classify_all(listing).into_iter().map(|(name, class, why)| {
        match known.and_then(|server| server.entry.tool(&name)) {
            Some(entry) => Classified { name, class: entry.class, risk: entry.risk, why: entry.why.clone() },
            None => Classified { name, class, risk: Risk::of(class), why },
        }
    });
    classified.collect()
}

/// The policy for a server: the one of its name, or the only one.
fn policy_for<'c>(config: &'c Config, server: &str) -> Option<&'c Policy> {
    config.policy(server).or_else(|| match &*config.policies {
        [only] => Some(&only.policy),
        _ => None,
    })
}

/// The server of the catalogue that this list is of: it has at least three of its tools or all of them, and most of the
/// list's tools are its. A server that only borrows a name or two gets no class from the catalogue.
pub(crate) fn known_server<'c>(catalog: &'c Catalog, listing: &Listing) -> Option<&'c Server> {
    let shared = |server: &&Server| listing.tools.iter().filter(|tool| server.entry.tool(&tool.name).is_some()).count();
    let best = catalog.servers.iter().max_by_key(shared)?;
    let count = shared(&best);
    let is_enough = count >= 3 || count > 0 && count == best.entry.tools.len();
    (is_enough && count.saturating_mul(2) > listing.tools.len()).then_some(best)
}
