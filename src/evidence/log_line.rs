//! The records in a line of a log.
//!
//! An access log holds the record as the text of a member, and a collector may have put that line into a member of its own, or several
//! log records into one line. So records are looked for in all of them, and texts are read as they were before each program quoted them: a
//! digest of the record is that of its text.
//!
//! Beside its record, a line holds what callers choose, such as the name of a tool, which may look like a record. So of the members of one
//! object only one holds records: `mcp` or `body`, as `render` names it, or else the one with the longest, since a record
//! holds the caller's texts, too.

#[cfg(test)]
mod tests;

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
/// Those of requests that may have arrived, whatever other flags say. The first is of one that was sent more than once: an earlier attempt
/// may have.
const MAY_HAVE_ARRIVED: [&str; 6] = ["URX", "UC", "UR", "UT", "LR", "UPE"];

/// How many objects, lists and texts may be around a record. An OpenTelemetry collector puts nine around it.
const MAX_DEPTH: u32 = 24;

/// The members that hold the record where `mcp-policy render` writes the access log. No record has a member of such a name.
const OWN: [&str; 2] = ["mcp", "body"];

/// The list in which an OpenTelemetry log record keeps the fields of one request.
const FIELDS: &str = "attributes";

/// The member that each record has, and that is its first.
const DECISION: &str = "decision";

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'l> {
    /// Records: of most logs one, of a collector's as many as it has sent at once.
    Records(Vec<LogLine<'l>>),
    /// No record: a line of another program, or of a request that left none.
    Nothing,
    /// Something that looks like a record and is not JSON, such as a line that was cut.
    Unreadable,
}

/// Looks for the records in a line.
///
/// ```
/// # use mcp_policy::evidence::log_line::{Found, find};
/// let line = r#"{"time":"2026-11-30T00:00:01.500Z","mcp":"{\"decision\":\"allowed\"}"}"#;
/// let Found::Records(found) = find(line) else { panic!("it holds a record") };
/// assert_eq!(found[0].record, r#"{"decision":"allowed"}"#);
/// assert_eq!(found[0].context.time.map(|time| time.0 % 60_000), Some(1500));
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
        Ok(found) if found.is_empty() => Found::Nothing,
        Ok(found) => Found::Records(found),
        Err(NotJson) => Found::Unreadable,
    }
}

/// A text is not JSON.
struct NotJson;

type Records<'l> = Result<Vec<LogLine<'l>>, NotJson>;

/// Looks for records in an object that is in a line which says `around`.
fn search<'l>(object: &'l str, around: &Context, depth: u32) -> Records<'l> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(Vec::new()) };
    let (mut is_record, mut context) = (false, around.clone());
    let mut inner: Vec<(bool, bool, &'l str)> = Vec::new();
    outline::members(object.as_bytes(), |name, value| {
        let Ok(value) = std::str::from_utf8(value) else { return };
        if name == DECISION && value.starts_with('"') {
            is_record = true;
        } else if value.contains(DECISION) && value.starts_with(['"', '{', '[']) {
            inner.push((OWN.contains(&name), name == FIELDS, value));
        } else {
            context.take(name, value);
        }
    })
    .ok_or(NotJson)?;
    // A line may name the decision beside its record, and a record may hold a text that looks like one.
    inner.retain(|(is_own, ..)| *is_own || !is_record);
    let found = inner.into_iter().map(|(is_own, is_fields, value)| {
        let found =
            if is_fields { search_fields(value, &context, depth) } else { search_value(value, &context, depth) };
        (is_own, found)
    });
    let found = choose(found);
    if is_record && found.as_ref().map_or(true, Vec::is_empty) {
        return Ok(vec![LogLine { record: Cow::Borrowed(object), context: around.clone() }]);
    }
    found
}

/// What the members of one object hold: of one of them, since the others are texts of the caller that look like records.
fn choose<'l>(found: impl Iterator<Item = (bool, Records<'l>)>) -> Records<'l> {
    let (mut best, mut is_broken) = ((false, 0, Vec::new()), false);
    for (is_own, records) in found {
        let Ok(records) = records else {
            is_broken = true;
            continue;
        };
        let longest = records.iter().map(|found| found.record.len()).max().unwrap_or_default();
        if longest > 0 && (is_own, longest) > (best.0, best.1) {
            best = (is_own, longest, records);
        }
    }
    if best.2.is_empty() && is_broken { Err(NotJson) } else { Ok(best.2) }
}

/// Looks for records in a value: an object, a list, or a text that is an object.
fn search_value<'l>(value: &'l str, around: &Context, depth: u32) -> Records<'l> {
    if value.starts_with('{') {
        return search(value, around, depth);
    }
    if value.starts_with('"') {
        let mut reader = Reader::new(value.as_bytes(), u32::MAX).map_err(|_| NotJson)?;
        let text = reader.string().map_err(|_| NotJson)?;
        let text = text.trim();
        if !text.starts_with('{') {
            return Ok(Vec::new());
        }
        let found = search(text, around, depth)?.into_iter();
        return Ok(found.map(LogLine::into_owned).collect());
    }
    let Some(depth) = depth.checked_sub(1) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for element in elements(value)? {
        found.append(&mut search_value(element, around, depth)?);
    }
    Ok(found)
}

/// Looks for the records in one of the fields of a log record.
fn search_fields<'l>(value: &'l str, around: &Context, depth: u32) -> Records<'l> {
    if !value.starts_with('[') {
        return search_value(value, around, depth);
    }
    let Some(depth) = depth.checked_sub(1) else { return Ok(Vec::new()) };
    choose(elements(value)?.into_iter().map(|element| (false, search_value(element, around, depth))))
}

/// The elements of a list that may hold a record.
fn elements(list: &str) -> Result<Vec<&str>, NotJson> {
    let mut reader = Reader::new(list.as_bytes(), u32::MAX).map_err(|_| NotJson)?;
    let mut elements = Vec::new();
    let read = reader.elements(|reader| {
        elements.push(reader.skip()?);
        Ok(())
    });
    read.map_err(|_| NotJson)?;
    let may_hold = |element: &&str| element.starts_with(['"', '{', '[']) && element.contains(DECISION);
    Ok(elements.into_iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()).filter(may_hold).collect())
}

impl LogLine<'_> {
    fn into_owned<'o>(self) -> LogLine<'o> {
        LogLine { record: self.record.into_owned().into(), context: self.context }
    }
}

impl Context {
    /// Whether the line says that no byte of the request can have reached a server.
    #[must_use]
    pub fn never_sent(&self) -> bool {
        let flags = || self.flags.iter().flat_map(|flags| flags.split(','));
        let has = |known: &[&str]| flags().any(|flag| known.contains(&flag));
        !has(&MAY_HAVE_ARRIVED) && (self.has_server == Some(false) || has(&NEVER_SENT))
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
