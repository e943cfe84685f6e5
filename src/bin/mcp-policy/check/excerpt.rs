//! The part of a text that a problem is about, safe and short enough for a terminal.

use std::ops::Range;

use mcp_policy::json::{Reader, ValueType};

use crate::{sanitize, source::SourceFile};

/// A line of a file, or the part of a long one around a problem.
pub(super) struct Excerpt {
    /// Without characters that act on a terminal.
    pub(super) line: String,
    /// What to mark in `line`, in bytes.
    pub(super) marked: Range<usize>,
    /// Whether the mark has another column in `line` than in the file.
    pub(super) is_shifted: bool,
}

/// Deeper than any configuration.
const MAX_DEPTH: u32 = 256;

/// The mark under a longer object or list is one character wide.
const MAX_MARKED: usize = 60;

/// A longer line is cut, in bytes: a policy on one line may be megabytes long.
const MAX_LINE: usize = 16 * 1024;

/// A cut line keeps this much before and after the mark, in bytes: more than a terminal shows.
const CONTEXT: usize = 400;

impl Excerpt {
    /// The excerpt around an offset of a file.
    pub(super) fn new(source: &SourceFile, at: usize) -> Self {
        let (_, start) = source.line_of(at);
        let line = source.text().get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let begin = at.saturating_sub(start).min(line.len());
        let end = begin.saturating_add(value_length(source.text(), at)).min(line.len());
        let is_cut = line.len() > MAX_LINE;
        let (from, to) = if is_cut {
            let from = line.floor_char_boundary(begin.saturating_sub(CONTEXT));
            (from, line.ceil_char_boundary(end.saturating_add(CONTEXT)))
        } else {
            (0, line.len())
        };
        let secret = source.secret().unwrap_or_default();
        let shown = |range: Range<usize>| {
            let [from, to] =
                [secret.start, secret.end].map(|at| at.saturating_sub(start).clamp(range.start, range.end));
            let part = |from, to| sanitize::excerpt(line.get(from..to).unwrap_or_default());
            // Only where it begins: it may go on in the next part.
            let begins_here = secret.start.saturating_sub(start) >= range.start;
            let hidden = if from < to && begins_here { "…" } else { "" };
            [&part(range.start, from), hidden, &part(to, range.end)].concat()
        };
        let (before, marked, after) = (shown(from..begin), shown(begin..end), shown(end..to));
        let range = before.len()..before.len().saturating_add(marked.len());
        let is_shifted = is_cut || before.len() != begin;
        Self { line: [before, marked, after].concat(), marked: range, is_shifted }
    }
}

/// The length of the value at an offset, in bytes; one character of a long one.
pub(crate) fn value_length(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let token = Reader::new(rest.as_bytes(), MAX_DEPTH).and_then(|mut reader| {
        let kind = reader.value_type()?;
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

#[cfg(test)]
mod tests {
    use super::{Excerpt, SourceFile};

    #[track_caller]
    fn marked(text: &str, at: usize) -> String {
        let source = SourceFile::new("policy.json", text.to_owned());
        let excerpt = Excerpt::new(&source, at);
        excerpt.line.get(excerpt.marked).unwrap().to_owned()
    }

    #[test]
    fn short_values_are_marked_whole() {
        assert_eq!(marked("{\n  \"key\": [1, 2]\n}", 4), "\"key\"");
        assert_eq!(marked("{\n  \"key\": [1, 2]\n}", 11), "[1, 2]");
        assert_eq!(marked("{\n  \"key\": [1, 2]\n}", 0), "{");
        assert_eq!(marked("{\r\n  \"key\": nil\r\n}", 12), "n");
        let long = format!("[{}\"x\"]", "\"é\", ".repeat(10_000));
        assert_eq!(marked(&long, long.len() - 4), "\"x\"");
        assert_eq!(marked("{", 1), "");
        assert_eq!(marked("", 0), "");
    }

    #[test]
    fn an_excerpt_does_not_show_the_path_of_a_webhook() {
        let text = r#"{"approvals":{"notify":{"cluster":"c","path":"/services/secret","format":"slack"}}}"#;
        let source = SourceFile::new("policy.json", text.to_owned());
        for mark in ["\"notify\"", "{\"cluster\"", "\"/services", "secret", "\"format\""] {
            let excerpt = Excerpt::new(&source, text.find(mark).unwrap());
            assert_eq!(excerpt.line, text.replace("/services/secret", "…"), "{mark}");
        }
    }

    #[test]
    fn an_excerpt_holds_no_character_that_acts_on_a_terminal() {
        let text = "{\"a\u{9b}2J\": \"\u{202e}x\",\t\"b\": 1}";
        let source = SourceFile::new("policy.json", text.to_owned());
        let excerpt = Excerpt::new(&source, text.find("\"\u{202e}").unwrap());
        assert_eq!(excerpt.line, "{\"a\\u{9b}2J\": \"\\u{202e}x\",\t\"b\": 1}");
        assert_eq!(excerpt.line.get(excerpt.marked), Some("\"\\u{202e}x\""));
    }
}
