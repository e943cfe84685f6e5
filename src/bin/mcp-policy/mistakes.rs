//! Texts that people take for JSON, such as YAML: what they are, where the mistake is, and what to do.

use mcp_policy::{
    config::Config,
    json::{self, Fault, Reason, diagnostic::Problem},
};

/// The first mistake in a text that is not JSON, if it is one that people make.
pub(crate) fn find(text: &str) -> Option<Problem> {
    let fault = json::parse(text.as_bytes(), Config::MAX_DEPTH).err()?;
    if text.trim().is_empty() {
        // As the library says it of a text without a byte.
        let message = "the configuration is empty; paste a policy".to_owned();
        return Some(Problem { pointer: String::new(), at: 0, message });
    }
    let (at, message) = if fault.reason == Reason::ByteOrderMark {
        (0, "the file starts with a byte order mark, which JSON does not have; save it as UTF-8 without one".to_owned())
    } else if let Some(language) = language(text) {
        (0, language.to_owned())
    } else {
        at_fault(text, &fault)?
    };
    Some(Problem { pointer: String::new(), at, message: format!("not JSON: {message}") })
}

/// Why bytes are not UTF-8, and what to do; `None` if they are.
pub(crate) fn encoding(bytes: &[u8], file: &str) -> Option<String> {
    let name = match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        [0, ..] => Some("UTF-16BE"),
        [_, 0, ..] => Some("UTF-16LE"),
        _ => None,
    };
    if let Some(name) = name {
        return Some(format!("it is {name}; save it as UTF-8, or convert it: `iconv -f {name} -t UTF-8 {file}`"));
    }
    let valid = std::str::from_utf8(bytes).err()?.valid_up_to();
    let (before, rest) = bytes.split_at_checked(valid)?;
    let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
    let column = String::from_utf8_lossy(before.get(start..)?).chars().count().saturating_add(1);
    let byte = rest.first()?;
    Some(format!(
        "it is not UTF-8: the byte 0x{byte:02X} in line {line}, column {column}; save it as UTF-8, or convert it, for example: \
         `iconv -f WINDOWS-1252 -t UTF-8 {file}`"
    ))
}

/// What a text is that does not begin as JSON does.
fn language(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let first = start.lines().next().unwrap_or_default();
    let key = first.split_once(':').map(|(key, _)| key.trim_end());
    let is_key = |key: &str| {
        !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-\"'".contains(c))
            && !key.starts_with('{')
    };
    if start.starts_with("```") {
        return Some("the text starts with a Markdown fence; remove the lines that begin with ```");
    }
    if start.starts_with("---") || start.starts_with("- ") || start.starts_with("# ") || key.is_some_and(is_key) {
        return Some("this looks like YAML; convert it to JSON: `yq -o=json . FILE`");
    }
    if start.starts_with('<') {
        return Some("this looks like XML or HTML; write a JSON object: `{\"version\": \"1\", …}`");
    }
    first
        .split_once('=')
        .filter(|(key, _)| is_key(key.trim_end()))
        .map(|_| "this looks like TOML or a program; write a JSON object: `{\"version\": \"1\", …}`")
}

