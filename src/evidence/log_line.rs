//! The record in a line of a log.
//!
//! An access log holds the record as the text of a member, and a collector may have put that line into a member of its own. So
//! the record is looked for in all of them, and texts are read as they were before each program quoted them: a digest of
//! the record is that of its text.

use std::borrow::Cow;

use crate::{
    json::{Reader, outline},
    time::{self, Timestamp},
};

/// A line that holds a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLine<'l> {
    /// The record's text.
    pub record: Cow<'l, str>,
    /// What the line says of the request, besides.
    pub context: Context,
}

/// What a line says of a request, besides its record; the object nearest to the record says it best.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// When the request came.
    pub time: Option<Timestamp>,
    /// Its host.
    pub host: Option<String>,
    /// Its path, without the query.
    pub path: Option<String>,
    /// The name of Envoy's route.
    pub route: Option<String>,
    /// Whether a server was chosen for it; `None` if the line does not say.
    pub has_server: Option<bool>,
    /// What went wrong, by Envoy's response flags, such as `UF,URX`.
    pub flags: Option<String>,
}

/// Response flags of requests that no server got; as in `engine/refund.rs`.
const NEVER_SENT: [&str; 5] = ["UH", "UF", "UO", "NR", "NC"];
/// The response flag of a request that was sent more than once: an earlier attempt may have arrived.
const SENT_AGAIN: &str = "URX";

/// How many objects and texts may be around a record.
const MAX_DEPTH: u32 = 8;

/// The member that each record has, and that is its first.
const DECISION: &str = "decision";

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'l> {
    /// A record.
    Record(LogLine<'l>),
    /// No record: a line of another program, or of a request that left none.
    Nothing,
    /// Something that looks like a record and is not JSON, such as a line that was cut.
    Unreadable,
}

/// Looks for the record in a line.
///
/// ```
/// # use mcp_policy::evidence::log_line::{Found, find};
/// let line = r#"{"time":"2026-11-30T00:00:01.500Z","mcp":"{\"decision\":\"allowed\"}"}"#;
/// let Found::Record(found) = find(line) else { panic!("it holds a record") };
/// assert_eq!(found.record, r#"{"decision":"allowed"}"#);
/// assert_eq!(found.context.time.map(|time| time.0 % 60_000), Some(1500));
/// assert_eq!(find("[info] mcp-policy: a line of Envoy's log"), Found::Nothing);
/// ```
#[must_use]
pub fn find(line: &str) -> Found<'_> {
    if !line.contains(DECISION) {
        return Found::Nothing;
    }
    let line = line.trim();
    if !line.starts_with('{') {
        return Found::Nothing;
    }
    match search(line, &Context::default(), MAX_DEPTH) {
        Ok(Some(found)) => Found::Record(found),
        Ok(None) => Found::Nothing,
        Err(NotJson) => Found::Unreadable,
    }
}

/// A text is not JSON.
struct NotJson;

/// Looks for the record in an object that is in a line which says `around`.
fn search<'l>(object: &'l str, around: &Context, depth: u32) -> Result<Option<LogLine<'l>>, NotJson> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(None) };
    let (mut is_record, mut context) = (false, around.clone());
    let mut inner: Vec<&'l str> = Vec::new();
    outline::members(object.as_bytes(), |name, value| {
        let Ok(value) = std::str::from_utf8(value) else { return };
        if name == DECISION && value.starts_with('"') {
            is_record = true;
        } else if value.contains(DECISION) && value.starts_with(['"', '{', '[']) {
            inner.push(value);
        } else {
            context.take(name, value);
        }
    })
    .ok_or(NotJson)?;
    if is_record {
        return Ok(Some(LogLine { record: Cow::Borrowed(object), context: around.clone() }));
    }
    for value in inner {
        if let Some(found) = search_value(value, &context, depth)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Looks for the record in a value: an object, a list, or a text that is an object.
fn search_value<'l>(value: &'l str, around: &Context, depth: u32) -> Result<Option<LogLine<'l>>, NotJson> {
    if value.starts_with('{') {
        return search(value, around, depth);
    }
    let mut reader = Reader::new(value.as_bytes(), u32::MAX).map_err(|_| NotJson)?;
    if value.starts_with('"') {
        let text = reader.string().map_err(|_| NotJson)?;
        let text = text.trim();
        if !text.starts_with('{') {
            return Ok(None);
        }
        let found = search(text, around, depth)?;
        return Ok(found.map(|LogLine { record, context }| LogLine { record: record.into_owned().into(), context }));
    }
    let Some(depth) = depth.checked_sub(1) else { return Ok(None) };
    let mut elements = Vec::new();
    let read = reader.elements(|reader| {
        elements.push(reader.skip()?);
        Ok(())
    });
    read.map_err(|_| NotJson)?;
    for element in elements.into_iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()) {
        let may_hold = element.starts_with(['"', '{', '[']) && element.contains(DECISION);
        if may_hold && let Some(found) = search_value(element, around, depth)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

impl Context {
    /// Whether the line says that no byte of the request can have reached a server.
    #[must_use]
    pub fn never_sent(&self) -> bool {
        let flags = || self.flags.iter().flat_map(|flags| flags.split(','));
        let is_sent_again = flags().any(|flag| flag == SENT_AGAIN);
        !is_sent_again && (self.has_server == Some(false) || flags().any(|flag| NEVER_SENT.contains(&flag)))
    }

    /// Takes a member of an object, if it says something of the request.
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "time" | "start_time" | "startTime" | "timestamp" | "@timestamp" | "ts" | "timeUnixNano" => {
                self.time = read_time(name, value).or(self.time);
            }
            "host" | "authority" => self.host = read_text(value).or_else(|| self.host.take()),
            "path" => {
                let path = read_text(value).map(|path| path.split('?').next().unwrap_or_default().to_owned());
                self.path = path.or_else(|| self.path.take());
            }
            "upstream" | "upstream_host" => self.has_server = Some(read_text(value).is_some()),
            "response_flags" => self.flags = read_text(value),
            "route" | "route_name" => self.route = read_text(value).or_else(|| self.route.take()),
            _ => {}
        }
    }
}

