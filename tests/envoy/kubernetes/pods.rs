//! A roll-out of pods under load, with the signals that a kubelet sends. A new policy, other approvers and another module are
//! other pods with the rendered sidecar. No call is lost, and each is judged by the policy of its pod.

use super::{render, sidecar::mounted};
use crate::{
    answer::{assert_allowed, assert_denied},
    client::{Connection, Request, Stream, call, send},
    gateway::{Gateway, module},
    process::target,
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};

/// How many clients call.
const CLIENTS: usize = 6;
/// How long a client waits between calls, so that a new pod has a processor to start on.
const BREATH: Duration = Duration::from_millis(5);
/// Kubernetes takes a pod out of a Service's addresses a while after it has told the pod to end.
const LAG: Duration = Duration::from_millis(700);
/// The pause of `preStop` that is rendered, and how long it is here.
const PAUSE: (u64, Duration) = (20, Duration::from_secs(3));

/// A pod: an Envoy before a server.
struct Pod {
    gateway: Gateway,
    /// The command of Envoy's `preStop`.
    stop: Vec<String>,
}

impl Pod {
    /// Starts what is rendered, and waits until it is ready.
    async fn start(name: &str, policy: &Value, options: &[&str], module: &Path) -> Self {
        let mut stop = Vec::new();
        let gateway = Gateway::start_with(name, |folder, upstream| {
            let upstream = format!("http://{upstream}");
            let options = [&["--port", "0", "--upstream", &upstream], options].concat();
            let rendered = render(folder, "sidecar", &policy.to_string(), &options);
            let objects: Vec<Value> = serde_saphyr::from_multiple(&rendered).expect("YAML");
            let [_, _, deployment, _service] = &objects[..] else { panic!("four objects") };
            let pod = &deployment["spec"]["template"]["spec"];
            assert_eq!(pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"], PAUSE.0);
            let command = &pod["initContainers"][0]["lifecycle"]["preStop"]["exec"]["command"];
            stop = serde_json::from_value(command.clone()).expect("a command");
            mounted(&objects, folder, module)
        });
        let pod = Self { gateway: gateway.await, stop };
        until("the pod is ready", || async {
            let answer = send(pod.gateway.at("health"), &Request::new("GET", "/ready")).await;
            (answer.status == 200).then_some(())
        })
        .await;
        pod
    }

    /// Ends as a kubelet ends it: `preStop` of both containers at once; when that of the server is over and the server has
    /// answered its calls, SIGTERM to Envoy.
    async fn end(self, last_calls: impl Future<Output = ()>) {
        let admin = self.gateway.admin().port().to_string();
        let script = self.stop[2].replace("9901", &admin);
        assert!(Command::new(&self.stop[0]).args([&self.stop[1], &script]).status().expect("Bash").success());
        sleep(PAUSE.1).await;
        last_calls.await;
        let id = self.gateway.process_id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        until("Envoy has ended", || async { self.gateway.has_ended().then_some(()) }).await;
    }
}

/// The addresses of a Service.
type Addresses = Arc<Mutex<Vec<SocketAddr>>>;

fn set(addresses: &Addresses, to: &[SocketAddr]) {
    *addresses.lock().unwrap_or_else(PoisonError::into_inner) = to.to_vec();
}

/// Clients of a Service.
struct Load {
    clients: JoinSet<()>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Load {
    /// Clients that call `ok`, which passes, and `other`, which does not.
    fn start(addresses: &Addresses) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (addresses, stop, answered) = (Arc::clone(addresses), Arc::clone(&stop), Arc::clone(&answered));
            clients.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let all = addresses.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    call_for_a_while(all[client % all.len()], &stop, &answered).await;
                }
            });
        }
        Self { clients, stop, answered }
    }

    /// How many calls passed. A server answered each of them.
    async fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(client) = self.clients.join_next().await {
            client.expect("every call of every client is answered");
        }
        self.answered.load(Ordering::Relaxed)
    }
}

/// Calls over one connection until Envoy closes it with an answer, at most a hundred times. It panics where no answer comes.
async fn call_for_a_while(to: SocketAddr, stop: &AtomicBool, answered: &AtomicU64) {
    let mut connection = Connection::open(to).await;
    for _ in 0..100 {
        let answer = connection.send(&call("ok", &json!({}), "1", &[])).await;
        assert_allowed(&answer);
        answered.fetch_add(1, Ordering::Relaxed);
        if !Connection::stays_open(&answer) || stop.load(Ordering::Relaxed) {
            return;
        }
        let denied = connection.send(&call("other", &json!({}), "1", &[])).await;
        assert_denied(&denied, "1", "other", "(default deny)");
        if !Connection::stays_open(&denied) {
            return;
        }
        sleep(BREATH).await;
    }
}

