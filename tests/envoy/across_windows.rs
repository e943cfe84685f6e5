//! What takes longer than a minute: the sample policies over one minute and into the next, and event streams that stay
//! open.
//!
//! This is the one test that waits for so long, so everything that needs it shares it. The tests run in the order of their
//! names: named as it is it begins first and waits while the others work.

mod example_policies;
mod streams;

use crate::{runtime::run, sdk_servers};
use std::time::Duration;

/// How long the streams stay open.
const OPEN: Duration = Duration::from_secs(90);

#[test]
fn limits_reset_in_each_window_and_open_streams_are_not_delayed() {
    run(async {
        tokio::join!(
            example_policies::limits_reset_each_minute(),
            streams::stay_open(OPEN),
            sdk_servers::stays_open(OPEN)
        )
    });
}
