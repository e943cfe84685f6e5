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
    process::Command,
};

/// A running etcd; it ends when this is dropped.
pub(super) struct Etcd {
    program: PathBuf,
    folder: PathBuf,
    nodes: [Node; 3],
}

struct Node {
    clients: SocketAddr,
    peers: SocketAddr,
    process: Option<Process>,
}

impl Etcd {
    /// Starts one; `None` if `MCP_POLICY_SKIP` names it.
    pub(super) async fn start(test: &str) -> Option<Self> {
        let program = prerequisites::find("etcd")?;
        let folder = fresh_folder(&format!("etcd-{test}"));
        // All at once, so that no two are the same.
        let ports = [(); 6].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let ports = ports.map(|listener| listener.local_addr().expect("an address"));
        let node = |n: usize| Node { clients: ports[n], peers: ports[n + 3], process: None };
        let mut etcd = Self { program, folder, nodes: [0, 1, 2].map(node) };
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
        let Node { clients, peers, .. } = self.nodes[n];
        let mut command = Command::new(&self.program);
        command.args(["--name", &format!("n{n}"), "--data-dir"]).arg(self.folder.join(format!("n{n}")));
        command.args(["--initial-cluster", &members.join(","), "--log-level", "warn"]);
        for (what, address) in [("client", clients), ("peer", peers)] {
            command.args([format!("--listen-{what}-urls"), format!("http://{address}")]);
        }
        command.args(["--advertise-client-urls", &format!("http://{clients}")]);
        command.args(["--initial-advertise-peer-urls", &format!("http://{peers}")]);
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
            let answer = client::try_send(node.clients, &Request::new("GET", "/health")).await.ok()?;
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