fn read_text(value: &str) -> Option<String> {
    let text = Reader::new(value.as_bytes(), 1).ok()?.string().ok()?;
    // Envoy writes a dash for what a request does not have.
    (!text.is_empty() && text != "-").then(|| text.into_owned())
}

/// A time as RFC 3339 writes it, in nanoseconds since the epoch, or in seconds or milliseconds.
fn read_time(name: &str, value: &str) -> Option<Timestamp> {
    let text = read_text(value).unwrap_or_else(|| value.to_owned());
    if let Some(time) = time::parse_rfc_3339(&text) {
        return Some(time);
    }
    if name == "timeUnixNano" {
        return text.parse::<u64>().ok().map(|nanoseconds| Timestamp(nanoseconds / 1_000_000));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole: u64 = whole.parse().ok()?;
    if whole > LAST_SECOND {
        return Some(Timestamp(whole));
    }
    let milliseconds = format!("{fraction:0<3}").get(..3)?.parse::<u64>().ok()?;
    Some(Timestamp(Timestamp::from_seconds(whole).0.saturating_add(milliseconds)))
}

/// The last second of the year 9999; a larger number counts milliseconds.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::{Found, LogLine, find};
    use crate::{json::quoted, time::Timestamp};

    const RECORD: &str = r#"{"decision":"allowed","tool":"ä\u202e"}"#;

    fn record_in(line: &str) -> Option<LogLine<'_>> {
        match find(line) {
            Found::Record(found) => Some(found),
            _ => None,
        }
    }

    #[test]
    fn a_record_is_found_as_it_was_written_wherever_a_program_put_it() {
        let access = format!(r#"{{"time":"2026-11-30T00:00:00.250Z","path":"/mcp?a","mcp":{}}}"#, quoted(RECORD));
        let container = format!(r#"{{"log":{},"stream":"stdout","time":"2027-01-01T00:00:00Z"}}"#, quoted(&access));
        let otlp = format!(
            r#"{{"logRecords":[{{"timeUnixNano":"1796000000000000000","attributes":[{{"key":"a"}},{{"key":"mcp","value":{{"stringValue":{}}}}}]}}]}}"#,
            quoted(RECORD)
        );
        for (line, time) in [
            (RECORD.to_owned(), None),
            (access, None),
            (container, None),
            (otlp, Some(1_796_000_000_000)),
            (format!(r#"  {{"ts": 1796000000.5, "mcp": {RECORD}}}  "#), Some(1_796_000_000_500)),
        ] {
            let found = record_in(&line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(found.record, RECORD, "{line}");
            if let Some(time) = time {
                assert_eq!(found.context.time, Some(Timestamp(time)), "{line}");
            }
            if line.contains("/mcp?a") {
                assert_eq!(found.context.path.as_deref(), Some("/mcp"));
                assert_eq!(found.context.time, crate::time::parse_rfc_3339("2026-11-30T00:00:00.25Z"), "the inner one");
            }
        }
    }

    #[test]
    fn a_line_says_whether_no_server_got_the_request() {
        for (members, never_sent) in [
            (r#""upstream":null,"response_flags":"UH""#, true),
            (r#""upstream":null,"response_flags":null"#, true),
            (r#""upstream":"-""#, true),
            (r#""upstream":"10.0.0.1:80","response_flags":"UF""#, true),
            (r#""upstream":"10.0.0.1:80","response_flags":"UF,URX""#, false),
            (r#""upstream":"10.0.0.1:80","response_flags":"UC""#, false),
            (r#""upstream":"10.0.0.1:80","response_flags":null"#, false),
            (r#""client":"UF""#, false),
        ] {
            let line = format!(r#"{{{members},"mcp":{RECORD}}}"#);
            assert_eq!(record_in(&line).map(|found| found.context.never_sent()), Some(never_sent), "{line}");
        }
    }

    #[test]
    fn a_line_without_a_record_differs_from_one_that_was_cut() {
        for line in ["", "decision", "[info] {\"decision\":1}", r#"{"a":"the decision"}"#, r#"{"decision":1}"#] {
            assert_eq!(find(line), Found::Nothing, "{line}");
        }
        for line in [r#"{"mcp":"{\"decision\":\"allowed\"}"#, r#"{"mcp":"{\"decision\":\"allo"}"#, r#"{"decision":"#] {
            assert_eq!(find(line), Found::Unreadable, "{line}");
        }
    }
}
