//! An etcd of three nodes on loopback, which tests kill and start again.

use crate::{
    client::{self, Body, Request},
    prerequisites,
    process::{Process, fresh_folder},
    runtime::until,
};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

/// A running etcd; it ends when this is dropped.
pub(super) struct Etcd {
    program: PathBuf,
    folder: PathBuf,
    nodes: [Node; 3],
    /// The folder with `ca.crt`, `server.crt` and `server.key`, if clients come by mutual TLS.
    certificates: Option<PathBuf>,
}

struct Node {
    clients: SocketAddr,
    peers: SocketAddr,
    /// Where it says how it is, without TLS.
    metrics: SocketAddr,
    process: Option<Process>,
}

impl Etcd {
    /// Starts one; `None` if `MCP_POLICY_SKIP` names it.
    pub(super) async fn start(test: &str) -> Option<Self> {
        Self::start_with(test, None).await
    }

    /// Starts one that accepts only clients whose certificates this authority has signed.
    pub(super) async fn start_with(test: &str, certificates: Option<PathBuf>) -> Option<Self> {
        let program = prerequisites::find("etcd")?;
        let folder = fresh_folder(&format!("etcd-{test}"));
        let ports = [(); 9].map(|()| take_address());
        let node = |n: usize| Node { clients: ports[n], peers: ports[n + 3], metrics: ports[n + 6], process: None };
        let mut etcd = Self { program, folder, nodes: [0, 1, 2].map(node), certificates };
        for n in 0..3 {
            etcd.start_node(n);
        }
        for n in 0..3 {
            etcd.until_healthy(n).await;
        }
        Some(etcd)
    }

    /// Where clients find the nodes.
    pub(super) fn addresses(&self) -> [SocketAddr; 3] {
        self.nodes.each_ref().map(|node| node.clients)
    }

    /// Starts a node, which has what it had when it was killed.
    pub(super) fn start_node(&mut self, n: usize) {
        let members = self.nodes.iter().enumerate().map(|(n, node)| format!("n{n}=http://{}", node.peers));
        let members: Vec<String> = members.collect();
        let Node { clients, peers, metrics, .. } = self.nodes[n];
        let mut command = Command::new(&self.program);
        command.args(["--name", &format!("n{n}"), "--data-dir"]).arg(self.folder.join(format!("n{n}")));
        command.args(["--initial-cluster", &members.join(","), "--log-level", "warn"]);
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        for (what, url) in [
            ("--listen-client-urls", format!("{scheme}://{clients}")),
            ("--advertise-client-urls", format!("{scheme}://{clients}")),
            ("--listen-peer-urls", format!("http://{peers}")),
            ("--initial-advertise-peer-urls", format!("http://{peers}")),
            ("--listen-metrics-urls", format!("http://{metrics}")),
        ] {
            command.args([what, &url]);
        }
        if let Some(folder) = &self.certificates {
            command.arg("--client-cert-auth");
            for (what, file) in
                [("--trusted-ca-file", "ca.crt"), ("--cert-file", "server.crt"), ("--key-file", "server.key")]
            {
                command.arg(what).arg(folder.join(file));
            }
        }
        let log = self.folder.join(format!("n{n}.log"));
        self.nodes[n].process = Some(Process::start(&mut command, log).expect("etcd starts"));
    }

    /// Kills a node.
    pub(super) fn kill_node(&mut self, n: usize) {
        self.nodes[n].process = None;
    }

    /// Waits until a node answers as one of a group that has a leader.
    pub(super) async fn until_healthy(&self, n: usize) {
        let node = &self.nodes[n];
        until("the node is healthy", || async {
            let process = node.process.as_ref().expect("it runs");
            assert!(process.ended().is_none(), "{}", process.log_tail());
            let answer = client::try_send(node.metrics, &Request::new("GET", "/health")).await.ok()?;
            (answer.status == 200 && answer.text().contains("\"true\"")).then_some(())
        })
        .await;
    }

    /// The number of the node that leads the others.
    pub(super) async fn leader(&self) -> usize {
        until("etcd has a leader", || async {
            for (n, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.process.is_some()) {
                let request = Request::new("POST", "/v3/maintenance/status").body(Body::sized("{}"));
                let Ok(answer) = client::try_send(node.clients, &request).await else { continue };
                let status = answer.json();
                if status["leader"].is_string() && status["leader"] == status["header"]["member_id"] {
                    return Some(n);
                }
            }
            None
        })
        .await
    }
}

/// An address that is handed out once, and stays free while its node is down: Linux gives connections and listeners that ask for any
/// port those from 32,768 on.
fn take_address() -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Another run of the tests at the same time begins elsewhere.
    let start = process::id().wrapping_mul(41);
    let mut addresses = (0..PORTS).map(|_| {
        let port = 20_000 + start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % PORTS;
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port")))
    });
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}

/// How many ports nodes may have.
const PORTS: u32 = 12_000;
