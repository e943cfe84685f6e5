//! The result of `check`, and its JSON form.

use mcp_policy::{
    json::diagnostic::{self, MAX_LISTED},
    lint::{Change, Warning},
};
use serde::{Serialize, Serializer};

use crate::{Exit, source::SourceFile};

use super::baseline::Baseline;

/// The result for all files.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) files: Vec<Entry>,
    #[serde(skip)]
    pub(super) against: Option<Baseline>,
}

/// A file of the report.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Entry {
    /// It was read.
    Checked(Checked),
    /// It cannot be read.
    UnreadableFile(UnreadableFile),
}

/// A file that cannot be read.
#[derive(Serialize)]
pub(super) struct UnreadableFile {
    /// The file as the user named it.
    pub(super) file: String,
    /// A sentence on why.
    pub(super) error: String,
}

/// The result for one file.
#[derive(Serialize)]
pub(super) struct Checked {
    #[serde(rename = "file", serialize_with = "write_name")]
    pub(super) source: SourceFile,
    pub(super) fine: bool,
    /// How many cases it has, if it is a case file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cases: Option<usize>,
    /// A file has errors or warnings, never both: only what loads is linted.
    #[serde(skip)]
    pub(super) severity: Severity,
    /// The reader lists at most [`MAX_LISTED`] errors, and then one that counts the others. Warnings end after as many.
    pub(super) problems: Vec<Located>,
    /// How many more warnings there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) more: usize,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_changes")]
    pub(super) changes: Option<Vec<Change>>,
}

/// An error or a warning.
pub(crate) struct Problem {
    /// The name of a warning.
    pub(crate) name: Option<&'static str>,
    pub(crate) pointer: String,
    /// Offset in the text, in bytes.
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// A problem, and where it is in the file.
#[derive(Serialize)]
pub(super) struct Located {
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

/// How serious problems are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Envoy would refuse the configuration.
    Error,
    /// Envoy would load it.
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
    /// How the command ends: a file that cannot be read counts more than one with errors.
    pub(super) fn exit(&self) -> Exit {
        let is_unreadable = |entry: &Entry| matches!(entry, Entry::UnreadableFile(_));
        let is_fine = |entry: &Entry| matches!(entry, Entry::Checked(file) if file.fine);
        match (self.files.iter().any(is_unreadable), self.files.iter().all(is_fine)) {
            (true, _) => Exit::Usage,
            (false, false) => Exit::Findings,
            (false, true) => Exit::Fine,
        }
    }

    /// As one JSON document.
    pub(super) fn to_json(&self) -> String {
        // Strings and numbers always serialise.
        format!("{}\n", serde_json::to_string(self).unwrap_or_default())
    }
}

// === impl Checked ===

impl Checked {
    /// The result for `source`. It locates no more problems than the reader lists errors, so that the time stays linear in
    /// the text.
    pub(super) fn new(
        source: SourceFile,
        severity: Severity,
        fine: bool,
        problems: Vec<Problem>,
        changes: Option<Vec<Change>>,
    ) -> Self {
        let bound = if severity == Severity::Error { usize::MAX } else { MAX_LISTED };
        let more = problems.len().saturating_sub(bound);
        let located = problems.into_iter().take(bound).map(|problem| problem.locate(&source, severity)).collect();
        Self { source, fine, cases: None, severity, problems: located, more, changes }
    }

    /// The result for a case file without mistakes.
    pub(super) fn of_cases(source: SourceFile, count: usize) -> Self {
        Self { cases: Some(count), ..Self::new(source, Severity::Warning, true, Vec::new(), None) }
    }
}

// === impl Problem ===

impl Problem {
    /// A problem that keeps the file from loading.
    pub(super) fn error(problem: diagnostic::Problem) -> Self {
        let diagnostic::Problem { pointer, at, message } = problem;
        Self { name: None, pointer, at, message }
    }

    /// A problem of a file that loads.
    pub(super) fn warning(warning: Warning) -> Self {
        let Warning { lint, pointer, at, message } = warning;
        Self { name: Some(lint.name()), pointer, at, message }
    }

    fn locate(self, source: &SourceFile, severity: Severity) -> Located {
        let Self { name, pointer, at, message } = self;
        let (line, column) = source.position(at);
        Located { severity, name, pointer, at, line, column, message }
    }
}

fn write_name<S: Serializer>(source: &SourceFile, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(source.file())
}

fn write_changes<S: Serializer>(changes: &Option<Vec<Change>>, serializer: S) -> Result<S::Ok, S::Error> {
    let written = changes.iter().flatten().map(|change| WrittenChange {
        counter: change.counter.as_deref(),
        fate: change.fate.as_str(),
        pointer: &change.pointer,
        message: &change.message,
    });
    serializer.collect_seq(written)
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}