/// What is at the place where the reader stopped.
fn at_fault(text: &str, fault: &Fault) -> Option<(usize, String)> {
    let at = fault.at;
    let (before, rest) = (text.get(..at)?, text.get(at..)?);
    let last = before.trim_end();
    let first = rest.chars().next()?;
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-').take(32).collect();
    let message = match first {
        '/' if rest.starts_with("//") || rest.starts_with("/*") => comment(),
        '#' => comment(),
        _ if fault.reason == Reason::Trailing => behind_the_end(first),
        '}' | ']' if last.ends_with(',') => {
            let message =
                format!("there is a comma before `{first}`; remove it: JSON has no comma after the last item");
            return Some((last.len().saturating_sub(1), message));
        }
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '`' => {
            format!("JSON does not use `{first}` as a quotation mark; write `\"`")
        }
        '"' | '{' | '[' if !last.ends_with([',', ':', '{', '[']) && !last.is_empty() => {
            return Some((at, "a comma is missing before this".to_owned()));
        }
        ',' if last.ends_with([',', '{', '[', ':']) => "there is a comma too many; remove it".to_owned(),
        '=' => "a key and its value are separated by `:` in JSON".to_owned(),
        _ if word.is_empty() => return None,
        _ => match word.as_str() {
            "True" | "False" | "TRUE" | "FALSE" | "yes" | "no" => {
                let meant = if word.to_lowercase().starts_with(['t', 'y']) { "true" } else { "false" };
                format!("JSON has no value `{word}`; write `{meant}`")
            }
            "None" | "undefined" | "nil" | "NaN" | "Infinity" => {
                format!("JSON has no value `{word}`; leave the key out")
            }
            _ if first.is_ascii_digit() => return None,
            _ if before.ends_with(|c: char| c.is_ascii_digit()) => return behind_digits(before, rest),
            _ => format!("`{word}` needs double quotes: write `\"{word}\"`"),
        },
    };
    Some((at, message))
}

/// What is said of a word right behind digits, which people take for the rest of a number, and where the number begins.
fn behind_digits(before: &str, rest: &str) -> Option<(usize, String)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    let start = before.trim_end_matches(is_part);
    let word = before.get(start.len()..)?.chars().chain(rest.chars().take_while(|c| is_part(*c)));
    let number: String = word.take(32).collect();
    let is_grouped = number.contains('_') && number.chars().all(|c| c.is_ascii_digit() || "_.-".contains(c));
    let message = if is_grouped {
        format!("a number in JSON has no `_`; write `{}`", number.replace('_', ""))
    } else if number.trim_start_matches('-').starts_with("0x") {
        format!("JSON has no number `{number}`; write it with the digits `0` to `9`")
    } else {
        format!("`{number}` needs double quotes: write `\"{number}\"`")
    };
    Some((start.len(), message))
}

/// What is said of text behind a complete document.
fn behind_the_end(first: char) -> String {
    match first {
        '{' | '[' => {
            "the document is complete before this, and a file holds only one; remove the other, or move it into a file of its own"
                .to_owned()
        }
        '}' | ']' => format!("the document is complete before this `{first}`; remove it, or a bracket that closes the document too early"),
        _ => "the document is complete before this; remove what follows, or a bracket that closes the document too early".to_owned(),
    }
}

fn comment() -> String {
    "JSON has no comments; remove it, or write it as `description`".to_owned()
}

#[cfg(test)]
mod tests {
    use mcp_policy::config::Config;

    use super::{encoding, find};
    use crate::source::SourceFile;

    #[track_caller]
    fn told(text: &str) -> (usize, String) {
        let problem = find(text).unwrap_or_else(|| panic!("nothing is found in {text}"));
        (problem.at, problem.message.strip_prefix("not JSON: ").unwrap().to_owned())
    }

