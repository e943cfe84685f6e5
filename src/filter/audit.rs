//! Writes audit records: to filter state for access logs, to Envoy's log, to metrics, and to the console's list of decisions.

use std::cell::{Cell, RefCell};

use log::Level;
use proxy_wasm::types::Status;

use crate::{
    audit::{
        AuditRecord, Decision,
        decision_log::Buffer,
        log_throttle::{LogThrottle, ThrottledLine},
    },
    config::{Config, LogFilter},
    time::Timestamp,
};

use super::{host, metrics, root::Filter, shared_data::SharedData, tick};

thread_local! {
    /// Paces the log lines of this worker, of every kind and for all its filters together.
    static LOG_THROTTLE: Cell<LogThrottle> = const { Cell::new(LogThrottle::new()) };
    /// Decisions of this worker that the console does not show yet.
    static UNWRITTEN: RefCell<Buffer> = const { RefCell::new(Buffer::new()) };
}

/// Records what was decided about a request, at `now` if that is known.
pub(super) fn write(config: &Config, record: &AuditRecord, now: Option<Timestamp>) {
    let json = record.to_json();
    if host::set_filter_state(&json).is_err() {
        log_line(Level::Warn, "the audit record of a request was lost");
    }
    let is_lost = |(name, value): &(&str, String)| host::set_audit_field(name, value).is_err();
    if config.audit.fields && record.fields().filter(is_lost).count() > 0 {
        log_line(Level::Warn, "a field of the audit record of a request was lost");
    }
    metrics::count_decision(config, record);
    let is_shown = record.decision != Decision::Allowed || record.approval.is_some();
    let is_logged = match config.audit.log {
        LogFilter::All => true,
        LogFilter::Denied => record.decision != Decision::Allowed || record.shadow.is_some(),
        LogFilter::None => false,
    };
    if !is_shown && !is_logged {
        return;
    }
    let Some(now) = now.or_else(host::current_time) else { return };
    if is_logged {
        line(&json, now);
    }
    if is_shown {
        buffer(json, now);
    }
}

/// Adds a record to those that the console displays.
pub(super) fn display(record: &AuditRecord) {
    if let Some(now) = host::current_time() {
        buffer(record.to_json(), now);
    }
}

/// Links the record of a stream to the one that Envoy logged before it: Envoy's access loggers run when this callback, the
/// stream's last, returns. What was written last of the stream is linked, whichever callbacks wrote it.
pub(super) fn link(filter: &Filter) {
    if !filter.config.audit.chain {
        return;
    }
    let record = match host::filter_state() {
        Ok(Some(record)) => String::from_utf8(record).ok(),
        // No request came, or no policy applied to it.
        Ok(None) => return,
        Err(_) => None,
    };
    let linked = record.as_deref().zip(host::current_time()).and_then(|(record, now)| filter.link(record, now));
    let Some((linked, head)) = linked else {
        return log_line(Level::Error, "an audit record could not be linked to the one before it");
    };
    if host::set_filter_state(&linked).is_err() {
        log_line(Level::Error, "the link of an audit record was lost; the chain has a gap");
    }
    if let Some(head) = head {
        log::info!("{}", head.to_line());
    }
}

/// Records what an approver decided at the console.
pub(super) fn write_approver_decision(json: String) {
    if host::set_filter_state(&json).is_err() {
        log_line(Level::Warn, "the audit record of a decision was lost");
    }
    let Some(now) = host::current_time() else { return };
    line(&json, now);
    // The approver looks for it now.
    UNWRITTEN.with_borrow_mut(|fresh| fresh.add(json, now));
    flush();
}

/// Keeps a record for the console; a later tick writes several at once, so that not each request pays for a write.
fn buffer(json: String, now: Timestamp) {
    if UNWRITTEN.with_borrow_mut(|fresh| fresh.add(json, now)) {
        flush();
    } else {
        // If this fails, a later tick flushes them.
        let _: Result<(), Status> = tick::request(Buffer::WAIT);
    }
}

/// Writes what [`buffer`] kept: at a tick, perhaps one that [`buffer`] has requested, or before Envoy deletes a root.
pub(super) fn flush() {
    // Not under a borrow: the write makes host calls.
    let mut fresh = UNWRITTEN.take();
    fresh.write(&SharedData);
    UNWRITTEN.set(fresh);
}

/// Writes a record to Envoy's log.
fn line(json: &str, now: Timestamp) {
    log_at(Level::Info, json, now);
}

/// Writes a line about a request to Envoy's log, which clients and servers may cause as often as they like.
pub(super) fn log_line(level: Level, text: &str) {
    if let Some(now) = host::current_time() {
        log_at(level, text, now);
    }
}

/// Writes a line to Envoy's log, unless this second has had its share.
fn log_at(level: Level, text: &str, now: Timestamp) {
    if !log::log_enabled!(level) {
        return;
    }
    let mut pace = LOG_THROTTLE.get();
    let paced = pace.admit(now);
    LOG_THROTTLE.set(pace);
    match paced {
        ThrottledLine::Suppress => {}
        ThrottledLine::Line { left_out: 0 } => log::log!(level, "{text}"),
        ThrottledLine::Line { left_out } => log::log!(level, "{left_out} lines were left out; {text}"),
    }
}
