//! What each server makes of a value that a rule may look at: what its tool receives, and what the engine judges.
//!
//! A rule is evaded where a tool receives a value that a rule denies, and the rule does not deny what was sent. Each value
//! that arrives as another one must therefore be refused, be of the wrong type, or be judged as the server reads it. What
//! remains is a limit of every gateway that does not know the tool's schema. The table in `tests/README.md` names them all;
//! this test fails where it differs from what the servers do, and prints the table as it should be. So a new version of an
//! SDK is compared by `cargo test --test envoy servers::values`.

mod sent;

use self::sent::SENT;
use super::{Server, report};
use crate::{
    client::{self, Response, message},
    command::try_command,
    prerequisites::find,
    process::fresh_folder,
    runtime::run,
};
use mcp_policy::{
    config::Config,
    engine::{self, BoundRequest, Disposition, RequestInfo},
    http::Headers,
    identity::Grant,
    store::InMemory,
    time::Timestamp,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, sync::Arc};

/// The servers that are compared; what reads the body makes no difference to a value.
const SERVERS: [&str; 6] = ["python-1", "python-2", "fastmcp", "typescript-1-node", "typescript-2-node", "rust"];

/// What becomes of a value that arrives as another one, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Judged {
    /// No server receives another value than was sent.
    AsSent,
    /// The request is refused, or its arguments are ambiguous.
    Refused,
    /// As the server reads it.
    AsRead,
    /// Denied: of the wrong type, or ambiguous.
    Denied,
    /// As it was sent.
    Limit,
}

#[test]
fn no_rule_is_evaded_by_what_a_server_makes_of_a_value() {
    let Some(place) = find("servers") else { return };
    run(async {
        let mut servers = Server::start_all("values", &place, "json").await;
        servers.push(Server::start_fastmcp("values", &place).await);
        let of = |name| servers.iter().find(|server| server.name == name).expect("a server").clone();
        let servers: Vec<Arc<Server>> = SERVERS.into_iter().map(of).collect();
        let mut pinned = Vec::new();
        for server in &servers {
            pinned.push(pin(server).await);
        }
        let mut rows = Vec::new();
        let (mut sent, mut limits, mut refused) = (0, 0, 0);
        for (tool, values) in SENT {
            for value in values {
                sent += 1;
                let (cells, judged) = row(&servers, tool, value).await;
                refused += check_strict(&servers, &pinned, tool, value, &cells);
                limits += usize::from(judged == Judged::Limit);
                if judged != Judged::AsSent {
                    rows.push(format!("| `{tool}` | {} | {} | {} |", code(value), cells.join(" | "), judged.text()));
                }
            }
        }
        report(&format!(
            "{sent} values: {} arrive as others, {limits} of them are limits; `strict` denies {refused} in all servers together",
            rows.len()
        ));
        let table = rows.join("\n");
        assert!(include_str!("../../README.md").contains(&table), "tests/README.md should have this table:\n{table}");
    });
}

/// A policy whose `arguments` are `strict`, pinned by the command from what the server lists.
async fn pin(server: &Server) -> Config {
    let folder = fresh_folder(&format!("values-{}", server.name));
    let file = folder.join("policy.json").to_str().expect("a name").to_owned();
    let policy = r#"{ "version": "1", "default": "allow", "arguments": "strict", "definitions": {} }"#;
    fs::write(&file, policy).expect("a policy");
    let url = format!("http://localhost:{}/mcp", server.address.port());
    let arguments = ["pin", &file, "--url", &url, "--header", "Host: localhost"].map(str::to_owned);
    let run = move || try_command(&arguments.each_ref().map(String::as_str), "");
    let (code, text, error) = tokio::task::spawn_blocking(run).await.expect("the command");
    assert_eq!(code, 0, "{}: {text}{error}", server.name);
    Config::load(&fs::read(&file).expect("a policy")).unwrap_or_else(|invalid| panic!("{}: {invalid}", server.name))
}

/// With `strict`, no value gets through that a server receives as another one. What is not sent is what the schema says.
fn check_strict(servers: &[Arc<Server>], pinned: &[Config], tool: &str, value: &str, cells: &[String]) -> usize {
    let mut refused = 0;
    for ((server, config), cell) in servers.iter().zip(pinned).zip(cells) {
        let is_other = !["—", "as sent"].contains(&cell.as_str());
        if is_other && !value.is_empty() {
            let passes = decide_with(config, &body(tool, value)) == Some(true);
            assert!(!passes, "{}: `strict` lets {value} through to {tool}, which receives {cell}", server.name);
            refused += 1;
        }
    }
    refused
}