    #[test]
    fn what_people_write_for_json_is_named_with_its_place_and_what_to_do() {
        let comment = "JSON has no comments; remove it, or write it as `description`";
        let yaml = "this looks like YAML; convert it to JSON: `yq -o=json . FILE`";
        let program = "this looks like TOML or a program; write a JSON object: `{\"version\": \"1\", …}`";
        for (text, at, message) in [
            ("{\"a\": 1,\n}", 7, "there is a comma before `}`; remove it: JSON has no comma after the last item"),
            ("[1, 2 , ]", 6, "there is a comma before `]`; remove it: JSON has no comma after the last item"),
            ("{ // x\n}", 2, comment),
            ("{\"a\": /* x */ 1}", 6, comment),
            ("{\"a\": 1 # x\n}", 8, comment),
            ("{'a': 1}", 1, "JSON does not use `'` as a quotation mark; write `\"`"),
            ("{\u{201c}a\u{201d}: 1}", 1, "JSON does not use `\u{201c}` as a quotation mark; write `\"`"),
            ("{version: 1}", 1, "`version` needs double quotes: write `\"version\"`"),
            ("{\"a\": deny}", 6, "`deny` needs double quotes: write `\"deny\"`"),
            ("{\"a\": 1_000}", 6, "a number in JSON has no `_`; write `1000`"),
            ("{\"a\": -1_000.5}", 6, "a number in JSON has no `_`; write `-1000.5`"),
            ("{\"a\": 0x1F}", 6, "JSON has no number `0x1F`; write it with the digits `0` to `9`"),
            ("{\"a\": 10m}", 6, "`10m` needs double quotes: write `\"10m\"`"),
            ("{\"a\": 2027-01-31}", 6, "`2027-01-31` needs double quotes: write `\"2027-01-31\"`"),
            ("{\"a\": True}", 6, "JSON has no value `True`; write `true`"),
            ("{\"a\": None}", 6, "JSON has no value `None`; leave the key out"),
            ("{\"a\": 1 \"b\": 2}", 8, "a comma is missing before this"),
            ("{\"a\": 1,, \"b\": 2}", 8, "there is a comma too many; remove it"),
            ("{\"a\": 1} x", 9, END),
            ("{\"a\": 1}, \"b\": 2}", 8, END),
            (
                "{\"a\": 1}\n{\"a\": 2}",
                9,
                "the document is complete before this, and a file holds only one; remove the other, or move it into a file of its own",
            ),
            (
                "{\"a\": 1}}",
                8,
                "the document is complete before this `}`; remove it, or a bracket that closes the document too early",
            ),
            ("{\"a\": 1} // x", 9, comment),
            ("{\"a\" = 1}", 5, "a key and its value are separated by `:` in JSON"),
            ("version: \"1\"\ndefault: deny\n", 0, yaml),
            ("---\nversion: \"1\"\n", 0, yaml),
            ("# a policy\nversion: \"1\"\n", 0, yaml),
            ("version = \"1\"\n", 0, program),
            ("```json\n{}\n```", 0, "the text starts with a Markdown fence; remove the lines that begin with ```"),
            ("<html>", 0, "this looks like XML or HTML; write a JSON object: `{\"version\": \"1\", …}`"),
            (
                "\u{feff}{}",
                0,
                "the file starts with a byte order mark, which JSON does not have; save it as UTF-8 without one",
            ),
        ] {
            assert_eq!(told(text), (at, message.to_owned()), "{text}");
        }
        for text in ["{}", "{\"a\": 1", "{\"a\": 01}"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    const END: &str =
        "the document is complete before this; remove what follows, or a bracket that closes the document too early";

    #[test]
    fn a_file_of_white_space_is_as_empty_as_one_without_a_byte() {
        let whole = |text: &str| {
            let source = SourceFile::new("p.json", text.to_owned());
            let errors = Config::load(text.as_bytes()).err().unwrap();
            source.problem_lines(&source.problems(errors))
        };
        let expected = "p.json:1:1: (top level): the configuration is empty; paste a policy";
        for text in ["", " ", "\n\t \n"] {
            assert_eq!(whole(text), expected, "{text:?}");
        }
    }

    #[test]
    fn other_encodings_are_named() {
        let utf16: Vec<u8> = "{\"a\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = [&[0xFF, 0xFE][..], &utf16].concat();
        for (bytes, message) in [
            (&with_mark[..], "it is UTF-16; save it as UTF-8, or convert it: `iconv -f UTF-16 -t UTF-8 p.json`"),
            (&utf16, "it is UTF-16LE; save it as UTF-8, or convert it: `iconv -f UTF-16LE -t UTF-8 p.json`"),
            (
                b"{\n  \"caf\xE9\": 1}",
                "it is not UTF-8: the byte 0xE9 in line 2, column 7; save it as UTF-8, or convert it, for example: `iconv -f \
                 WINDOWS-1252 -t UTF-8 p.json`",
            ),
        ] {
            assert_eq!(encoding(bytes, "p.json").as_deref(), Some(message));
        }
        assert_eq!(encoding(b"{}", "p.json"), None);
        assert_eq!(encoding(b"", "p.json"), None);
    }
}
