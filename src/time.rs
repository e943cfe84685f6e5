//! Points in time, and how RFC 3339 writes them.

use crate::bytes::whole_number;

/// A point in time, in milliseconds since the epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

/// The last millisecond of the year 9999: RFC 3339 writes four digits.
const LAST: Timestamp = Timestamp(253_402_300_799_999);

impl Timestamp {
    /// The start of a second since the epoch; the last timestamp there is, if that lies beyond.
    #[must_use]
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The second since the epoch that it lies in.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// A timestamp as RFC 3339 writes it, to the second; `None` after the year 9999.
pub(crate) fn rfc_3339(timestamp: Timestamp) -> Option<String> {
    if timestamp > LAST {
        return None;
    }
    let seconds = timestamp.seconds();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = *b"0000-00-00T00:00:00Z";
    let pairs = [(0, year / 100), (2, year % 100), (5, month), (8, day), (11, hour), (14, minute), (17, second)];
    for (at, pair) in pairs {
        for (digit, value) in text.iter_mut().skip(at).zip([pair / 10, pair % 10]) {
            *digit = b'0'.saturating_add(u8::try_from(value).unwrap_or_default());
        }
    }
    String::from_utf8(text.to_vec()).ok()
}

/// A point in time as RFC 3339 writes it, such as `2026-11-30T01:02:03.5Z` or with `+01:00`, to the millisecond; `None` for another
/// text, or a time before 1970.
#[cfg(not(target_os = "wasi"))]
pub(crate) fn parse_rfc_3339(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't'])?;
    let number = |digits: &str, limit: u64| {
        whole_number(digits.as_bytes()).filter(|number| digits.len() == 2 && *number < limit)
    };
    let (clock, zone) = time.split_at_checked(time.find(['Z', 'z', '+', '-'])?)?;
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) = (number(parts.next()?, 24)?, number(parts.next()?, 60)?, parts.next()?);
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    // A leap second is the start of the next minute.
    let seconds = number(second, 61)?.checked_add(hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?)?;
    whole_number(fraction.as_bytes())?;
    let milliseconds = whole_number(format!("{fraction:0<3}").as_bytes().get(..3)?)?;
    let offset = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (_, zone) => {
            let (hours, minutes) = zone.split_once(':')?;
            number(hours, 24)?.checked_mul(60)?.checked_add(number(minutes, 60)?)?.checked_mul(60_000)?
        }
    };
    let local = parse_date(date)?.0.checked_add(seconds.checked_mul(1000)?)?.checked_add(milliseconds)?;
    let utc = if zone.starts_with('-') { local.checked_add(offset) } else { local.checked_sub(offset) };
    utc.map(Timestamp)
}

/// The start of a day, which is written as RFC 3339 writes a date; `None` for another text, or a day before 1970.
pub(crate) fn parse_date(text: &str) -> Option<Timestamp> {
    let mut parts = text.splitn(3, '-');
    let mut number = |length: usize| parts.next().filter(|part| part.len() == length).map(str::as_bytes);
    let written = (whole_number(number(4)?)?, whole_number(number(2)?)?, whole_number(number(2)?)?);
    let days = days_since_epoch(written)?;
    // A date that does not exist, such as February 30, is the number of another day.
    (date(days) == written).then(|| Timestamp::from_seconds(days.saturating_mul(86_400)))
}

/// The number of a Gregorian date in days after 1970-01-01; of a date that does not exist, the number of another day. It
/// counts as [`date`] does.
fn days_since_epoch((year, month, day): (u64, u64, u64)) -> Option<u64> {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day.checked_sub(1)?;
    (365 * year + year / 4 - year / 100 + year / 400 + day_of_year).checked_sub(719_468)
}

/// The Gregorian date that many days after 1970-01-01: year, month, day. It counts in years that begin with March, so that
/// a leap day is the last of its year, and in eras of 400 years, which all have the same length; after Howard Hinnant's
/// `civil_from_days`.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    // From 0000-03-01 on.
    let days = days + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (passed, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (400 * era + year + passed, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{LAST, Timestamp, parse_date, rfc_3339};

    #[test]
    fn a_timestamp_is_written_as_humantime_writes_it() {
        let expected = |timestamp: Timestamp| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_millis(timestamp.0);
            humantime::format_rfc3339_seconds(time).to_string()
        };
        // Every day of two eras, each at another time, and the seconds around the ends of days.
        for day in 0..2 * 146_097 {
            for timestamp in [day * 86_400_000, day * 86_399_989, (day + 1) * 86_400_000 - 1].map(Timestamp) {
                assert_eq!(rfc_3339(timestamp), Some(expected(timestamp)), "{timestamp:?}");
            }
        }
        assert_eq!(rfc_3339(LAST).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(rfc_3339(Timestamp(LAST.0 + 1)), None);
        assert_eq!(rfc_3339(Timestamp(u64::MAX)), None);
    }
    #[test]
    fn a_date_is_read_as_it_is_written() {
        for day in 0..2 * 146_097 {
            let start = Timestamp(day * 86_400_000);
            let text = rfc_3339(start).unwrap();
            let (date, _) = text.split_once('T').unwrap();
            assert_eq!(parse_date(date), Some(start), "{text}");
        }
        assert_eq!(parse_date("9999-12-31"), Some(Timestamp::from_seconds(LAST.seconds() - 86_399)));
    }

    #[cfg(not(target_os = "wasi"))]
    #[test]
    fn a_time_is_read_in_any_zone_to_the_millisecond() {
        let base = Timestamp::from_seconds(1_795_993_323).0;
        for (text, time) in [
            ("2026-11-29T23:02:03Z", base),
            ("2026-11-29t23:02:03.5z", base + 500),
            ("2026-11-30T00:02:03.123456+01:00", base + 123),
            ("2026-11-29T17:32:03.9999-05:30", base + 999),
        ] {
            assert_eq!(super::parse_rfc_3339(text), Some(Timestamp(time)), "{text}");
        }
        for text in [
            "",
            "2026-11-29",
            "2026-11-29T23:02:03",
            "2026-11-29T24:00:00Z",
            "2026-11-29T23:02:03.Z",
            "2026-11-29T23:02Z",
        ] {
            assert_eq!(super::parse_rfc_3339(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_date_is_rejected() {
        for text in [
            "",
            "2027",
            "2027-01",
            "2027-01-32",
            "2027-02-29",
            "2100-02-29",
            "2027-00-01",
            "2027-13-01",
            "2027-01-00",
            "27-01-31",
            "2027-1-31",
            "+027-01-31",
            "2027-01-31T00:00:00Z",
            "2027-01-31 ",
            "1969-12-31",
            "0000-01-01",
            "2027/01/31",
            "२०२७-01-31",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
