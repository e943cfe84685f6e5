//! What is written down of requests: the record for access logs, lines in Envoy's log, statistics.

use std::cell::Cell;

use crate::{
    config::{Config, Logged},
    engine::{
        Decision, Record,
        pace::{Pace, Paced},
    },
};

use super::{host, metrics};

thread_local! {
    /// The lines of this worker, whichever filters write them.
    static PACE: Cell<Pace> = const { Cell::new(Pace::new()) };
}

/// Writes down what became of a request.
pub(super) fn write(config: &Config, record: &Record) {
    let json = record.to_json();
    if host::note(&json).is_err() {
        log::warn!("the audit record of a request was lost");
    }
    metrics::count(config, record);
    let is_logged = match config.audit.log {
        Logged::All => true,
        Logged::Denied => record.decision != Decision::Allowed || record.shadow.is_some(),
        Logged::None => false,
    };
    if is_logged {
        line(&json);
    }
}

/// Writes a line into Envoy's log, unless there were enough of them this second.
fn line(json: &str) {
    let Some(now) = host::now() else { return };
    let mut pace = PACE.get();
    let paced = pace.line(now);
    PACE.set(pace);
    match paced {
        Paced::LeftOut => {}
        Paced::Line { left_out: 0 } => log::info!("mcp-policy: {json}"),
        Paced::Line { left_out } => log::info!("mcp-policy: {left_out} lines were left out\nmcp-policy: {json}"),
    }
}
