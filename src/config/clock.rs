//! `clock`: the clock by which conditions on `now` read the time.

use std::fmt;

use crate::{
    bytes::whole_number,
    json::cursor::{Cursor, Keys},
};

/// The clock by which conditions read the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// How far it is ahead of UTC, in minutes.
    pub offset_minutes: i32,
}

/// The keys of `clock`.
pub const CLOCK_KEYS: Keys = Keys { known: &["offset"] };

/// No time zone is farther from UTC, in minutes.
const MAX_OFFSET: i32 = 14 * 60;

impl Clock {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let offset = at.fields(CLOCK_KEYS)?.required("offset")?;
        match parse_offset(offset.text_or_empty()) {
            Some(offset_minutes) => Some(Self { offset_minutes }),
            None => offset.report_expected("an offset from UTC of up to 14 hours, such as `+01:00` or `-05:30`"),
        }
    }
}

/// As an explanation names it: `UTC`, or `UTC+01:00`.
impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset_minutes.unsigned_abs();
        match self.offset_minutes {
            0 => f.write_str("UTC"),
            minutes => {
                write!(f, "UTC{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, offset / 60, offset % 60)
            }
        }
    }
}

/// Reads an offset as RFC 3339 writes it, but for `Z`.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) =
        text.strip_prefix('+').map(|rest| (1, rest)).or(text.strip_prefix('-').map(|rest| (-1, rest)))?;
    let (hours, minutes) = rest.split_once(':')?;
    let pair = |part: &str| i32::try_from(whole_number(part.as_bytes()).filter(|_| part.len() == 2)?).ok();
    let (hours, minutes) = (pair(hours)?, pair(minutes)?);
    let total = hours.saturating_mul(60).saturating_add(minutes);
    (minutes < 60 && total <= MAX_OFFSET).then(|| total.saturating_mul(sign))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Clock, parse_offset};

    #[test]
    fn an_explanation_names_the_clock_by_its_offset() {
        for (offset_minutes, name) in [(0, "UTC"), (60, "UTC+01:00"), (-330, "UTC-05:30"), (840, "UTC+14:00")] {
            assert_eq!(Clock { offset_minutes }.to_string(), name);
        }
    }

    #[test]
    fn an_offset_is_hours_and_minutes_with_a_sign() {
        let offsets = [("+00:00", 0), ("+01:00", 60), ("-05:30", -330), ("+14:00", 840), ("-14:00", -840)];
        for (text, minutes) in offsets {
            assert_eq!(parse_offset(text), Some(minutes), "{text}");
        }
        for text in
            ["", "Z", "01:00", "+1:00", "+01", "+0100", "+14:01", "+00:60", "+01:00 ", "+-1:00", "−01:00", "+01:0٠"]
        {
            assert_eq!(parse_offset(text), None, "{text}");
        }
    }
}
