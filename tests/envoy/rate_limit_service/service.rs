//! The service, started and listened to.

use crate::{
    prerequisites,
    process::{Process, fresh_folder},
    runtime::until,
};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

/// A running service; it ends when this is dropped.
pub(super) struct Service {
    process: Process,
    pub(super) address: SocketAddr,
}

impl Service {
    /// Starts one; `None` if `MCP_POLICY_SKIP` names it.
    ///
    /// # Panics
    /// If it does not listen.
    pub(super) async fn start(test: &str) -> Option<Self> {
        Self::start_at(test, 0).await
    }

    /// Starts one at a port, or at any if that is 0.
    ///
    /// # Panics
    /// If it does not listen.
    pub(super) async fn start_at(test: &str, port: u16) -> Option<Self> {
        let place = prerequisites::find("rate_limit_service")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rate_limit_service/service.py");
        let mut command = Command::new(place.join("bin/python"));
        command.arg(script).arg(port.to_string()).stdin(Stdio::null());
        let log = fresh_folder(&format!("fleet-{test}-service")).join("service.log");
        let process = Process::start(&mut command, log).expect("the service starts");
        let port = until("the service listens", || async {
            assert!(process.ended().is_none(), "{}", process.log_tail());
            process.log().lines().next()?.parse().ok()
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.await));
        Some(Self { process, address })
    }

    /// What it was asked, in order.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.process.log().lines().skip(1).map(|line| serde_json::from_str(line).expect("a request")).collect()
    }
}
