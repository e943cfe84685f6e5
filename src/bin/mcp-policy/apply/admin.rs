//! Envoy's admin interface: on how many threads a configuration is in force.

use std::time::{Duration, Instant};

use reqwest::{Client, Url, redirect::Policy};
use serde_json::Value;
use tokio::{runtime::Builder, time::sleep};

use crate::tls;

/// How long Envoy may take, between two looks, and for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(2);

/// The largest answer that is read, in bytes: a series for each configuration in force, or Envoy's own version and options.
const MAX_BYTES: usize = 1 << 20;

/// An admin interface.
pub(super) struct Admin(Url);

impl Admin {
    /// The admin interface at `url`.
    ///
    /// # Errors
    /// A sentence on what is wrong with `url`.
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "http" && url.path() == "/" && url.has_host());
        let parsed = parsed.filter(|url| url.query().is_none() && url.username().is_empty());
        parsed.map(Self).ok_or_else(|| {
            format!(
                "`--admin {url}`: expected the address of an admin interface, such as \
                                                `http://127.0.0.1:9901`"
            )
        })
    }

    /// On how many threads a filter runs in this Envoy.
    ///
    /// # Errors
    /// A sentence on why this is not known: nothing answers, or it is not Envoy's admin interface.
    pub(super) fn threads(&self) -> Result<u64, String> {
        run(async {
            let information = self.get(&client()?, "server_info").await?;
            threads(&information).ok_or_else(|| {
                format!(
                    "`{}` is not Envoy's admin interface; name the address in `admin` of Envoy's configuration",
                    self.0
                )
            })
        })
    }

    /// Waits until so many threads of Envoy have the configuration with this digest.
    ///
    /// # Errors
    /// A sentence on why Envoy does not have it.
    pub(super) fn wait_for(&self, digest: &str, threads: u64) -> Result<(), String> {
        run(self.poll(digest, threads))
    }

    async fn poll(&self, digest: &str, threads: u64) -> Result<(), String> {
        let client = client()?;
        let started = Instant::now();
        loop {
            let statistics = self.get(&client, "stats?filter=mcp_policy_configurations").await?;
            if in_force(&statistics, digest) >= threads {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!(
                    "Envoy at `{}` has not taken up the configuration {digest} on all of its threads within {} s; its log says why",
                    self.0,
                    PATIENCE.as_secs()
                ));
            }
            sleep(INTERVAL).await;
        }
    }

    async fn get(&self, client: &Client, page: &str) -> Result<String, String> {
        let unreachable = |error: reqwest::Error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(next) = cause.source() {
                cause = next;
            }
            format!("cannot reach `{}`: {cause}; check that Envoy runs and that this is its admin interface", self.0)
        };
        let address = self.0.join(page).map_err(|error| error.to_string())?;
        let mut answer = client.get(address).send().await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(format!("`{}` is not Envoy's admin interface: its answer is too long", self.0));
            }
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

fn run<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start a client: {error}"))?.block_on(work)
}

fn client() -> Result<Client, String> {
    let client = tls::client().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build();
    client.map_err(|error| format!("cannot start a client: {error}"))
}

/// The threads of Envoy on which a filter runs: the workers and the main thread.
fn threads(information: &str) -> Option<u64> {
    let information: Value = serde_json::from_str(information).ok()?;
    information.pointer("/command_line_options/concurrency")?.as_u64()?.checked_add(1)
}

/// On how many threads the configuration with this digest is in force.
fn in_force(statistics: &str, digest: &str) -> u64 {
    let label = format!("config=.={digest};.;");
    let values = statistics.lines().filter(|line| line.contains(&label)).filter_map(|line| line.rsplit_once(": "));
    values.filter_map(|(_, value)| value.trim().parse::<u64>().ok()).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::{Admin, in_force, threads};

    #[test]
    fn the_threads_with_a_configuration_are_counted() {
        let statistics = "wasmcustom.mcp_policy_configurations.config=.=00aa;.;: 3\n\
                          wasmcustom.mcp_policy_configurations.config=.=00ab;.;: 1\n";
        assert_eq!(["00aa", "00ab", "00ac"].map(|digest| in_force(statistics, digest)), [3, 1, 0]);
        assert_eq!(threads(r#"{"command_line_options":{"concurrency":2}}"#), Some(3));
        assert_eq!(threads("not Envoy"), None);
    }

    #[test]
    fn only_the_address_of_an_admin_interface_is_taken() {
        assert!(Admin::new("http://127.0.0.1:9901").is_ok());
        for url in ["127.0.0.1:9901", "https://127.0.0.1", "http://127.0.0.1/x", "http://a@127.0.0.1", "http://a/?b"] {
            assert!(Admin::new(url).is_err(), "{url}");
        }
    }
}
