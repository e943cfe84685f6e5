//! A real Envoy with two worker threads, the module under test in it and a recording upstream behind it.

mod admin;
mod clusters;
mod listener;
mod programs;

pub(crate) use clusters::cluster;
pub(crate) use listener::{Listener, extension, json_text, structure};
pub(crate) use programs::{envoy, module, render, validate};

use crate::{
    client::{self, Request, Response},
    process::{Process, fresh_folder},
    runtime::until,
    upstream::Upstream,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A running Envoy. Clones are the same Envoy; it ends with the last of them, or with the test process.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Running>);

/// What belongs to one Envoy.
struct Running {
    process: Process,
    folder: PathBuf,
    admin: SocketAddr,
    ports: HashMap<String, SocketAddr>,
    upstream: Upstream,
    /// Whether a failing test has shown the log.
    shown: AtomicBool,
}

/// Where Envoy gets its listeners from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The configuration it starts with: a bad listener ends Envoy.
    Static,
    /// A file that it watches: a bad listener is rejected.
    File,
}

impl Gateway {
    /// Starts an Envoy whose listeners are a part of the configuration that it starts with.
    ///
    /// # Panics
    /// If Envoy does not become ready; the message holds the end of its log.
    pub(crate) async fn start(name: &str, listeners: &[Listener]) -> Self {
        Self::try_start(name, listeners, Source::Static).await.unwrap_or_else(|log| panic!("{log}"))
    }

    /// Starts an Envoy that reads its listeners from a file, see [`Self::update`].
    ///
    /// # Panics
    /// If Envoy does not become ready.
    pub(crate) async fn start_with_file(name: &str, listeners: &[Listener]) -> Self {
        Self::try_start(name, listeners, Source::File).await.unwrap_or_else(|log| panic!("{log}"))
    }

    /// Starts an Envoy that should end at once because of what it is configured with, and gives its log.
    ///
    /// # Panics
    /// If Envoy becomes ready.
    pub(crate) async fn refusal_to_start(name: &str, listeners: &[Listener]) -> String {
        match Self::try_start(name, listeners, Source::Static).await {
            Ok(gateway) => panic!("Envoy should have refused this configuration:\n{}", gateway.log()),
            Err(log) => log,
        }
    }

    /// Starts the gateway that `mcp-policy render envoy` makes of a policy; its listener is `mcp`.
    ///
    /// # Panics
    /// If Envoy does not become ready.
    pub(crate) async fn start_rendered(name: &str, policy: &str) -> Self {
        Self::start_changed(name, policy, |rendered| rendered).await
    }

    /// The same, with lines changed by hand.
    ///
    /// # Panics
    /// If Envoy does not become ready.
    pub(crate) async fn start_changed(name: &str, policy: &str, change: impl FnOnce(String) -> String) -> Self {
        Self::start_with(name, |folder, upstream| change(render(folder, policy, upstream, &[]))).await
    }

    /// Starts an Envoy with what is made of its folder and the server's address.
    ///
    /// # Panics
    /// If Envoy does not become ready.
    pub(crate) async fn start_with(name: &str, make: impl FnOnce(&Path, SocketAddr) -> String) -> Self {
        let upstream = Upstream::start().await;
        let folder = fresh_folder(name);
        let config = folder.join("envoy.yaml");
        fs::write(&config, make(&folder, upstream.address)).expect("the configuration file");
        Self::launch(folder, &config, upstream).await.unwrap_or_else(|log| panic!("{log}"))
    }

    /// Starts an Envoy; the error is what it says when it ends instead of becoming ready.
    async fn try_start(name: &str, listeners: &[Listener], source: Source) -> Result<Self, String> {
        let upstream = Upstream::start().await;
        let folder = fresh_folder(name);
        write_listeners(&folder, listeners);
        let config = folder.join("envoy.json");
        let text = bootstrap(&folder, upstream.address, listeners, source).to_string();
        fs::write(&config, text).expect("the configuration file");
        Self::launch(folder, &config, upstream).await
    }

    /// Runs Envoy in front of an upstream.
    async fn launch(folder: PathBuf, config: &Path, upstream: Upstream) -> Result<Self, String> {
        let process = programs::start(config);
        let address_file = folder.join("admin");
        let started = until("Envoy is ready or has ended", || async {
            if let Some(status) = process.ended() {
                return Some(Err(format!("Envoy ended with {status}. {}", process.log_tail())));
            }
            let admin = fs::read_to_string(&address_file).ok()?.trim().parse().ok()?;
            admin::is_live(admin).await.then_some(Ok(admin))
        });
        let admin: SocketAddr = started.await?;
        let ports = admin::ports(admin).await;
        Ok(Self(Arc::new(Running { process, folder, admin, ports, upstream, shown: AtomicBool::new(false) })))
    }

    /// The address of a listener.
    #[track_caller]
    pub(crate) fn at(&self, listener: &str) -> SocketAddr {
        *self.0.ports.get(listener).unwrap_or_else(|| panic!("no listener {listener} in {:?}", self.0.ports))
    }

