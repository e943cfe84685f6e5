//! How a test runs and waits: on one runtime for the whole suite, and never longer than it says.

use std::{future::Future, sync::LazyLock, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    time::{Instant, sleep, timeout},
};

/// How long any single step may take on a busy machine before the test says that it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// No test takes longer than this: the longest, of agent frameworks, takes half a minute on an idle machine.
const LONGEST_TEST: Duration = Duration::from_secs(600);

/// Few threads for all tests together: Envoy's workers need the processors more.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime"));

/// Runs one test to its end.
#[track_caller]
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async { timeout(LONGEST_TEST, test).await }).expect("the test should have ended by now")
}

/// Asks `probe` again and again until it yields something.
///
/// # Panics
/// With `what` when [`PATIENCE`] has passed.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
