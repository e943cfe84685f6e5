//! The catalogue for a terminal.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{
    Shown,
    embedded::{Catalog, Server},
    entry::{CatalogTool, Risk},
};

/// A part of the catalogue as text.
pub(super) fn render(catalog: &Catalog, shown: &Shown<'_>) -> String {
    match shown {
        Shown::All => list(catalog),
        Shown::Server(server) => describe_server(server),
        Shown::Tool(server, tool) => describe_tool(catalog, server, tool),
    }
}

fn list(catalog: &Catalog) -> String {
    let mut text = String::new();
    let width = catalog.servers.iter().map(|server| server.entry.server.as_str().len()).max().unwrap_or_default();
    for Server { entry, .. } in &catalog.servers {
        let serious = entry.tools.iter().filter(|tool| tool.risk >= Risk::High).count();
        let (name, count) = (entry.server.as_str(), entry.tools.len());
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{name:width$}  {count:3} tools, {serious:2} of high risk  {}", entry.about);
    }
    let _ = writeln!(text, "\n{} attack patterns:", catalog.attacks.len());
    for attack in &catalog.attacks {
        let _ = writeln!(text, "  {:20}  {}", attack.id.as_str(), attack.title);
    }
    text.push_str(
        "\n`mcp-policy catalog SERVER` shows the tools of a server, `mcp-policy catalog SERVER TOOL` one of them.\n",
    );
    text
}

fn describe_server(server: &Server) -> String {
    let entry = &server.entry;
    let mut text = format!("{}: {}\nRead from {}.\n\n", entry.title, entry.about, entry.read_from.describe());
    let width = entry.tools.iter().map(|tool| tool.name.as_str().len()).max().unwrap_or_default();
    for (tool, treatment) in entry.tools.iter().zip(server.treatments()) {
        let (name, class, risk) = (tool.name.as_str(), tool.class.name(), tool.risk.name());
        let _ = writeln!(text, "{name:width$}  {class:11}  {risk:8}  {treatment}");
    }
    if !entry.fill_in.is_empty() {
        text.push_str("\nFill in before use:\n");
    }
    for place in &entry.fill_in {
        let _ = writeln!(text, "  {}: {}", place.at, place.what);
    }
    if !entry.leaves.is_empty() {
        text.push_str("\nThe policy does not stop:\n");
    }
    for leaves in &entry.leaves {
        let _ = writeln!(text, "  {}: {}", leaves.attack, leaves.why);
    }
    if !entry.check.is_empty() {
        text.push_str("\nWarnings of `check` that it keeps:\n");
    }
    for kept in &entry.check {
        let _ = writeln!(text, "  {}: {}", kept.warning, kept.why);
    }
    let _ = writeln!(text, "\n`mcp-policy catalog {} --policy` prints the policy.", entry.server.as_str());
    text
}

fn describe_tool(catalog: &Catalog, server: &Server, tool: &CatalogTool) -> String {
    let name = tool.name.as_str();
    let mut text = format!("{} of {}: {}\n\n", name, server.entry.title, tool.does);
    let _ = writeln!(text, "class      {}, {}", tool.class.name(), tool.why);
    let _ = writeln!(text, "risk       {}", tool.risk.name());
    if let Some(differs) = &tool.differs {
        let _ = writeln!(text, "           `suggest` finds another class: {differs}");
    }
    if !tool.arguments.is_empty() {
        let _ = writeln!(text, "arguments  {} (* required)", tool.arguments.join(", "));
    }
    let _ = writeln!(text, "policy     {}", server.treatment(tool));
    text.push_str("\nAttacks that apply:\n");
    for attack in tool.attacks.iter().filter_map(|id| catalog.attack(id)) {
        let _ = writeln!(text, "  {}: {}\n    {}", attack.title, attack.what, attack.stopped_by);
    }
    for (heading, rule) in ways(tool) {
        let _ = writeln!(text, "\n{heading}:\n{}", pretty(&rule));
    }
    text
}

/// The recommended rule, and how to limit, deny and approve a tool.
pub(super) fn ways(tool: &CatalogTool) -> [(&'static str, Value); 4] {
    let name = tool.name.as_str();
    [
        ("Recommended rule", tool.rule.to_json(name)),
        ("To limit it", json!({"tools": {name: {"rate_limit": "10/minute"}}})),
        ("To deny it", json!({"hide": [name]})),
        (
            "To let a person approve each call",
            json!({"tools": {name: {"action": "require_approval", "reason": tool.why}}}),
        ),
    ]
}

/// JSON on several lines.
pub(super) fn pretty(value: &Value) -> String {
    // A value always serializes.
    serde_json::to_string_pretty(value).unwrap_or_default()
}
