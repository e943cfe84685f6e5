//! Real clients whose call needs approval: asked, at the page, repeated, passed once. With `approvals.elicit`, those that show pages to
//! their user are sent there by MCP's own means.

use super::{Found, Places, node_program, places, python, run_all};
use crate::{
    client::{Body, Request},
    gateway::{Gateway, Listener, json_text},
    process::fresh_folder,
    runtime::run,
    sdk_servers::Server,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::process::{Command, Stdio};
use tokio::task::spawn_blocking;

/// The approver's token.
const TOKEN: &str = "a-token-for-tests";

/// How a client learns of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The SDK has the user open it, and repeats the call itself; MCP 2026-07-28.
    InputRequired,
    /// By the error -32042; MCP 2025-11-25.
    UrlElicitation,
    /// By the message of the error -31428.
    Message,
}

/// A client: its name, packages and lifecycle, whether it shows pages, and how it learns of this one.
const CLIENTS: [(&str, &str, &str, &str, Way); 10] = [
    ("typescript-2-2026", "typescript-2-client", "2-stateless", "url", Way::InputRequired),
    ("typescript-2-2026-plain", "typescript-2-client", "2-stateless", "nothing", Way::Message),
    ("python-2-2026", "python-2", "sdk-2-stateless", "url", Way::InputRequired),
    ("python-2-2026-plain", "python-2", "sdk-2-stateless", "nothing", Way::Message),
    ("typescript-1", "typescript-1", "1", "url", Way::UrlElicitation),
    ("typescript-1-plain", "typescript-1", "1", "nothing", Way::Message),
    ("typescript-2", "typescript-2-client", "2", "url", Way::UrlElicitation),
    ("python-1", "python-1", "sdk", "url", Way::UrlElicitation),
    ("python-1-plain", "python-1", "sdk", "nothing", Way::Message),
    ("python-2", "python-2", "sdk-2", "url", Way::UrlElicitation),
];

/// Whether a client speaks revision 2026-07-28, to a server that speaks it, too.
fn is_stateless(how: &str) -> bool {
    how.ends_with("stateless")
}

/// A gateway for each client, which is a caller of its own, and the console of an approver.
async fn start(everything: &Server, both: &Server) -> Gateway {
    let asks = json!({ "action": "require_approval", "reason": "Sums need a person" });
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let console = json!({ "console": { "approvers": [format!("bearer:{digest}")] } });
    let console = Listener::new("console", json_text(&console.to_string())).without_server();
    let inspector = ("inspector", "", "", "", Way::Message);
    let gates = CLIENTS.into_iter().chain([inspector]).map(|(name, _, how, ..)| {
        let configuration = json!({
            "policy": { "version": "1", "default": "deny", "tools": { "get-sum": asks, "value_count": asks } },
            "identity": [{ "constant": name }],
            "protocol": { "headers": "hold" },
            "approvals": { "url": "http://localhost:10001/", "elicit": true },
        });
        let server = if is_stateless(how) { both } else { everything };
        Listener::new(name, json_text(&configuration.to_string())).in_front_of(server.name, server.address)
    });
    let listeners: Vec<Listener> = [console].into_iter().chain(gates).collect();
    Gateway::start("clients-dialogue", &listeners).await
}

fn program(places: &Places, packages: &str) -> Command {
    let place = [&places.clients, &places.servers].map(|place| place.join(packages));
    let place = place.iter().find(|place| place.is_dir()).unwrap_or(&place[0]);
    if packages.starts_with("python") { python(place, "dialogue.py") } else { node_program(place, "dialogue.mjs") }
}

