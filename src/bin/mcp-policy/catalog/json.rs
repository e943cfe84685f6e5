//! The catalogue for programs.

use serde_json::{Value, json};

use super::{
    Shown,
    attack::Attack,
    embedded::{Catalog, Server},
    entry::CatalogTool,
};

/// A part of the catalogue as JSON.
pub(super) fn render(catalog: &Catalog, shown: &Shown<'_>) -> Value {
    match shown {
        Shown::All => json!({
            "servers": catalog.servers.iter().map(of_server).collect::<Vec<_>>(),
            "attacks": catalog.attacks.iter().map(of_attack).collect::<Vec<_>>(),
        }),
        Shown::Server(server) => of_server(server),
        Shown::Tool(server, tool) => of_tool(tool, &server.treatment(tool)),
    }
}

fn of_server(server: &Server) -> Value {
    let entry = &server.entry;
    let tools = entry.tools.iter().zip(server.treatments());
    json!({
        "server": entry.server.as_str(),
        "title": entry.title,
        "about": entry.about,
        "package": entry.read_from.package,
        "version": entry.read_from.version,
        "read_from": entry.read_from.describe(),
        "fill_in": entry.fill_in.iter().map(|place| json!({"at": place.at, "what": place.what})).collect::<Vec<_>>(),
        "check": entry.check.iter().map(|one| json!({"warning": one.warning, "why": one.why})).collect::<Vec<_>>(),
        "leaves": entry.leaves.iter().map(|one| json!({"attack": one.attack, "why": one.why})).collect::<Vec<_>>(),
        "attacks": entry.attacks,
        "tools": tools.map(|(tool, treatment)| of_tool(tool, &treatment)).collect::<Vec<_>>(),
        // It loads, so it is JSON.
        "policy": serde_json::from_str::<Value>(server.policy).unwrap_or_default(),
    })
}

fn of_tool(tool: &CatalogTool, treatment: &str) -> Value {
    let name = tool.name.as_str();
    json!({
        "name": name,
        "does": tool.does,
        "arguments": tool.arguments,
        "read_only": tool.read_only,
        "destructive": tool.destructive,
        "class": tool.class,
        "risk": tool.risk,
        "why": tool.why,
        "differs": tool.differs,
        "attacks": tool.attacks,
        "treatment": treatment,
        "rule": tool.rule.to_json(name),
    })
}

fn of_attack(attack: &Attack) -> Value {
    json!({
        "id": attack.id.as_str(),
        "title": attack.title,
        "what": attack.what,
        "classes": attack.classes,
        "arguments": attack.arguments,
        "stopped_by": attack.stopped_by,
        "policy": attack.policy,
        "calls": attack.calls,
    })
}
