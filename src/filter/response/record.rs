//! The record of a request whose response is read: it is written again with what becomes of the response.

use std::{cell::RefCell, rc::Rc};

use log::Level;

use crate::{
    audit::AuditRecord,
    config::Config,
    engine::refuse_list,
    filter::{audit, host},
};

/// The record of a request. All that read its response write into it, so that none loses what another one has found.
#[derive(Clone, Debug)]
pub(super) struct ResponseRecord(Rc<RefCell<AuditRecord>>);

impl ResponseRecord {
    pub(super) fn new(record: AuditRecord) -> Self {
        Self(Rc::new(RefCell::new(record)))
    }

    /// Changes the record. Nothing is written yet.
    pub(super) fn change(&self, change: impl FnOnce(&mut AuditRecord)) {
        change(&mut self.0.borrow_mut());
    }

    /// Writes the record of a request whose list is refused.
    pub(super) fn refuse_list(&self, config: &Config, why: &str) {
        self.change(|record| refuse_list(record, why));
        self.read(|record| audit::write(config, record, None));
    }

    /// The record as it is now.
    pub(super) fn read<T>(&self, read: impl FnOnce(&AuditRecord) -> T) -> T {
        read(&self.0.borrow())
    }

    /// Writes the record again, where a response goes on. It is written at once, since a stream may be reset at any time.
    pub(super) fn write(&self) {
        if host::set_filter_state(&self.read(AuditRecord::to_json)).is_err() {
            audit::log_line(Level::Warn, "the audit record of a request does not say what became of its response");
        }
    }
}
