//! Several servers at once, from all that can name one: addresses, files, and the configurations of clients.

use std::{collections::BTreeSet, path::Path, thread};

use reqwest::{Url, header::HeaderName};

use crate::{Stop, source::SourceFile};

#[cfg(feature = "editor")]
use super::others;
use super::{
    Header, Listing, Server,
    client_config::{self, Endpoint},
    listing,
    server::{ADDRESS, Era, is_address},
    stdio,
};

/// The servers, and how to reach them.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Sources {
    /// A running server's MCP endpoint, such as `http://127.0.0.1:10002/mcp`; repeatable
    #[arg(long = "url", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// A file with a server's answer to `tools/list`; repeatable
    #[arg(long = "tools", value_name = "TOOLS.json")]
    pub(crate) files: Vec<String>,
    /// The configuration of a desktop client or an editor (`mcpServers` or `servers`, with comments); repeatable
    #[arg(long = "client-config", value_name = "FILE")]
    pub(crate) client_configs: Vec<String>,
    /// Start the commands of `--client-config`, and ask them; without it, only its addresses are asked
    #[arg(long, requires = "client_configs")]
    run_commands: bool,
    /// A header for the server of `--url`, such as `Authorization: Bearer …`; repeatable. `@FILE` reads it from a file, since
    /// other users can read the arguments of a process
    #[arg(long = "header", value_name = "NAME: VALUE", requires = "urls")]
    headers: Vec<String>,
    /// The MCP revision to speak with the servers
    #[arg(long, value_enum, default_value_t = Era::Auto)]
    era: Era,
}

/// A server, and what it lists.
pub(crate) struct ServerTools {
    /// Its name, which no other server of the list has.
    pub(crate) name: String,
    /// Its tools, or a sentence on why they are not known. It holds no secret.
    pub(crate) listing: Result<Listing, String>,
}

/// A server to ask.
struct Source {
    name: String,
    ask: Result<Ask, String>,
}

enum Ask {
    File(Listing),
    Endpoint(Endpoint),
    Url(String),
}

/// How a file is read.
type Read = fn(&str) -> Result<Listing, String>;

/// How a server at an address is asked.
type List = fn(&Server, &str) -> Result<Listing, String>;

/// So many servers are asked side by side.
const PARALLEL: usize = 8;

impl Sources {
    /// The only server, if it is one, at an address or in a file: of those, verbs say more than of several.
    pub(crate) fn only(&self, file: Option<&str>) -> Option<(Option<String>, Server)> {
        if !self.client_configs.is_empty() {
            return None;
        }
        let files: Vec<&str> = file.into_iter().chain(self.files.iter().map(String::as_str)).collect();
        match (files.as_slice(), self.urls.as_slice()) {
            ([file], []) => Some((Some((*file).to_owned()), Server::new(None, Vec::new(), self.era))),
            ([], [url]) => Some((None, Server::new(Some(url.clone()), self.headers.clone(), self.era))),
            _ => None,
        }
    }

