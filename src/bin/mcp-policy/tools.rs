//! The tools that servers list: from a running server, or from a file that holds its answer.
//!
//! * `listing`: the answer in a file; `others`: what it holds beside tools
//! * `server`: a running server, over HTTP; `stdio`: one that is started, over its input and output
//! * `client_config`: the servers of a desktop client or an editor
//! * `sources`: several of these together

mod client_config;
mod listing;
#[cfg(feature = "editor")]
mod others;
mod server;
mod sources;
mod stdio;

use mcp_policy::{lint::ListedTool, mcp::list::definition};
use serde_json::Value;

use crate::{Stop, source::SourceFile};

pub(crate) use self::{
    listing::read,
    server::{Header, Server},
    sources::{ServerTools, Sources},
};

/// A tool of a `tools/list` answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tool {
    /// `name`
    pub(crate) name: String,
    /// `title` and `annotations.title`
    pub(crate) titles: Vec<String>,
    /// `description`
    pub(crate) description: String,
    /// `annotations.readOnlyHint`
    pub(crate) read_only: Option<bool>,
    /// `annotations.destructiveHint`
    pub(crate) destructive: Option<bool>,
    /// `inputSchema`
    pub(crate) input_schema: Value,
    /// The whole entry as it was sent; empty if a client for MCP has read it.
    pub(crate) definition: String,
}

/// A prompt, a resource or a template of resources of a server.
#[cfg(feature = "editor")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Other {
    pub(crate) kind: OtherKind,
    /// The name of a prompt, the URI of a resource, the pattern of those that a template makes.
    pub(crate) name: String,
    pub(crate) description: String,
    /// What a prompt takes, as a schema.
    pub(crate) input_schema: Value,
}

/// What a server offers beside tools.
#[cfg(feature = "editor")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherKind {
    Prompt,
    Resource,
}

/// The tools of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Listing {
    /// In the server's order.
    pub(crate) tools: Vec<Tool>,
    /// Its prompts and resources, if one asks for everything.
    #[cfg(feature = "editor")]
    pub(crate) others: Vec<Other>,
    /// Remarks for the user.
    pub(crate) remarks: Vec<String>,
}

impl Listing {
    /// The tools as the lints see them.
    pub(crate) fn listed(self) -> Vec<ListedTool> {
        let tools = self.tools.into_iter();
        let listed = tools.map(|tool| ListedTool {
            digest: definition::digest(tool.definition.as_bytes()),
            name: tool.name,
            input_schema: tool.input_schema,
        });
        listed.collect()
    }
}

/// Reads the tools of a file or of a running server, if one of the two is named; with its name in a sentence.
pub(crate) fn find(file: Option<&str>, server: &Server) -> Result<Option<(Listing, String)>, Stop> {
    find_with(file, server, Server::list)
}

/// The same, with each definition as it was sent.
pub(crate) fn find_definitions(file: Option<&str>, server: &Server) -> Result<Option<(Listing, String)>, Stop> {
    find_with(file, server, Server::list_definitions)
}

fn find_with(
    file: Option<&str>,
    server: &Server,
    list: fn(&Server, &str) -> Result<Listing, String>,
) -> Result<Option<(Listing, String)>, Stop> {
    if file.is_some() && server.has_options() {
        return Err(Stop::usage(
            "`--header` and `--era` are for a running server; leave them out, or name it with `--url` instead of a file",
        ));
    }
    let (listing, name) = match (file, &server.url) {
        (Some(file), _) => {
            let source = SourceFile::read(file).map_err(Stop::usage)?;
            (read(source.text()), source.display_name())
        }
        (None, Some(url)) => (Ok(list(server, url).map_err(Stop::usage)?), format!("`{url}`")),
        (None, None) => return Ok(None),
    };
    listing.map(|listing| Some((listing, name.clone()))).map_err(|why| Stop::findings(format!("{name}: {why}")))
}
