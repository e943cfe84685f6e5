//! The catalogue as static pages: a list, the attack patterns, a page for each server and each tool. They have no script, load
//! nothing, follow the reader's light or dark setting, and fit a phone. Templates escape every value.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::html;

use super::{
    Shown,
    attack::Attack,
    embedded::{Catalog, Server},
    entry::{CatalogTool, Risk},
    text::{pretty, ways},
};

const INDEX: &str = include_str!("templates/index.html.jinja");
const ATTACKS: &str = include_str!("templates/attacks.html.jinja");
const SERVER: &str = include_str!("templates/server.html.jinja");
const TOOL: &str = include_str!("templates/tool.html.jinja");

/// One page; links in it lead to pages beside it.
///
/// # Errors
/// A sentence on a fault of a template.
pub(super) fn one(catalog: &Catalog, shown: &Shown<'_>) -> Result<String, String> {
    match shown {
        Shown::All => html::fill(INDEX, &index(catalog)),
        Shown::Server(server) => html::fill(SERVER, &of_server(server)),
        Shown::Tool(server, tool) => html::fill(TOOL, &of_tool(catalog, server, tool)),
    }
}

/// Writes all pages into a folder, which it makes if there is none. Other files stay.
///
/// # Errors
/// A sentence on the first page that cannot be written.
pub(super) fn write_all(catalog: &Catalog, folder: &Path) -> Result<(), String> {
    write(&folder.join("index.html"), &one(catalog, &Shown::All)?)?;
    let attacks: Vec<Value> = catalog.attacks.iter().map(of_attack).collect();
    let attacks = json!({"title": "Attack patterns", "attacks": attacks});
    write(&folder.join("attacks.html"), &html::fill(ATTACKS, &attacks)?)?;
    for server in &catalog.servers {
        let folder = folder.join(server.entry.server.as_str());
        write(&folder.join("index.html"), &one(catalog, &Shown::Server(server))?)?;
        for tool in &server.entry.tools {
            let file = folder.join(format!("{}.html", tool.name.as_str()));
            write(&file, &one(catalog, &Shown::Tool(server, tool))?)?;
        }
    }
    Ok(())
}

fn write(file: &Path, page: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(file);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, page));
    written.map_err(|error| format!("cannot write `{}`: {error}", file.display()))
}

fn index(catalog: &Catalog) -> Value {
    let servers = catalog.servers.iter().map(|Server { entry, .. }| {
        json!({
            "name": entry.server.as_str(),
            "title": entry.title,
            "about": entry.about,
            "count": entry.tools.len(),
            "serious": entry.tools.iter().filter(|tool| tool.risk >= Risk::High).count(),
        })
    });
    let attacks: Vec<Value> = catalog.attacks.iter().map(of_attack).collect();
    json!({"title": "What agents can call", "servers": servers.collect::<Vec<_>>(), "attacks": attacks})
}

fn of_attack(attack: &Attack) -> Value {
    let calls: Vec<String> = attack.calls.iter().map(ToString::to_string).collect();
    json!({
        "id": attack.id.as_str(),
        "title": attack.title,
        "what": attack.what,
        "stopped_by": attack.stopped_by,
        "classes": attack.classes.iter().map(|class| class.name()).collect::<Vec<_>>().join(", "),
        "arguments": attack.arguments.join(", "),
        "policy": pretty(&attack.policy),
        "calls": calls.join("\n"),
    })
}

fn of_server(server: &Server) -> Value {
    let entry = &server.entry;
    let tools = entry.tools.iter().zip(server.treatments()).map(|(tool, treatment)| {
        json!({
            "name": tool.name.as_str(), "does": tool.does, "class": tool.class.name(), "risk": tool.risk.name(),
            "treatment": treatment,
        })
    });
    json!({
        "title": entry.title,
        "about": entry.about,
        "read_from": entry.read_from.describe(),
        "tools": tools.collect::<Vec<_>>(),
        "fill_in": entry.fill_in.iter().map(|place| json!({"at": place.at, "what": place.what})).collect::<Vec<_>>(),
        "leaves": entry.leaves.iter().map(|one| json!({"attack": one.attack, "why": one.why})).collect::<Vec<_>>(),
        "policy": server.policy,
    })
}

fn of_tool(catalog: &Catalog, server: &Server, tool: &CatalogTool) -> Value {
    let attacks = tool.attacks.iter().filter_map(|id| catalog.attack(id)).map(of_attack);
    let ways = ways(tool).map(|(heading, rule)| json!({"heading": heading, "rule": pretty(&rule)}));
    json!({
        "title": format!("{} of {}", tool.name.as_str(), server.entry.title),
        "server": server.entry.title,
        "name": tool.name.as_str(),
        "does": tool.does,
        "class": tool.class.name(),
        "risk": tool.risk.name(),
        "why": tool.why,
        "differs": tool.differs,
        "arguments": tool.arguments.join(", "),
        "treatment": server.treatment(tool),
        "read_from": server.entry.read_from.describe(),
        "attacks": attacks.collect::<Vec<_>>(),
        "ways": ways,
    })
}
