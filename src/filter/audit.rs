//! What is written down of requests: the record for access logs, lines in Envoy's log, statistics, what the console shows.

use std::cell::Cell;

use crate::{
    config::{Config, Logged},
    engine::{
        Decision, Record,
        pace::{Pace, Paced},
        recent::{Block, Recent},
    },
    limit::Moment,
};

use super::{host, metrics, shared::SharedTable};

thread_local! {
    /// The lines of this worker, whichever filters write them.
    static PACE: Cell<Pace> = const { Cell::new(Pace::new()) };
    /// Where its next decisions go, for the console.
    static BLOCK: Cell<Block> = const { Cell::new(Block::NONE) };
}

/// Writes down what became of a request.
pub(super) fn write(config: &Config, record: &Record) {
    let json = record.to_json();
    if host::note(&json).is_err() {
        log::warn!("the audit record of a request was lost");
    }
    metrics::count(config, record);
    let is_shown = record.decision != Decision::Allowed || record.approval.is_some();
    let is_logged = match config.audit.log {
        Logged::All => true,
        Logged::Denied => record.decision != Decision::Allowed || record.shadow.is_some(),
        Logged::None => false,
    };
    let Some(now) = (is_shown || is_logged).then(host::now).flatten() else { return };
    if is_shown {
        show(&json, now);
    }
    if is_logged {
        line(&json, now);
    }
}

/// Writes down what somebody decided at the console.
pub(super) fn write_answer(json: &str) {
    if host::note(json).is_err() {
        log::warn!("the audit record of a decision was lost");
    }
    let Some(now) = host::now() else { return };
    show(json, now);
    line(json, now);
}

/// Keeps a record for the console.
fn show(json: &str, now: Moment) {
    BLOCK.set(Recent(&SharedTable).note(BLOCK.get(), json, now));
}

/// Writes a line into Envoy's log, unless there were enough of them this second.
fn line(json: &str, now: Moment) {
    let mut pace = PACE.get();
    let paced = pace.line(now);
    PACE.set(pace);
    match paced {
        Paced::LeftOut => {}
        Paced::Line { left_out: 0 } => log::info!("mcp-policy: {json}"),
        Paced::Line { left_out } => log::info!("mcp-policy: {left_out} lines were left out\nmcp-policy: {json}"),
    }
}