/// What is wrong with what a client has found.
fn fault(way: Way, found: &Found) -> Result<(), String> {
    let is = |what: &str, found: &Value, expected: &Value| {
        if found == expected { Ok(()) } else { Err(format!("{what} should be {expected}: {found}")) }
    };
    let message = "Approval required: a person must approve this call of the tool `";
    let is_message = |what: &str, found: &Value, code: i32| {
        is(what, &found["code"], &json!(code))?;
        match found["message"].as_str() {
            // An SDK may put its own words before it.
            Some(text) if text.contains(message) => Ok(()),
            _ => Err(format!("{what}: {found}")),
        }
    };
    let is_page = |page: &Value| {
        is("mode", &page["mode"], &json!("url"))?;
        let url = page["url"].as_str().unwrap_or_default();
        let is_ours = url.starts_with("http://localhost:10001/#") && url.len() == "http://localhost:10001/#".len() + 20;
        let text = page["message"].as_str().unwrap_or_default();
        let is_worded = text.starts_with(message) && text.ends_with("an approver can decide on this page");
        if is_ours && is_worded { Ok(()) } else { Err(format!("the page: {page}")) }
    };
    let [first, shown, again] = ["first", "shown", "again"].map(|part| found[part].clone());
    match way {
        Way::InputRequired => {
            is("the first call", &first, &json!("passed"))?;
            is_page(&shown[0])?;
            is("the page and the decision", &shown[0]["decided"], &json!([200, 200]))?;
            is("the pages shown", &json!(shown.as_array().map(Vec::len)), &json!(1))?;
            // The approval is used up, and the user of the next dialogue declines.
            is_message("the next call", &again, -31428)
        }
        Way::UrlElicitation | Way::Message => {
            let code = if way == Way::Message { -31428 } else { -32042 };
            is_message("the first call", &first, code)?;
            match way {
                Way::Message => is("pages", &first["pages"], &Value::Null)?,
                _ => is_page(&first["pages"][0])?,
            }
            is("the page and the decision", &found["decided"], &json!([200, 200]))?;
            is("the repeated call", &found["repeated"], &json!("passed"))?;
            is("the pages shown", &shown, &json!([]))?;
            is_message("the next call", &again, code)
        }
    }
}

/// What the command-line client of MCP Inspector prints when it calls the tool: on stdout a result, on stderr an error.
async fn inspect(places: &Places, url: String) -> (bool, String) {
    let program = "inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";
    let mut inspector = Command::new("node");
    inspector.arg(places.clients.join(program)).args(["--cli", &url, "--transport", "http", "--method", "tools/call"]);
    inspector.args(["--tool-name", "get-sum", "--tool-arg", "a=1", "b=2"]).stdin(Stdio::null());
    inspector.env("HOME", fresh_folder("clients-dialogue-inspector"));
    let output = spawn_blocking(move || inspector.output()).await.expect("it ends").expect("node");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Its user reads the message, an approver decides, and the next call passes.
async fn with_the_inspector(places: &Places, gateway: &Gateway, server: &Server) {
    let url = || format!("http://{}/mcp", gateway.at(&format!("{}-inspector", server.name)));
    let (is_passed, text) = inspect(places, url()).await;
    assert!(!is_passed && text.contains("Approval required: a person must approve this call"), "{text}");
    let (_, rest) = text.split_once("http://localhost:10001/#").unwrap_or_else(|| panic!("{text}"));
    let (id, host) = (rest.get(..20).expect("an id"), gateway.at("console").to_string());
    let decide = Request::new("POST", &format!("/api/approvals/{id}"))
        .host(&host)
        .header("authorization", &format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .header("origin", &format!("http://{host}"));
    let decided = gateway.send("console", &decide.body(Body::sized(r#"{"decision":"approve"}"#))).await;
    assert_eq!(decided.status, 200, "{decided}");
    let (is_passed, text) = inspect(places, url()).await;
    assert!(is_passed && text.contains("The sum of 1 and 2 is 3"), "{text}");
    let (is_passed, text) = inspect(places, url()).await;
    assert!(!is_passed && text.contains("Approval required: "), "{text}");
}

#[test]
fn each_client_is_asked_goes_to_the_page_repeats_the_call_and_passes_once() {
    let Some(places) = places() else { return };
    run(async {
        let everything = Server::start_everything("clients-dialogue", &places.servers).await;
        let both = Server::start_both_lifecycles("clients-dialogue", &places.servers).await;
        let gateway = start(&everything, &both).await;
        let console = format!("http://{}", gateway.at("console"));
        let programs = CLIENTS.map(|(name, packages, how, declares, _)| {
            let (server, call) = if is_stateless(how) {
                (&both, json!({ "name": "value_count", "arguments": { "value": 1 } }))
            } else {
                (&everything, json!({ "name": "get-sum", "arguments": { "a": 1, "b": 2 } }))
            };
            let url = format!("http://{}/mcp", gateway.at(&format!("{}-{name}", server.name)));
            let mut command = program(&places, packages);
            command.args([how, declares, &call.to_string(), &url, &console, TOKEN]);
            (name, command)
        });
        let found = run_all(programs.into()).await;
        let wrong = found.iter().zip(CLIENTS).filter_map(|((name, found), (.., way))| {
            let why = fault(way, found).err()?;
            Some(format!("{name}: {why}\n  {found:?}"))
        });
        let wrong: Vec<String> = wrong.collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        with_the_inspector(&places, &gateway, &everything).await;
    });
}
