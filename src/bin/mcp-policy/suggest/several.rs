//! A configuration for several servers: a policy for each, bound to the route that has the server's name.

use std::{collections::BTreeMap, io::Write};

use mcp_policy::{config::Config, mcp::MAX_NAME};
use serde_json::{Value, json};

use crate::{Exit, Stop, print, sanitize};

use super::{Args, Format, Suggestion, describe, suggest, to_json};

/// One server.
struct Suggested {
    /// The name of its policy and its route.
    name: String,
    suggestion: Suggestion,
    policy: String,
}

/// What to do with the configuration that is printed.
const ROUTES: &str = "name Envoy's routes as the servers, or change `bindings`: a call on another route is denied";

/// Reads the tools of several servers and prints a configuration for them. A server that lists nothing gets a remark.
pub(super) fn run(args: &Args) -> Result<Exit, Stop> {
    if args.pin {
        return Err(Stop::usage(
            "`--pin` takes one server; pin the policies of several one by one with `mcp-policy pin`",
        ));
    }
    let mut remarks = Vec::new();
    let mut servers: Vec<Suggested> = Vec::new();
    for server in args.sources.read(args.file.as_deref())? {
        match server.listing.and_then(|listing| suggest(&listing)) {
            Ok((suggestion, policy)) => {
                let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
                let name = policy_name(&server.name, &names);
                servers.push(Suggested { name, suggestion, policy });
            }
            Err(why) => remarks.push(format!("left out the server `{}`: {why}", server.name)),
        }
    }
    let note = |remark: &String| format!("note: {}\n", sanitize::line(remark));
    if servers.is_empty() {
        let notes: String = remarks.iter().map(note).collect();
        return Err(Stop::findings(format!("no server lists a tool that a policy can name\n{}", notes.trim_end())));
    }
    remarks.insert(0, ROUTES.to_owned());
    let notes: String = remarks.iter().map(note).collect();
    let configuration = configuration(&servers);
    if let Err(invalid) = Config::load(configuration.as_bytes()) {
        return Err(Stop::findings(format!("a configuration cannot hold so many servers or tools: {invalid}")));
    }
    Ok(match args.format {
        Format::Text => {
            let tables = servers.iter().map(|server| format!("{}:\n{}", server.name, describe(&server.suggestion)));
            // If stderr is closed, the configuration is still printed.
            let _ = std::io::stderr().write_all(format!("{}{notes}", tables.collect::<String>()).as_bytes());
            print(&sanitize::json(&configuration))
        }
        Format::Json => {
            let each = servers.iter().map(|server| {
                // Both are JSON that this command has written.
                let one: Value = serde_json::from_str(&to_json(&server.suggestion, &server.policy)).unwrap_or_default();
                (server.name.clone(), one)
            });
            let each: BTreeMap<String, Value> = each.collect();
            let configuration: Value = serde_json::from_str(&configuration).unwrap_or_default();
            let output = json!({"configuration": configuration, "servers": each, "remarks": remarks});
            print(&sanitize::json(&format!("{output}\n")))
        }
    })
}

/// A name for a server's policy that no earlier one has. In a binding `*` would make it a pattern.
pub(crate) fn policy_name(server: &str, earlier: &[String]) -> String {
    let plain: String = server.chars().map(|c| if c.is_control() || c == '*' { '-' } else { c }).collect();
    let mut plain: String = if plain.is_empty() { "server".to_owned() } else { plain };
    // Room for a number.
    while plain.len() > MAX_NAME.saturating_sub(8) {
        plain.pop();
    }
    let is_free = |name: &String| !earlier.contains(name);
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    [plain.clone()].into_iter().chain(numbered).find(is_free).unwrap_or(plain.clone())
}

/// Form C: each policy with a line for each tool, and a binding.
fn configuration(servers: &[Suggested]) -> String {
    let policies = servers.iter().map(|server| {
        // No string of it holds a line break.
        let policy = server.policy.trim_end().replace('\n', "\n    ");
        format!("    {}: {policy}", Value::from(server.name.as_str()))
    });
    let bindings = servers.iter().map(|server| format!("    {}", json!({"route": server.name, "policy": server.name})));
    format!(
        "{{\n  \"policies\": {{\n{}\n  }},\n  \"bindings\": [\n{}\n  ]\n}}\n",
        policies.collect::<Vec<_>>().join(",\n"),
        bindings.collect::<Vec<_>>().join(",\n")
    )
}
