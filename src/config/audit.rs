//! `audit`: what logs and audit records contain.

use crate::json::cursor::{Cursor, Keys};

/// What logs and audit records contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Which requests get a line in Envoy's log.
    pub log: LogFilter,
    /// What a record contains of a call's arguments.
    pub arguments: Arguments,
    /// Whether the main fields of a record are filter states of their own, too.
    pub fields: bool,
    /// Whether each record names the one before it by a digest.
    pub chain: bool,
}

/// Which requests get a line in Envoy's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFilter {
    /// All.
    All,
    /// Those that are not allowed, or would not be without shadow mode.
    Denied,
    /// None.
    None,
}

/// What a record contains of a call's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Nothing.
    None,
    /// Their names.
    Names,
    /// Their names, and a digest of all of them as they were sent.
    Digest,
    /// All of them, as they were sent.
    Values,
}

/// The keys of `audit`.
pub const AUDIT_KEYS: Keys = Keys { known: &["log", "arguments", "fields", "chain"] };

impl Default for Audit {
    fn default() -> Self {
        Self { log: LogFilter::Denied, arguments: Arguments::Names, fields: false, chain: false }
    }
}

impl Audit {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(AUDIT_KEYS)?;
        let mut audit = Self::default();
        let choices = [("denied", LogFilter::Denied), ("all", LogFilter::All), ("none", LogFilter::None)];
        if let Some(log) = fields.read("log", |at| at.choice(&choices)) {
            audit.log = log;
        }
        let choices = [
            ("names", Arguments::Names),
            ("none", Arguments::None),
            ("digest", Arguments::Digest),
            ("values", Arguments::Values),
        ];
        if let Some(arguments) = fields.read("arguments", |at| at.choice(&choices)) {
            audit.arguments = arguments;
        }
        audit.fields = fields.read("fields", Cursor::boolean).unwrap_or(audit.fields);
        audit.chain = fields.read("chain", Cursor::boolean).unwrap_or(audit.chain);
        Some(audit)
    }
}
