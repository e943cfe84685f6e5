//! The text of a file, and places in it.

use std::ops::Range;

use mcp_policy::json::{Reader, ValueType};
use serde::Serializer;

/// The text of a file.
pub(super) struct Source {
    file: String,
    text: String,
    /// Where each line starts, in bytes: a text on many lines may have many problems.
    lines: Vec<usize>,
}

/// Deeper than any configuration.
const MAX_DEPTH: u32 = 256;

/// A longer object or list is pointed at by its first character.
const MAX_MARKED: usize = 60;

/// Longest line that is looked at whole, in bytes: a whole policy on one line may have thousands of problems.
const LONGEST: usize = 16 * 1024;

/// Of a longer line, this much is kept before and behind what is marked, in bytes: more than a terminal shows.
const AROUND: usize = 400;

impl Source {
    pub(super) fn new(file: &str, text: String) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        let lines = [0].into_iter().chain(breaks).collect();
        Self { file: file.to_owned(), text, lines }
    }

    /// As it was named.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of an offset, from 1, in characters.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let (number, start) = self.line_of(at);
        let before = self.text.get(start..at).unwrap_or_default();
        (number, before.chars().count().saturating_add(1))
    }

    /// The line of an offset, or the part of a long one around it, and what to mark in that.
    pub(super) fn excerpt(&self, at: usize) -> (&str, Range<usize>) {
        let (_, start) = self.line_of(at);
        let line = self.line(at);
        let begin = at.saturating_sub(start).min(line.len());
        let end = begin.saturating_add(self.marked(at)).min(line.len());
        if line.len() <= LONGEST {
            return (line, begin..end);
        }
        let from = line.floor_char_boundary(begin.saturating_sub(AROUND));
        let to = line.ceil_char_boundary(end.saturating_add(AROUND));
        (line.get(from..to).unwrap_or_default(), begin.saturating_sub(from)..end.saturating_sub(from))
    }

    /// Whether an excerpt leaves out a part of the line.
    pub(super) fn is_cut(&self, at: usize) -> bool {
        self.line(at).len() > LONGEST
    }

    fn line(&self, at: usize) -> &str {
        let (_, start) = self.line_of(at);
        let rest = self.text.get(start..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    fn line_of(&self, at: usize) -> (usize, usize) {
        let number = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(number.saturating_sub(1)).copied().unwrap_or_default();
        (number, start)
    }

    /// The length of what stands at an offset.
    fn marked(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let token = Reader::new(rest.as_bytes(), MAX_DEPTH).and_then(|mut reader| {
            let kind = reader.kind()?;
            reader.skip().map(|bytes| (kind, bytes))
        });
        match token {
            Ok((ValueType::Object | ValueType::Array, bytes)) if bytes.len() > MAX_MARKED || bytes.contains(&b'\n') => {
                first
            }
            Ok((_, bytes)) => bytes.len(),
            Err(_) => first,
        }
    }

    /// For serde: the file's name.
    pub(super) fn write_name<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("policy.json", "{\n  \"é\": 1\n}".to_owned());
        for (at, position) in [(0, (1, 1)), (4, (2, 3)), (10, (2, 8)), (12, (3, 1)), (13, (3, 2))] {
            assert_eq!(source.position(at), position, "{at}");
        }
    }

    #[test]
    fn short_values_are_marked_whole() {
        let marked = |text: &str, at: usize| {
            let source = Source::new("policy.json", text.to_owned());
            let (line, range) = source.excerpt(at);
            line.get(range).unwrap().to_owned()
        };
        assert_eq!(marked("{\n  \"key\": [1, 2]\n}", 4), "\"key\"");
        assert_eq!(marked("{\n  \"key\": [1, 2]\n}", 11), "[1, 2]");
        assert_eq!(marked("{\n  \"key\": [1, 2]\n}", 0), "{");
        assert_eq!(marked("{\r\n  \"key\": nil\r\n}", 12), "n");
        let long = format!("[{}\"x\"]", "\"é\", ".repeat(10_000));
        assert_eq!(marked(&long, long.len() - 4), "\"x\"");
        assert_eq!(marked("{", 1), "");
        assert_eq!(marked("", 0), "");
    }
}
