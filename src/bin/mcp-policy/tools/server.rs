//! The tools of a running server, over streamable HTTP, in every MCP revision.
//!
//! * `client`: the client that asks for them, in builds with the feature `servers`
//! * `raw`: a client that keeps each definition as it was sent

#[cfg(feature = "servers")]
mod client;
mod raw;

use clap::ValueEnum;
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use super::Listing;
use crate::sanitize;

/// A running server, and how to reach it.
#[derive(clap::Args)]
pub(crate) struct Server {
    /// A running server's MCP endpoint, such as `http://127.0.0.1:10002/mcp`
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// A header for the server, such as `Authorization: Bearer …`; repeatable. `@FILE` reads it from a file, since other
    /// users can read the arguments of a process
    #[arg(long = "header", value_name = "NAME: VALUE", requires = "url")]
    headers: Vec<String>,
    /// The MCP revision to speak with the server
    #[arg(long, value_enum, default_value_t = Era::Auto, requires = "url")]
    era: Era,
}

impl Server {
    /// A server at `url`, with headers as `--header` takes them.
    pub(super) fn new(url: Option<String>, headers: Vec<String>, era: Era) -> Self {
        Self { url, headers, era }
    }

    /// Whether it says how to ask a server.
    pub(super) fn has_options(&self) -> bool {
        !self.headers.is_empty() || self.era != Era::Auto
    }
}

/// A header of a request. Nothing prints its value.
#[derive(Clone)]
pub(crate) struct Header(pub(crate) HeaderName, pub(crate) HeaderValue);

impl Header {
    /// Reads the values of `--header`. Not by `clap`, which would print a wrong one.
    ///
    /// # Errors
    /// A sentence on the first that is wrong. It does not repeat the value.
    pub(crate) fn read_all(texts: &[String]) -> Result<Vec<Self>, String> {
        let read = |text: &String| Self::read(text).map_err(|why| format!("`--header`: {why}"));
        texts.iter().map(read).collect()
    }

    /// Reads `NAME: VALUE`, or a file that holds it.
    fn read(text: &str) -> Result<Self, String> {
        let read = text.strip_prefix('@').map(std::fs::read_to_string).transpose();
        let read = read.map_err(|error| format!("cannot read the file: {error}"))?;
        let (name, value) = read.as_deref().unwrap_or(text).split_once(':').ok_or("expected `NAME: VALUE`")?;
        let name = HeaderName::try_from(name.trim()).map_err(|_| "this is not the name of a header".to_owned())?;
        let mut value =
            HeaderValue::try_from(value.trim()).map_err(|_| "a header cannot carry this value".to_owned())?;
        value.set_sensitive(true);
        Ok(Self(name, value))
    }
}

/// The MCP revisions to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// 2026-07-28, or else one with a handshake
    #[default]
    Auto,
    /// With a handshake: 2025-11-25 and earlier
    #[value(name = "2025")]
    Handshake,
    /// Without a handshake: 2026-07-28
    #[value(name = "2026")]
    Stateless,
}

impl Server {
    /// Reads all pages of a server's list of tools.
    ///
    /// # Errors
    /// A sentence on why there is none.
    pub(crate) fn list(&self, url: &str) -> Result<Listing, String> {
        client::list(url, self.headers_for(url)?, self.era)
    }

    /// The same, with the server's prompts and resources.
    ///
    /// # Errors
    /// A sentence on why there are no tools. A server that does not list the others gets a remark.
    #[cfg(feature = "editor")]
    pub(crate) fn list_everything(&self, url: &str) -> Result<Listing, String> {
        client::list_everything(url, self.headers_for(url)?, self.era)
    }

    /// The same, with each definition as it was sent.
    ///
    /// # Errors
    /// A sentence on why there is none.
    pub(crate) fn list_definitions(&self, url: &str) -> Result<Listing, String> {
        let pages = raw::list_pages(url, self.headers_for(url)?, self.era)?;
        let mut all = Listing::default();
        for page in pages {
            all.tools.extend(page.listing.tools);
            all.remarks.extend(page.listing.remarks);
        }
        Ok(all)
    }

    /// The headers for a server.
    ///
    /// # Errors
    /// A sentence on what is wrong with its address or with a header.
    fn headers_for(&self, url: &str) -> Result<HeaderMap, String> {
        if !is_address(url) {
            return Err(format!("`{url}` is not a server's address; expected {ADDRESS}"));
        }
        Ok(Header::read_all(&self.headers)?.into_iter().map(|Header(name, value)| (name, value)).collect())
    }
}

/// What to do if the server does not answer as an MCP server.
const CHECK_URL: &str = "check that the server runs and that this is its MCP endpoint";

/// What to do if the server wants to know who asks.
const LOGIN: &str = "it requires a login; give a token with `--header 'Authorization: Bearer …'`, or save its answer to `tools/list` and \
                     name that file";

/// What is said of an answer with this status, and what to do.
fn status_text(status: u16) -> String {
    match status {
        401 => LOGIN.to_owned(),
        status => format!("it answers with status {status}; {CHECK_URL}"),
    }
}

/// The innermost cause of an error, which says most: `Connection refused`. In one line of bounded length.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    excerpt(&cause.to_string())
}

/// The front of what an error says or a server has sent, in one line.
fn excerpt(text: &str) -> String {
    sanitize::line(text).chars().take(300).collect()
}

/// What a server's address looks like.
pub(crate) const ADDRESS: &str = "`http://HOST:PORT/PATH` or `https://…`";

/// Whether a text is an address of HTTP.
pub(crate) fn is_address(url: &str) -> bool {
    Url::parse(url).is_ok_and(|address| ["http", "https"].contains(&address.scheme()))
}

/// A build without a client, such as the one that `./build.sh run` makes to start sooner.
#[cfg(not(feature = "servers"))]
mod client {
    use reqwest::header::HeaderMap;

    use crate::tools::Listing;

    pub(super) fn list(url: &str, _: HeaderMap, _: super::Era) -> Result<Listing, String> {
        Err(format!(
            "cannot list the tools of `{url}`: this build has no client for servers; build the command with \
             `cargo build --bin mcp-policy`"
        ))
    }
}