/// What each server's tool receives of a value, and how that is judged.
async fn row(servers: &[Arc<Server>], tool: &str, value: &str) -> (Vec<String>, Judged) {
    let body = body(tool, value);
    let (mut cells, mut judged) = (Vec::new(), BTreeSet::from([Judged::AsSent]));
    for server in servers {
        let received = received(&client::send(server.address, &message(body.clone())).await);
        cells.push(match &received {
            None => "—".to_owned(),
            Some(received) if is_same(value, received) => "as sent".to_owned(),
            Some(received) => {
                judged.insert(judge(&body, tool, received));
                code(received)
            }
        });
    }
    (cells, judged.pop_last().expect("one at least"))
}

/// A call of the tool.
fn body(tool: &str, value: &str) -> String {
    let arguments = if value.is_empty() { "{}".to_owned() } else { format!(r#"{{"value":{value}}}"#) };
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"value_{tool}","arguments":{arguments}}}}}"#
    )
}

/// What the tool received, as JSON; nothing where the server did not run it.
fn received(response: &Response) -> Option<String> {
    let text = response.text();
    let json = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text);
    let message: Value = serde_json::from_str(json).ok()?;
    let result = &message["result"];
    (result["isError"] != true).then(|| result["content"][0]["text"].as_str().map(str::to_owned)).flatten()
}

/// Whether two texts are the same value, numbers to the last digit.
fn is_same(sent: &str, received: &str) -> bool {
    let exact = |text: &str| {
        let node = mcp_policy::json::parse(text.as_bytes(), 64).ok()?;
        Some(canonical(&node.value))
    };
    exact(sent).is_some_and(|sent| exact(received) == Some(sent))
}

fn canonical(value: &mcp_policy::json::Value<'_>) -> String {
    use mcp_policy::json::{Decimal, Value};
    match value {
        Value::Number(text) => Decimal::new(text).map_or_else(String::new, |number| number.comparison_key()),
        Value::Array(elements) => {
            format!("{:?}", elements.iter().map(|node| canonical(&node.value)).collect::<Vec<_>>())
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|one| (&*one.name, canonical(&one.node.value))).collect();
            members.sort();
            format!("{members:?}")
        }
        other => format!("{other:?}"),
    }
}

/// How a call is judged by rules on the value that a server received.
fn judge(body: &str, tool: &str, received: &str) -> Judged {
    let inside = if tool == "object" { received_name(received) } else { None };
    let (path, literal) = inside.map_or(("args.value", received.to_owned()), |name| ("args.value.name", name));
    let condition = match (literal.as_str(), serde_json::from_str::<Value>(&literal)) {
        ("null", _) => json!({ "path": path, "op": "exists", "value": false }),
        (_, Ok(literal)) => json!({ "path": path, "op": "eq", "value": literal }),
        // Python's `Infinity` and `NaN`, which no policy can name.
        (_, Err(_)) => json!({ "path": path, "op": "gt", "value": 0 }),
    };
    if engine_refuses(body) {
        return Judged::Refused;
    }
    let permits = |list: &str| decide(body, &json!({ list: [{ "conditions": [condition] }] }));
    match (permits("require"), permits("deny_if")) {
        (Some(true), Some(false)) => Judged::AsRead,
        (Some(false), Some(false)) => Judged::Denied,
        _ => Judged::Limit,
    }
}

/// The text of `name` in a received object, as JSON.
fn received_name(received: &str) -> Option<String> {
    Some(serde_json::from_str::<Value>(received).ok()?.get("name")?.to_string())
}

/// Whether the call does not get through though nothing in the policy speaks against it.
fn engine_refuses(body: &str) -> bool {
    decide(body, &json!({})) != Some(true)
}

/// Whether a rule lets a call through; nothing where the request is refused.
fn decide(body: &str, rule: &Value) -> Option<bool> {
    let policy = json!({ "version": "1", "default": "deny", "tools": { "value_*": rule } });
    let config = Config::load(policy.to_string().as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}\n{policy}"));
    decide_with(&config, body)
}

fn decide_with(config: &Config, body: &str) -> Option<bool> {
    let head = [(":method", "POST"), (":path", "/mcp"), ("content-type", "application/json")];
    let head = head.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let call = RequestInfo::new(Headers::new(head.to_vec()), Ok(Grant::from_name("address:10.0.0.7")));
    let store = InMemory::new([7; 16]);
    match engine::authorize(config, &BoundRequest::new(config, call), body.as_bytes(), "values", Timestamp(0), &store)
        .answer
    {
        Disposition::Forward(_) => Some(true),
        Disposition::Reply(reply) => reply.body.contains("-31403").then_some(false),
        Disposition::Callout(_) => None,
    }
}

/// A value as code in a table's cell.
fn code(value: &str) -> String {
    if value.is_empty() { "nothing".to_owned() } else { format!("`{}`", value.replace('|', "\\|")) }
}

impl Judged {
    fn text(self) -> &'static str {
        match self {
            Self::AsSent => "as sent",
            Self::Refused => "refused",
            Self::AsRead => "as read",
            Self::Denied => "denied",
            Self::Limit => "**limit**",
        }
    }
}
