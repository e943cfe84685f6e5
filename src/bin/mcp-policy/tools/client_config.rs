//! The servers that a desktop client or an editor is configured with: `mcpServers`, or `servers` as in `mcp.json`.
//!
//! Nothing here can be printed but the names of servers: arguments, `env`, `headers` and addresses may hold secrets.

use std::{borrow::Cow, collections::BTreeMap};

use jsonc_parser::{JsonArray, JsonObject, JsonValue, ParseOptions, parse_to_value};

/// A server of a client's configuration.
pub(super) struct Configured {
    pub(super) name: String,
    /// How to reach it, or why this command cannot.
    pub(super) endpoint: Result<Endpoint, &'static str>,
}

/// How to reach a server.
pub(super) enum Endpoint {
    Url { url: String, headers: Vec<(String, String)> },
    Command(Program),
}

/// A server that is started.
pub(super) struct Program {
    pub(super) command: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) folder: Option<String>,
}

/// Clients have fewer servers. The bound keeps a file from starting a thousand programs.
const MAX_SERVERS: usize = 256;

/// Reads the servers of a text.
///
/// # Errors
/// A sentence on why there are none. It repeats nothing of the text.
pub(super) fn read(text: &str) -> Result<Vec<Configured>, String> {
    let value = parse_to_value(text, &ParseOptions::default())
        .map_err(|error| format!("it is not JSON with comments, at line {}", error.line_display()))?;
    let Some(JsonValue::Object(document)) = value else { return Err(EXPECTED.to_owned()) };
    // Editors keep them in their settings, within `mcp`.
    let inner = document.get_object("mcp");
    let servers = [Some(&document), inner].into_iter().flatten().find_map(|object| {
        let names = ["mcpServers", "servers", "context_servers"];
        names.iter().find_map(|name| object.get_object(name))
    });
    let servers = servers.ok_or(EXPECTED)?.clone();
    if servers.len() > MAX_SERVERS {
        return Err(format!("it names more than {MAX_SERVERS} servers"));
    }
    let read =
        servers.into_iter().map(|(name, value)| Configured { name: name.into_owned(), endpoint: endpoint(&value) });
    let mut read: Vec<Configured> = read.collect();
    read.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(read)
}

const EXPECTED: &str = "it has no object `mcpServers` or `servers`";

fn endpoint(value: &JsonValue<'_>) -> Result<Endpoint, &'static str> {
    let JsonValue::Object(server) = value else { return Err("its entry is not an object") };
    if server.get_boolean("disabled") == Some(true) || server.get_boolean("enabled") == Some(false) {
        return Err("the client has it disabled");
    }
    let text = |key: &str| server.get_string(key).map(|text| text.clone().into_owned());
    let found = match (["url", "serverUrl", "httpUrl"].iter().find_map(|key| text(key)), text("command")) {
        (Some(url), _) => Endpoint::Url { url, headers: members(server, "headers")? },
        (None, Some(command)) => Endpoint::Command(Program {
            command,
            arguments: server.get_array("args").map_or(Ok(Vec::new()), strings)?,
            environment: members(server, "env")?.into_iter().collect(),
            folder: text("cwd"),
        }),
        (None, None) => return Err("its entry has neither `url` nor `command`"),
    };
    if found.texts().any(|text| text.contains("${")) {
        return Err(
            "its entry has a `${…}`, which only the client can fill in; name the server with `--url`, or save its list",
        );
    }
    Ok(found)
}

fn members(server: &JsonObject<'_>, key: &str) -> Result<Vec<(String, String)>, &'static str> {
    let Some(object) = server.get_object(key) else { return Ok(Vec::new()) };
    let text = |(name, value): (Cow<'_, str>, JsonValue<'_>)| match value {
        JsonValue::String(text) => Ok((name.into_owned(), text.into_owned())),
        JsonValue::Number(text) => Ok((name.into_owned(), text.to_owned())),
        JsonValue::Boolean(flag) => Ok((name.into_owned(), flag.to_string())),
        _ => Err("a value of its `env` or `headers` is not a text"),
    };
    object.clone().into_iter().map(text).collect()
}

fn strings(items: &JsonArray<'_>) -> Result<Vec<String>, &'static str> {
    let text = |item: &JsonValue<'_>| match item {
        JsonValue::String(text) => Ok(text.clone().into_owned()),
        JsonValue::Number(text) => Ok((*text).to_owned()),
        _ => Err("an element of its `args` is not a text"),
    };
    items.iter().map(text).collect()
}

impl Endpoint {
    /// Everything that the file says of it.
    fn texts(&self) -> Box<dyn Iterator<Item = &String> + '_> {
        match self {
            Self::Url { url, headers } => Box::new([url].into_iter().chain(headers.iter().map(|(_, value)| value))),
            Self::Command(Program { command, arguments, environment, folder }) => {
                Box::new([command].into_iter().chain(arguments).chain(environment.values()).chain(folder))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, read};

    #[test]
    fn servers_of_clients_and_editors_are_read_with_comments() {
        let text = r#"{
            // a comment
            "servers": {
                "web": { "type": "http", "url": "https://example.com/mcp?key=k", "headers": { "Authorization": "Bearer t" } },
                "files": { "command": "npx", "args": ["-y", "server", 1], "env": { "TOKEN": "t", "PORT": 1 }, "cwd": "/srv" },
                "off": { "command": "npx", "disabled": true },
                "asks": { "url": "https://example.com", "headers": { "Authorization": "Bearer ${input:token}" } },
                "empty": {}, /* and one that is not an object */ "odd": 1,
            },
        }"#;
        let read = read(text).unwrap();
        let names: Vec<&str> = read.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, ["asks", "empty", "files", "odd", "off", "web"]);
        let endpoints: Vec<String> = read
            .iter()
            .map(|server| match &server.endpoint {
                Ok(Endpoint::Url { url, headers }) => format!("{url} {headers:?}"),
                Ok(Endpoint::Command(program)) => {
                    format!(
                        "{} {:?} {:?} {:?}",
                        program.command, program.arguments, program.environment, program.folder
                    )
                }
                Err(why) => (*why).to_owned(),
            })
            .collect();
        assert!(endpoints[0].starts_with("its entry has a `${…}`"), "{endpoints:?}");
        assert_eq!(endpoints[1], "its entry has neither `url` nor `command`");
        assert_eq!(endpoints[2], r#"npx ["-y", "server", "1"] {"PORT": "1", "TOKEN": "t"} Some("/srv")"#);
        assert_eq!(endpoints[3], "its entry is not an object");
        assert_eq!(endpoints[4], "the client has it disabled");
        assert_eq!(endpoints[5], r#"https://example.com/mcp?key=k [("Authorization", "Bearer t")]"#);
    }

    #[test]
    fn other_shapes_are_read_and_errors_repeat_nothing() {
        for text in [
            r#"{"mcpServers": {"a": {"command": "x"}}}"#,
            r#"{"mcp": {"servers": {"a": {"serverUrl": "http://127.0.0.1/"}}}}"#,
        ] {
            assert_eq!(read(text).unwrap().len(), 1, "{text}");
        }
        for (text, why) in [
            ("{\n\"mcpServers\": {\"a\": \"sk-secret", "it is not JSON with comments, at line 2"),
            (r#"{"sk-secret": {}}"#, "it has no object `mcpServers` or `servers`"),
            ("[]", "it has no object `mcpServers` or `servers`"),
            ("", "it has no object `mcpServers` or `servers`"),
        ] {
            assert_eq!(read(text).err().unwrap(), why);
        }
    }
}
