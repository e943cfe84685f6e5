//! The clock of cases. It starts at midnight UTC, where windows of up to a day start, and moves only where a case says.

use crate::{
    bytes::whole_number,
    json::{Decimal, Value, cursor::Cursor},
    time::{Timestamp, parse_date, rfc_3339},
};

/// The start of every case: 2026-01-01T00:00:00Z.
pub const MIDNIGHT: Timestamp = Timestamp(1_767_225_600_000);

/// The longest time after the start that a number or a clock gives, in milliseconds: later than the end of any window. A larger number
/// counts from another start, such as that of Unix.
const MAX_OFFSET: u64 = 366 * DAY;

/// The start of 2100, in milliseconds after the start. A time in full is before it.
const END: u64 = (74 * 365 + 18) * DAY;

const DAY: u64 = 86_400_000;

/// The time so many milliseconds after the start.
pub(super) fn after_midnight(milliseconds: u64) -> Timestamp {
    Timestamp(MIDNIGHT.0.saturating_add(milliseconds))
}

/// A time as `hours:minutes:seconds` after the start; one that is more than a month after it in full.
#[must_use]
pub fn format_time(moment: Timestamp) -> String {
    let milliseconds = moment.0.saturating_sub(MIDNIGHT.0);
    if milliseconds > 31 * DAY {
        return rfc_3339(moment).unwrap_or_default();
    }
    let seconds = milliseconds / 1000;
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if milliseconds.is_multiple_of(1000) { whole } else { format!("{whole}.{:03}", milliseconds % 1000) }
}

/// Reads a time: seconds, `hours:minutes:seconds`, or a date and a time as RFC 3339 writes them.
pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Timestamp> {
    let is_offset = |milliseconds: &u64| *milliseconds <= MAX_OFFSET;
    let milliseconds = match &at.node().value {
        Value::Number(text) => parse_seconds(text).filter(is_offset),
        Value::String(text) => parse_clock(text)
            .filter(is_offset)
            .or_else(|| parse_moment(text).filter(|milliseconds| *milliseconds < END)),
        _ => None,
    };
    match milliseconds {
        Some(milliseconds) => Some(after_midnight(milliseconds)),
        None => at.report_expected(
            "seconds, such as `59.5`, `hours:minutes:seconds`, such as `\"00:00:59\"`, or a time from 2026 to 2099, such as \
             `\"2026-11-20T17:00:00Z\"`",
        ),
    }
}

fn parse_seconds(seconds: &str) -> Option<u64> {
    Decimal::new(seconds)?.scaled(3)
}

/// Milliseconds after the start at `2026-11-20T17:00:00Z`.
fn parse_moment(text: &str) -> Option<u64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let day = parse_date(date)?.0.checked_sub(MIDNIGHT.0)?;
    let is_full = clock.len() >= 8 && clock.as_bytes().get(2) == Some(&b':');
    let since = parse_clock(clock).filter(|since| is_full && *since < 86_400_000)?;
    day.checked_add(since)
}

/// Hours continue after 23: `24:00:00` is the next midnight.
fn parse_clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |part: &str| whole_number(part.as_bytes()).filter(|_| part.len() <= 4);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    // Not as JSON writes numbers: with leading zeros, and without an exponent.
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    whole_number(fraction.as_bytes())?;
    let seconds = format!("{}.{fraction}", whole_number(whole.as_bytes())?);
    let milliseconds = parse_seconds(&seconds).filter(|milliseconds| *milliseconds < 60_000 && minutes < 60)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60_000)?.checked_add(milliseconds)
}
