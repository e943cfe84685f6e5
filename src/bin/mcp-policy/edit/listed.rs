//! What the servers list, classed as `suggest` and the catalogue do.

use mcp_policy::{lint::ListedTool, mcp::list::definition};
use serde::Serialize;
use serde_json::Value;

use crate::{
    catalog::{
        embedded::{Catalog, Server},
        entry::Recommended,
    },
    inventory, sanitize, suggest,
    tools::{Listing, Other, OtherKind, ServerTools},
};

use super::{decision::Section, view::Target};

/// What all servers list.
#[derive(Debug, Default, Serialize)]
pub(super) struct Listed {
    servers: Vec<ServerRow>,
    /// The same names in the same order as `names`.
    targets: Vec<Details>,
    #[serde(skip)]
    pub(super) names: Vec<Target>,
    /// The tools of all servers, for `check`.
    #[serde(skip)]
    pub(super) tools: Vec<ListedTool>,
}

/// A server, and what it says of itself.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ServerRow {
    pub(super) name: String,
    /// Why its tools are not known.
    pub(super) error: Option<String>,
    remarks: Vec<String>,
}

/// What the page shows of a name that a server lists. The texts are those of the server.
#[derive(Clone, Debug, Serialize)]
struct Details {
    server: String,
    section: Section,
    name: String,
    class: Option<&'static str>,
    why: String,
    description: String,
    schema: Value,
    /// The paths of its arguments, as conditions name them.
    arguments: Vec<String>,
    /// The server of the catalogue that has a rule for it.
    catalog: Option<String>,
    #[serde(skip)]
    recommended: Option<Recommended>,
}

/// A server's texts are shown up to this many characters.
const MAX_DESCRIPTION: usize = 4000;

impl Listed {
    pub(super) fn new(servers: Vec<ServerTools>, catalog: &Catalog) -> Self {
        let mut all = Self::default();
        for ServerTools { name, listing } in servers {
            let (error, remarks) = match listing {
                Ok(listing) => (None, all.add(&name, listing, catalog)),
                Err(why) => (Some(why), Vec::new()),
            };
            all.servers.push(ServerRow { name, error, remarks });
        }
        all
    }

    /// Adds what one server lists, and returns the remarks on it.
    fn add(&mut self, server: &str, listing: Listing, catalog: &Catalog) -> Vec<String> {
        let known = inventory::known_server(catalog, &listing);
        let classified = inventory::classify(known, &listing);
        let Listing { tools, others, remarks } = listing;
        for (tool, class) in tools.into_iter().zip(classified) {
            let recommended = known.and_then(|Server { entry, .. }| {
                Some((entry.server.as_str().to_owned(), entry.tool(&tool.name)?.rule.clone()))
            });
            let (catalog, recommended) = recommended.unzip();
            self.push(Details {
                server: server.to_owned(),
                section: Section::Tools,
                name: tool.name.clone(),
                class: Some(class.class.name()),
                why: sanitize::line(&class.why),
                description: shorten(&tool.description),
                arguments: suggest::argument_paths(&tool.input_schema),
                schema: tool.input_schema.clone(),
                catalog,
                recommended,
            });
            let digest = definition::digest(tool.definition.as_bytes());
            self.tools.push(ListedTool { name: tool.name, input_schema: tool.input_schema, digest });
        }
        for Other { kind, name, description, input_schema } in others {
            self.push(Details {
                server: server.to_owned(),
                section: match kind {
                    OtherKind::Prompt => Section::Prompts,
                    OtherKind::Resource => Section::Resources,
                },
                name,
                class: None,
                why: String::new(),
                description: shorten(&description),
                arguments: suggest::argument_paths(&input_schema),
                schema: input_schema,
                catalog: None,
                recommended: None,
            });
        }
        remarks.iter().map(|remark| sanitize::line(remark)).collect()
    }

    fn push(&mut self, details: Details) {
        let Details { server, section, name, .. } = &details;
        self.names.push(Target { server: server.clone(), section: *section, name: name.clone() });
        self.targets.push(details);
    }

    pub(super) fn servers(&self) -> &[ServerRow] {
        &self.servers
    }

    /// The rule that the catalogue has for a server's tool.
    pub(super) fn recommended(&self, server: &str, tool: &str) -> Option<&Recommended> {
        let is_it = |one: &&Details| one.section == Section::Tools && one.server == server && one.name == tool;
        self.targets.iter().find(is_it)?.recommended.as_ref()
    }
}

/// A text of a server as the page shows it.
fn shorten(text: &str) -> String {
    sanitize::message(text).chars().take(MAX_DESCRIPTION).collect()
}