    /// Sends a request to a listener over its own HTTP/1.1 connection.
    pub(crate) async fn send(&self, listener: &str, request: &Request) -> Response {
        client::send(self.at(listener), request).await
    }

    /// The server behind the gateway.
    pub(crate) fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    /// Puts other listeners into place, in one step, for an Envoy started by [`Self::start_with_file`].
    pub(crate) fn update(&self, listeners: &[Listener]) {
        write_listeners(&self.0.folder, listeners);
    }

    /// One of Envoy's statistics.
    pub(crate) async fn stat(&self, name: &str) -> u64 {
        admin::stat(self.0.admin, name).await
    }

    /// All of Envoy's statistics whose names contain `part`.
    pub(crate) async fn stats(&self, part: &str) -> Vec<(String, u64)> {
        admin::stats(self.0.admin, part).await
    }

    /// What Envoy says of the listeners that it rejected: name and reason.
    pub(crate) async fn rejected(&self) -> HashMap<String, String> {
        admin::rejected(self.0.admin).await
    }

    /// The statistics that the filter itself counts, by the name it gives them; those that are zero are left out.
    pub(crate) async fn metrics(&self) -> BTreeMap<String, u64> {
        let own = |(name, value): (String, u64)| Some((name.strip_prefix("wasmcustom.")?.to_owned(), value));
        let all = self.stats("wasmcustom.").await.into_iter().filter_map(own);
        all.filter(|(_, value)| *value > 0).collect()
    }

    /// Where Envoy's own pages are.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.0.admin
    }

    /// All of Envoy's statistics as Prometheus reads them.
    pub(crate) async fn prometheus(&self) -> String {
        client::send(self.0.admin, &Request::new("GET", "/stats/prometheus")).await.text()
    }

    /// The audit record of a request to a listener with an access log, once it is written; empty if it left none.
    pub(crate) async fn record(&self, request: &Request) -> String {
        self.logged(request).await["record"].as_str().unwrap_or_default().to_owned()
    }

    /// Envoy's response code details of a request to a listener with an access log, once they are written.
    pub(crate) async fn response_code_details(&self, request: &Request) -> String {
        self.logged(request).await["details"].as_str().unwrap_or_default().to_owned()
    }

    /// The entry of a request in the access log, once it is written.
    async fn logged(&self, request: &Request) -> Value {
        let file = self.0.folder.join(listener::ACCESS_LOG);
        until("the request is in the access log", || async {
            let log = fs::read_to_string(&file).ok()?;
            let mut entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            entries.find(|entry| entry["case"] == *request.case)
        })
        .await
    }

    /// The whole access log.
    pub(crate) fn access_log(&self) -> String {
        fs::read_to_string(self.0.folder.join(listener::ACCESS_LOG)).unwrap_or_default()
    }

    /// The number of Envoy's process.
    pub(crate) fn process_id(&self) -> u32 {
        self.0.process.id()
    }

    /// Whether Envoy has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.process.ended().is_some()
    }

    /// Everything Envoy has logged.
    pub(crate) fn log(&self) -> String {
        self.0.process.log()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.0.shown.swap(true, Ordering::Relaxed) {
            eprintln!("{}", self.0.process.log_tail());
        }
    }
}

/// Writes the file of listeners beside its place and then moves it there: Envoy watches for moves.
fn write_listeners(folder: &Path, listeners: &[Listener]) {
    let resource = |listener: &Listener| {
        let mut resource = listener.to_json(folder);
        resource["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
        resource
    };
    let resources: Vec<Value> = listeners.iter().map(resource).collect();
    let draft = folder.join("listeners.new");
    fs::write(&draft, json!({ "resources": resources }).to_string()).expect("the file of listeners");
    fs::rename(draft, folder.join("listeners.json")).expect("the file of listeners in its place");
}

/// The configuration that Envoy starts with.
fn bootstrap(folder: &Path, upstream: SocketAddr, listeners: &[Listener], source: Source) -> Value {
    let mut config = json!({
        "node": { "id": "test", "cluster": "test" },
        "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } } },
        "static_resources": { "clusters": [
            cluster("http1", upstream, &json!({ "http_protocol_options": { "enable_trailers": true } })),
            cluster("http2", upstream, &json!({ "http2_protocol_options": {} })),
            cluster("refusing", SocketAddr::from(([127, 0, 0, 1], 1)), &json!({ "http_protocol_options": {} })),
            { "name": "empty", "type": "STATIC", "load_assignment": { "cluster_name": "empty" } },
        ] },
    });
    let clusters = config["static_resources"]["clusters"].as_array_mut().expect("the clusters");
    clusters.extend(listeners.iter().flat_map(Listener::own_clusters));
    if source == Source::Static {
        config["static_resources"]["listeners"] = listeners.iter().map(|listener| listener.to_json(folder)).collect();
    } else {
        let path = folder.join("listeners.json");
        config["dynamic_resources"] = json!({ "lds_config": {
            "resource_api_version": "V3",
            "path_config_source": { "path": path },
        } });
    }
    config
}
