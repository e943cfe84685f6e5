//! The shared corpora through a real Envoy.

mod attacks;
mod decisions;

use serde::de::DeserializeOwned;
use std::future::Future;
use tokio::task::JoinSet;

/// How many cases are under way at once: enough to keep two workers busy, few enough for a busy machine.
const AT_ONCE: usize = 8;

/// Reads a corpus: one JSON object a line.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Vec<T> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

/// Runs cases side by side and returns what is wrong with them, all of it.
pub(crate) async fn failures<F>(cases: impl IntoIterator<Item = F>) -> Vec<String>
where
    F: Future<Output = Vec<String>> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut failures = Vec::new();
    for case in cases {
        if running.len() == AT_ONCE {
            let done = running.join_next().await.expect("a running case");
            failures.extend(done.expect("a case that ends"));
        }
        running.spawn(case);
    }
    failures.extend(running.join_all().await.concat());
    failures
}

/// Asserts that no case has failed, or else lists all that have.
#[track_caller]
pub(crate) fn assert_none(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