    /// Whether it names nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.urls.is_empty() && self.files.is_empty() && self.client_configs.is_empty()
    }

    /// The addresses of the servers that are named, without path and secrets.
    #[cfg(feature = "editor")]
    pub(crate) fn origins(&self) -> Vec<String> {
        let origins = self.urls.iter().filter_map(|url| Url::parse(url).ok()).map(|url| url.origin());
        origins.filter(url::Origin::is_tuple).map(|origin| origin.ascii_serialization()).collect()
    }

    /// Asks all servers for their tools, in the order in which they are named: `file`, files, addresses, configurations.
    ///
    /// # Errors
    /// A file that cannot be read, or a header that is wrong. A server that does not answer is not an error.
    pub(crate) fn read(&self, file: Option<&str>) -> Result<Vec<ServerTools>, Stop> {
        self.read_by(file, listing::read, Server::list)
    }

    /// The same, with the prompts and resources of files and of servers at addresses.
    ///
    /// # Errors
    /// The same.
    #[cfg(feature = "editor")]
    pub(crate) fn read_everything(&self) -> Result<Vec<ServerTools>, Stop> {
        let read = |text: &str| {
            let mut listing = listing::read(text)?;
            others::add(text, &mut listing);
            Ok(listing)
        };
        self.read_by(None, read, Server::list_everything)
    }

    fn read_by(&self, file: Option<&str>, read: Read, list: List) -> Result<Vec<ServerTools>, Stop> {
        if self.urls.is_empty() && self.client_configs.is_empty() && self.era != Era::Auto {
            return Err(Stop::usage("`--era` is for running servers; leave it out, or name one with `--url`"));
        }
        let mut sources = Vec::new();
        for file in file.into_iter().chain(self.files.iter().map(String::as_str)) {
            let source = SourceFile::read(file).map_err(Stop::usage)?;
            let listing = read(source.text());
            let listing = listing.map_err(|why| Stop::findings(format!("{}: {why}", source.display_name())))?;
            sources.push(Source { name: stem(file), ask: Ok(Ask::File(listing)) });
        }
        if self.urls.len() > 1 && !self.headers.is_empty() {
            return Err(Stop::usage("`--header` is for one server; with several, put it into a `--client-config`"));
        }
        Header::read_all(&self.headers).map_err(Stop::usage)?;
        for url in &self.urls {
            if !is_address(url) {
                let place = place(url);
                return Err(Stop::usage(format!("`{place}` is not a server's address; expected {ADDRESS}")));
            }
            sources.push(Source { name: place(url), ask: Ok(Ask::Url(url.clone())) });
        }
        for file in &self.client_configs {
            let source = SourceFile::read(file).map_err(Stop::usage)?;
            let servers = client_config::read(source.text());
            let servers = servers.map_err(|why| Stop::usage(format!("{}: {why}", source.display_name())))?;
            sources.extend(servers.into_iter().map(|server| Source {
                name: server.name,
                ask: match server.endpoint {
                    Ok(Endpoint::Command(_)) if !self.run_commands => {
                        Err("it is a command, which `--run-commands` would start".to_owned())
                    }
                    Ok(endpoint) => Ok(Ask::Endpoint(endpoint)),
                    Err(why) => Err(why.to_owned()),
                },
            }));
        }
        Ok(with_own_names(self.ask_all(sources, list)))
    }

    fn ask_all(&self, sources: Vec<Source>, list: List) -> Vec<ServerTools> {
        let mut all = Vec::new();
        let mut rest = sources.into_iter().peekable();
        while rest.peek().is_some() {
            let some: Vec<Source> = rest.by_ref().take(PARALLEL).collect();
            thread::scope(|scope| {
                let asked: Vec<_> = some
                    .into_iter()
                    .map(|Source { name, ask }| (name, scope.spawn(move || ask.and_then(|ask| self.ask(ask, list)))))
                    .collect();
                all.extend(asked.into_iter().map(|(name, asked)| ServerTools {
                    name,
                    listing: asked.join().unwrap_or_else(|_| Err("asking it failed".to_owned())),
                }));
            });
        }
        all
    }

    fn ask(&self, ask: Ask, list: List) -> Result<Listing, String> {
        match ask {
            Ask::File(listing) => Ok(listing),
            Ask::Url(url) => {
                let is_plain = Url::parse(&url).is_ok_and(|parsed| without_secrets(&parsed) == parsed);
                let listed = list(&Server::new(None, self.headers.clone(), self.era), &url);
                listed.map_err(|why| if is_plain { why } else { cause(&why).to_owned() })
            }
            Ask::Endpoint(Endpoint::Url { url, headers }) => {
                let headers = header_texts(&headers).ok_or("a header of its entry is not one that HTTP can carry")?;
                list(&Server::new(None, headers, self.era), &url).map_err(|why| cause(&why).to_owned())
            }
            Ask::Endpoint(Endpoint::Command(program)) => stdio::list_tools(&program).map_err(str::to_owned),
        }
    }
}

