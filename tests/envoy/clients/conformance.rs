//! The conformance suites, as they are published: run against a server, and against it through a gateway.
//!
//! Their own example server is not published. `tests/servers/conformance/` has the tools that their scenarios ask for, on the
//! servers of two SDKs, and does not pass every check by itself either.

use super::{AT_ONCE, places, table};
use crate::{
    gateway::{Gateway, Listener, json_text},
    process::fresh_folder,
    runtime::run,
    sdk_servers::Server,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// A suite, and the server that it is run against.
struct Suite {
    /// Its version.
    version: &'static str,
    /// The name of its package here.
    package: &'static str,
    arguments: [&'static str; 2],
    /// The kind of the server.
    server: &'static str,
    /// How many checks it has at least.
    checks: usize,
}

const SUITES: [Suite; 3] = [
    Suite {
        version: "0.1.16",
        package: "conformance-1",
        arguments: ["--suite", "all"],
        server: "sessions",
        checks: 40,
    },
    Suite {
        version: "0.2.0-alpha.12",
        package: "conformance-2",
        arguments: ["--requirements", "2026-07-28"],
        server: "stateless",
        checks: 180,
    },
    Suite {
        version: "0.2.0-alpha.12",
        package: "conformance-2",
        arguments: ["--scenario", "http-header-validation"],
        server: "lenient",
        checks: 10,
    },
];

/// Where a suite is run.
const ROUTES: [&str; 3] = ["directly", "through `default: allow`", "through `default: deny`"];

/// A check by its scenario, its id and name, and its number among those of that name; and its status.
type Checks = BTreeMap<(String, String, usize), String>;

/// A policy that permits everything, and one that names it.
fn policies() -> [(&'static str, Value); 2] {
    let all = json!({ "*": {} });
    [
        ("allow", json!({ "version": "1", "default": "allow" })),
        ("deny", json!({ "version": "1", "default": "deny", "tools": all, "prompts": all, "resources": all })),
    ]
}

#[test]
fn no_check_is_worse_through_a_gateway() {
    let Some(places) = places() else { return };
    run(async {
        let mut servers = Vec::new();
        for suite in &SUITES {
            servers.push(Server::start_for_conformance("conformance", &places.servers, suite.server).await);
        }
        let listeners = servers.iter().flat_map(|server| {
            policies().map(|(name, policy)| {
                let configuration = json!({ "policy": policy, "protocol": { "headers": "hold" } });
                Listener::new(name, json_text(&configuration.to_string()))
                    .buffer_limit(5 << 20)
                    .in_front_of(server.name, server.address)
            })
        });
        let gateway = Gateway::start("clients-conformance", &listeners.collect::<Vec<_>>()).await;
        let folder = fresh_folder("conformance-results");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = Vec::new();
        for (suite, server) in SUITES.iter().zip(&servers) {
            let through = policies().map(|(name, _)| gateway.at(&format!("{}-{name}", server.name)));
            for (index, address) in [server.address].into_iter().chain(through).enumerate() {
                let results = folder.join(format!("{}-{index}", suite.server));
                let package = places.clients.join("conformance/node_modules").join(suite.package);
                let mut command = Command::new("node");
                command.arg("--import").arg(root.join("tests/clients/conformance/glob.mjs"));
                command.arg(package.join("dist/index.js")).args(["server", "--url", &format!("http://{address}/mcp")]);
                command.args(suite.arguments).arg("-o").arg(&results).current_dir(&folder).stdin(Stdio::null());
                running.push(tokio::spawn(run_suite(suite.checks, command, results, Arc::clone(&turns))));
            }
        }
        let mut all = Vec::new();
        for suite in running {
            all.push(suite.await.expect("a suite that ends"));
        }
        let (mut worse, mut repaired, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (suite, routes) in SUITES.iter().zip(all.chunks(ROUTES.len())) {
            for (route, checks) in ROUTES.iter().zip(routes) {
                counts.push(format!("{} {} {route}: {}", suite.version, suite.server, count(checks)));
                worse.extend(worse_than(&routes[0], checks).map(|check| format!("{} {route}: {check}", suite.version)));
            }
            repaired.extend(repaired_by(&routes[0], &routes[1..]));
        }
        println!("{}", counts.join("\n"));
        assert!(worse.is_empty(), "{}", worse.join("\n"));
        let shown: Vec<String> = repaired.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
        assert_eq!(
            table("Checks that the gateway repairs:"),
            repaired,
            "tests/README.md should say:\n{}",
            shown.join("\n")
        );
    });
}

/// Runs a suite, and reads its results. It fails if a check fails, which some do without a gateway, too.
async fn run_suite(least: usize, mut command: Command, results: PathBuf, turns: Arc<Semaphore>) -> Checks {
    let _turn = turns.acquire_owned().await.expect("open");
    let output = spawn_blocking(move || command.output()).await.expect("no panic");
    let output = output.unwrap_or_else(|error| panic!("Node does not start: {error}"));
    let checks = read(&results);
    assert!(
        checks.len() >= least,
        "only {} checks: {}{}",
        checks.len(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    checks
}

/// The checks of all scenarios in a folder.
fn read(results: &Path) -> Checks {
    /// `-` and the time, as `2026-11-29T20-04-18-123Z`.
    const TIME: usize = 25;
    let mut checks = Checks::new();
    let scenarios = fs::read_dir(results).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    for scenario in scenarios {
        let folder = scenario.file_name().and_then(|name| name.to_str()).expect("a name");
        let name = folder.strip_prefix("server-").and_then(|name| name.get(..name.len().checked_sub(TIME)?));
        let name = name.unwrap_or_else(|| panic!("{folder} names no scenario"));
        let text = fs::read_to_string(scenario.join("checks.json")).expect("the checks");
        let all: Vec<Value> = serde_json::from_str(&text).expect("a list");
        for check in all {
            let text = |member: &str| check[member].as_str().unwrap_or_else(|| panic!("no {member}: {check}"));
            let (check, status) = (format!("`{}` {}", text("id"), text("name")), text("status"));
            let number = checks
                .range((name.to_owned(), check.clone(), 0)..=(name.to_owned(), check.clone(), usize::MAX))
                .count();
            checks.insert((name.to_owned(), check, number), status.to_owned());
        }
    }
    checks
}

/// How good a status is; one that says nothing of the server is none.
fn rank(status: &str) -> Option<u8> {
    match status {
        "FAILURE" => Some(0),
        "WARNING" => Some(1),
        "SUCCESS" => Some(2),
        "INFO" | "SKIPPED" => None,
        other => panic!("{other} is no status of a check"),
    }
}

fn count(checks: &Checks) -> String {
    let of = |status: &str| checks.values().filter(|found| *found == status).count();
    format!("{} passed, {} failed, {} warnings", of("SUCCESS"), of("FAILURE"), of("WARNING"))
}

/// The checks that are worse than directly, or missing.
fn worse_than<'c>(directly: &'c Checks, through: &'c Checks) -> impl Iterator<Item = String> + 'c {
    directly.iter().filter_map(|(check, before)| {
        let after = through.get(check).map_or("missing", String::as_str);
        let is_worse = match (rank(before), after) {
            (Some(0) | None, "missing") => false,
            (Some(_), "missing") => true,
            (before, after) => rank(after) < before,
        };
        is_worse.then(|| format!("{check:?} is {after} and not {before}"))
    })
}

/// The rows of the checks that are better on every other route: scenario, check, and both statuses.
fn repaired_by<'c>(directly: &'c Checks, through: &'c [Checks]) -> impl Iterator<Item = Vec<String>> + 'c {
    directly.iter().filter_map(move |(check, before)| {
        let after = through[0].get(check)?;
        let is_better = through.iter().all(|checks| checks.get(check).is_some_and(|after| rank(after) > rank(before)));
        let (scenario, name, _) = check;
        let row = vec![format!("`{scenario}`"), name.clone(), before.to_lowercase(), after.to_lowercase()];
        (rank(before).is_some() && is_better).then_some(row)
    })
}
