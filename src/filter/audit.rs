//! What is written down of requests: the record for access logs, lines in Envoy's log, statistics, what the console shows.

use std::cell::{Cell, RefCell};

use crate::{
    audit::{
        decision_log::Buffer,
        log_throttle::{LogThrottle, ThrottledLine},
    },
    config::{Config, LogFilter},
    engine::{AuditRecord, Decision},
    time::Timestamp,
};

use super::{host, metrics, shared::SharedTable};

thread_local! {
    /// The lines of this worker, whichever filters write them.
    static PACE: Cell<LogThrottle> = const { Cell::new(LogThrottle::new()) };
    /// Its decisions that the console does not show yet.
    static FRESH: RefCell<Buffer> = const { RefCell::new(Buffer::new()) };
    /// Whether a root will be called to write them down.
    static AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// Writes down what became of a request, at `now` if that is known.
pub(super) fn write(config: &Config, record: &AuditRecord, now: Option<Timestamp>) {
    let json = record.to_json();
    if host::note(&json).is_err() {
        log::warn!("the audit record of a request was lost");
    }
    metrics::count(config, record);
    let is_shown = record.decision != Decision::Allowed || record.approval.is_some();
    let is_logged = match config.audit.log {
        LogFilter::All => true,
        LogFilter::Denied => record.decision != Decision::Allowed || record.shadow.is_some(),
        LogFilter::None => false,
    };
    if !is_shown && !is_logged {
        return;
    }
    let Some(now) = now.or_else(host::now) else { return };
    if is_logged {
        line(&json, now);
    }
    if is_shown {
        show(json, now);
    }
}

/// Writes down what somebody decided at the console.
pub(super) fn write_answer(json: String) {
    if host::note(&json).is_err() {
        log::warn!("the audit record of a decision was lost");
    }
    let Some(now) = host::now() else { return };
    line(&json, now);
    // Whoever decided looks for it now.
    FRESH.with_borrow_mut(|fresh| fresh.add(json, now));
    show_fresh();
}

/// Keeps a record for the console: not each request pays for those who look on.
fn show(json: String, now: Timestamp) {
    if FRESH.with_borrow_mut(|fresh| fresh.add(json, now)) {
        show_fresh();
    } else if !AWAITED.get() {
        AWAITED.set(host::call_me_in(Buffer::WAIT).is_ok());
    }
}

/// A root is called, perhaps since [`show`] asked for it, or it goes.
pub(super) fn on_call() {
    AWAITED.set(false);
    show_fresh();
}

fn show_fresh() {
    // Not under a borrow: the host may come back before its call is over.
    let mut fresh = FRESH.take();
    fresh.write(&SharedTable);
    FRESH.set(fresh);
}

/// Writes a line into Envoy's log, unless there were enough of them this second.
fn line(json: &str, now: Timestamp) {
    let mut pace = PACE.get();
    let paced = pace.admit(now);
    PACE.set(pace);
    match paced {
        ThrottledLine::Suppress => {}
        ThrottledLine::Line { left_out: 0 } => log::info!("mcp-policy: {json}"),
        ThrottledLine::Line { left_out } => {
            log::info!("mcp-policy: {left_out} lines were left out\nmcp-policy: {json}")
        }
    }
}