/// The module under test with another name on it.
fn another_module() -> std::path::PathBuf {
    let mut bytes = fs::read(module()).expect("the module");
    // A custom section, which is ignored: its length, that of its name, and its name.
    bytes.extend([0, 2, 1, b'v']);
    let file = target().join("e2e/another.wasm");
    fs::write(&file, bytes).expect("a file");
    file
}

#[test]
fn no_call_is_lost_when_pods_are_replaced_for_a_policy_for_approvers_and_for_a_module() {
    run(async {
        let policy = |tool: &str| json!({ "version": "1", "default": "deny", "tools": { "ok": {}, tool: {} } });
        let approver = ["--approver", "peer:spiffe://another"];
        let versions = [
            (policy("first"), &[][..], module()),
            (policy("second"), &[][..], module()),
            (policy("second"), &approver[..], module()),
            (policy("second"), &approver[..], another_module()),
        ];
        // All start before there is load, which would only slow their starts.
        let mut pods = Vec::new();
        for (number, (policy, options, module)) in versions.iter().enumerate() {
            pods.push(Pod::start(&format!("pods-{number}"), policy, options, module).await);
        }
        let mut pods = pods.into_iter();
        let mut pod = pods.next().expect("a first pod");
        let addresses = Addresses::default();
        set(&addresses, &[pod.gateway.at("mcp")]);
        let load = Load::start(&addresses);
        for new in pods {
            // The new pod is ready, so the old one begins to end. Both get calls for a while.
            set(&addresses, &[pod.gateway.at("mcp"), new.gateway.at("mcp")]);
            let last = (addresses.clone(), new.gateway.at("mcp"));
            tokio::spawn(async move {
                sleep(LAG).await;
                set(&last.0, &[last.1]);
            });
            // A call that is running then, and ends after the pause.
            let long = call("ok", &json!({}), "1", &[]);
            let script = pod.gateway.upstream().script(&long, 200, &[("content-type", "application/json")]);
            let stream = Stream::open(pod.gateway.at("mcp"), &long).await;
            pod.end(async move {
                let mut script = script;
                script.send_data("{}".into()).await.expect("a client that waits");
                drop(script);
                assert_eq!(stream.rest().await.expect("the whole answer"), "{}");
            })
            .await;
            pod = new;
        }
        assert!(load.end().await > 500);
    });
}

#[test]
fn two_servers_are_judged_by_their_own_policies_under_load() {
    run(async {
        let mut servers = Vec::new();
        for (app, tool) in [("one", "read"), ("two", "write")] {
            let policy = json!({ "version": "1", "default": "deny", "tools": { tool: {} } });
            let pod = Pod::start(&format!("pods-{app}"), &policy, &["--app", app], &module()).await;
            servers.push((pod, tool));
        }
        let mut clients = JoinSet::new();
        for (pod, tool) in &servers {
            for _ in 0..CLIENTS {
                let (to, tool) = (pod.gateway.at("mcp"), *tool);
                clients.spawn(async move {
                    let mut connection = Connection::open(to).await;
                    for _ in 0..100 {
                        for asked in ["read", "write"] {
                            let answer = connection.send(&call(asked, &json!({}), "1", &[])).await;
                            if asked == tool {
                                assert_allowed(&answer);
                            } else {
                                assert_denied(&answer, "1", asked, "(default deny)");
                            }
                        }
                    }
                });
            }
        }
        while let Some(client) = clients.join_next().await {
            client.expect("every call is judged by the policy of its server");
        }
        for (pod, tool) in &servers {
            let calls = u64::try_from(CLIENTS).expect("a number") * 100;
            let allowed = format!("policy=.=default;.;tool=.={tool};.;decision=.=allowed;.;mcp_policy_decisions");
            assert_eq!(pod.gateway.metrics().await.get(&allowed), Some(&calls));
            assert_eq!(pod.gateway.stat("cluster.mcp_server.upstream_rq_total").await, calls);
        }
    });
}