/// Headers as `--header` takes them. A name that HTTP does not allow is refused: `@` before it would name a file.
fn header_texts(headers: &[(String, String)]) -> Option<Vec<String>> {
    let text = |(name, value): &(String, String)| {
        HeaderName::try_from(name.as_str()).is_ok().then(|| format!("{name}: {value}"))
    };
    headers.iter().map(text).collect()
}

/// What a message of the client says, in words of our own: the message may quote an address with a key in it, or what the
/// server has sent, and a server can repeat the credential that it got.
fn cause(message: &str) -> &'static str {
    const CAUSES: [(&str, &str); 10] = [
        ("requires a login", "it requires a login, or refuses the credential"),
        ("401", "it requires a login, or refuses the credential"),
        ("403", "it refuses the credential"),
        ("404", "its address leads to nothing"),
        ("`--header`", "a header of its entry is not one that HTTP can carry"),
        ("onnection refused", "nothing listens at its address"),
        ("certificate", "its certificate is not trusted"),
        ("incomplete after", "it did not answer in time"),
        ("is not a server's address", "its address is not one of HTTP"),
        ("has no client for servers", "this build of the command has no client for servers"),
    ];
    // A whole word: an address may have the digits of a status in its port.
    let is_word = |part: &str| message.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == part);
    let says = |part: &str| if part.starts_with('4') { is_word(part) } else { message.contains(part) };
    let found = CAUSES.iter().find(|(part, _)| says(part));
    found.map_or("it did not answer as an MCP server", |(_, cause)| cause)
}

/// An address without its user information, query and fragment.
fn without_secrets(url: &Url) -> Url {
    let mut plain = url.clone();
    // They fail for addresses that cannot have such parts.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    plain.set_query(None);
    plain.set_fragment(None);
    plain
}

/// The name of a server by its address: its host, port and path. Of what is no address, the words without what may be a secret.
fn place(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    let Some((url, host)) = parsed.as_ref().and_then(|parsed| Some((parsed, parsed.host_str()?))) else {
        let plain = url.split(['?', '#']).next().unwrap_or_default();
        return plain.rsplit('@').next().unwrap_or_default().to_owned();
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let path = if path == "/mcp" { "" } else { path };
    format!("{host}{port}{path}")
}

/// The name of a server by a file that holds its list.
fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| stem != "-").unwrap_or_else(|| "stdin".to_owned())
}

/// Gives each server a name of its own: the second `files` becomes `files-2`.
fn with_own_names(servers: Vec<ServerTools>) -> Vec<ServerTools> {
    let mut taken = BTreeSet::new();
    let named = servers.into_iter().map(|server| {
        let numbered = (2..).map(|number| format!("{}-{number}", server.name));
        let free = [server.name.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name));
        let name = free.unwrap_or_default();
        taken.insert(name.clone());
        ServerTools { name, ..server }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::{cause, place, without_secrets};

    #[test]
    fn a_name_and_a_cause_hold_no_secret() {
        let url = "https://user:pass@example.com:8443/a/mcp?key=sk-1#f";
        assert_eq!(place(url), "example.com:8443/a/mcp");
        assert_eq!(place("http://127.0.0.1:3000/mcp"), "127.0.0.1:3000");
        assert_eq!(place("nope"), "nope");
        assert_eq!(place("user:pass@nope/mcp?key=sk-1"), "nope/mcp");
        assert_eq!(without_secrets(&Url::parse(url).unwrap()).as_str(), "https://example.com:8443/a/mcp");
        assert_eq!(
            cause("error for url (https://example.com/?key=sk-1): 401"),
            "it requires a login, or refuses the credential"
        );
        assert_eq!(cause("sk-1 was wrong"), "it did not answer as an MCP server");
        assert_eq!(cause("http://127.0.0.1:40404/mcp answered"), "it did not answer as an MCP server");
        assert_eq!(cause("HTTP 404 Not Found"), "its address leads to nothing");
    }
}
