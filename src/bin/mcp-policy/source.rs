//! Files that the verbs read, and places in their text.

use std::{
    io::{Read, Stdin},
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use mcp_policy::{
    config::{Config, ConfigErrors},
    json::diagnostic::Problem,
};

use crate::mistakes;

/// A file that the user named, and its text.
pub(crate) struct SourceFile {
    file: String,
    text: String,
    /// Where each line starts, in bytes, so that many problems on many lines take linear time.
    lines: Vec<usize>,
}

impl SourceFile {
    /// Reads a file; `-` is stdin.
    ///
    /// # Errors
    /// A sentence on why it cannot be read.
    pub(crate) fn read(file: &str) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let outcome =
            if file == "-" { take_stdin()?.read_to_end(&mut bytes).map(|_| bytes) } else { std::fs::read(file) };
        let bytes = outcome.map_err(|error| format!("cannot read {}: {error}", display_name(file)))?;
        if let Some(why) = mistakes::encoding(&bytes, file) {
            return Err(format!("cannot read {}: {why}", display_name(file)));
        }
        String::from_utf8(bytes)
            .map(|text| Self::new(file, text))
            .map_err(|error| format!("cannot read {file}: {error}"))
    }

    /// A text, as if `file` held it.
    pub(crate) fn new(file: &str, text: String) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        let lines = [0].into_iter().chain(breaks).collect();
        Self { file: file.to_owned(), text, lines }
    }

    /// The file as the user named it.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The file's name in a sentence.
    pub(crate) fn display_name(&self) -> String {
        display_name(&self.file)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of an offset, from 1, in characters.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let (number, start) = self.line_of(at);
        let before = self.text.get(start..at).unwrap_or_default();
        (number, before.chars().count().saturating_add(1))
    }

    /// The number of the line that an offset is on, from 1, and where that line starts.
    pub(crate) fn line_of(&self, at: usize) -> (usize, usize) {
        let number = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(number.saturating_sub(1)).copied().unwrap_or_default();
        (number, start)
    }

    /// Where the path of `approvals.notify` is, which may be a credential and is not displayed. By its characters, since the text need
    /// not be JSON.
    pub(crate) fn secret(&self) -> Option<Range<usize>> {
        let after = |from: usize, what: &str| {
            let found = self.text.get(from..)?.find(what)?;
            Some(from.saturating_add(found).saturating_add(what.len()))
        };
        let key = after(after(0, "\"notify\"")?, "\"path\"")?;
        let start = after(key, "\"")?;
        let value = self.text.get(start..)?;
        let is_end = |(at, byte): &(usize, u8)| {
            let before = value.as_bytes().get(..*at).unwrap_or_default();
            *byte == b'"' && before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
        };
        let end = value.bytes().enumerate().find(is_end).map_or(value.len(), |(at, _)| at);
        Some(start..start.saturating_add(end))
    }

    /// Loads this file's configuration.
    ///
    /// # Errors
    /// That `what`, as a sentence calls the file, does not load; a line for each mistake.
    pub(crate) fn load(&self, what: &str) -> Result<Config, String> {
        Config::load(self.text.as_bytes())
            .map_err(|errors| format!("{what} does not load\n{}", self.problem_lines(&self.problems(errors))))
    }

    /// The mistakes in this file's configuration. For a text that is not JSON, the message says what it is instead.
    pub(crate) fn problems(&self, errors: ConfigErrors) -> Vec<Problem> {
        match mistakes::find(&self.text) {
            Some(mistake) => vec![mistake],
            None => errors.problems,
        }
    }

    /// Problems of this file, each as `file:line:column: pointer: message`, which editors can jump to. The reader lists no
    /// more than a hundred.
    pub(crate) fn problem_lines(&self, problems: &[Problem]) -> String {
        problems.iter().map(|problem| self.problem_line(problem)).collect::<Vec<_>>().join("\n")
    }

    fn problem_line(&self, problem: &Problem) -> String {
        let (line, column) = self.position(problem.at);
        format!("{}:{line}:{column}: {problem}", self.file)
    }
}

/// Stdin, for the one file that can be read from it: a second one would be empty.
///
/// # Errors
/// A sentence, if something has taken it already.
pub(crate) fn take_stdin() -> Result<Stdin, String> {
    static IS_TAKEN: AtomicBool = AtomicBool::new(false);
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err("stdin can be read only once; give one `-`".to_owned());
    }
    Ok(std::io::stdin())
}

/// A file's name in a sentence.
pub(crate) fn display_name(file: &str) -> String {
    if file == "-" { "stdin".to_owned() } else { format!("`{file}`") }
}

#[cfg(test)]
mod tests {
    use super::SourceFile;

    #[test]
    fn the_path_of_a_webhook_is_found_also_in_a_broken_text() {
        for (text, expected) in [
            (r#"{"notify": {"cluster": "c", "path" : "/a/b", "x": 1}}"#, Some("/a/b")),
            (r#"{"notify":{"path":"/a\"b\\"},"#, Some(r#"/a\"b\\"#)),
            (r#"{"notify":{"path":"/a"#, Some("/a")),
            (r#"{"path":"/a","notify":{}}"#, None),
            (r#"{"service":{"path":"/a"}}"#, None),
        ] {
            let source = SourceFile::new("policy.json", text.to_owned());
            assert_eq!(source.secret().map(|range| text.get(range).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn positions_count_characters_from_one() {
        let source = SourceFile::new("policy.json", "{\n  \"é\": 1\n}".to_owned());
        for (at, position) in [(0, (1, 1)), (4, (2, 3)), (10, (2, 8)), (12, (3, 1)), (13, (3, 2))] {
            assert_eq!(source.position(at), position, "{at}");
        }
    }
}
