//! What was found, and its form for programs.

use mcp_policy::{
    json::cursor,
    lint::{Advice, Change},
};
use serde::Serialize;

use super::{compared::Old, source::Source};

/// What was found in all files.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) files: Vec<Checked>,
    #[serde(skip)]
    pub(super) against: Option<Old>,
}

/// What was found in one file.
#[derive(Serialize)]
pub(super) struct Checked {
    #[serde(rename = "file", serialize_with = "Source::write_name")]
    pub(super) source: Source,
    pub(super) fine: bool,
    pub(super) problems: Vec<Problem>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_changes")]
    pub(super) changes: Option<Vec<Change>>,
}

/// One thing that is wrong, or probably wrong.
#[derive(Serialize)]
pub(super) struct Problem {
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'static str>,
    pub(super) pointer: String,
    /// Offset in the text, in bytes.
    #[serde(skip)]
    pub(super) at: usize,
    /// From 1, as is the column.
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
}

#[derive(Serialize)]
struct WrittenChange<'c> {
    counter: Option<&'c str>,
    fate: &'static str,
    pointer: &'c str,
    message: &'c str,
}

// === impl Report ===

impl Report {
    /// Whether nothing was found that counts.
    pub(super) fn is_fine(&self) -> bool {
        self.files.iter().all(|file| file.fine)
    }

    /// As one JSON document.
    pub(super) fn json(&self) -> String {
        // Strings and numbers always serialise.
        format!("{}\n", serde_json::to_string(self).unwrap_or_default())
    }
}

// === impl Problem ===

impl Problem {
    pub(super) fn error(source: &Source, problem: cursor::Problem) -> Self {
        let cursor::Problem { pointer, at, message } = problem;
        Self::new(source, Severity::Error, None, pointer, at, message)
    }

    pub(super) fn warning(source: &Source, advice: Advice) -> Self {
        let Advice { kind, pointer, at, message } = advice;
        Self::new(source, Severity::Warning, Some(kind.name()), pointer, at, message)
    }

    fn new(
        source: &Source,
        severity: Severity,
        name: Option<&'static str>,
        pointer: String,
        at: usize,
        message: String,
    ) -> Self {
        let (line, column) = source.position(at);
        Self { severity, name, pointer, at, line, column, message }
    }

    /// Whether Envoy would refuse the configuration for it.
    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

fn write_changes<S: serde::Serializer>(changes: &Option<Vec<Change>>, serializer: S) -> Result<S::Ok, S::Error> {
    let written = changes.iter().flatten().map(|change| WrittenChange {
        counter: change.counter.as_deref(),
        fate: change.fate.name(),
        pointer: &change.pointer,
        message: &change.message,
    });
    serializer.collect_seq(written)
}
