//! Moments as people and their tools write them.

/// A moment in milliseconds since the epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

/// The last millisecond that RFC 3339 can write.
const LAST: Timestamp = Timestamp(253_402_300_799_999);

impl Timestamp {
    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// A moment as RFC 3339 has it, to the second; `None` if it has more than four digits for the year.
pub(crate) fn rfc_3339(moment: Timestamp) -> Option<String> {
    if moment > LAST {
        return None;
    }
    let seconds = moment.0 / 1000;
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity(20);
    let pairs =
        [(year / 100, ""), (year % 100, "-"), (month, "-"), (day, "T"), (hour, ":"), (minute, ":"), (second, "Z")];
    for (pair, behind) in pairs {
        for digit in [pair / 10, pair % 10] {
            text.push(char::from_digit(u32::try_from(digit).unwrap_or_default(), 10).unwrap_or('0'));
        }
        text.push_str(behind);
    }
    Some(text)
}

/// The Gregorian date so many days after 1970-01-01. Reckoned in years that begin with March, so that a leap day is
/// their last, and in eras of 400 years, which are all of one length; after Howard Hinnant's `civil_from_days`.
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

    use super::{LAST, Timestamp, rfc_3339};

    #[test]
    fn it_writes_what_others_do() {
        let others = |moment: Timestamp| {
            humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_millis(moment.0)).to_string()
        };
        // Every day of two eras, each at another time, and the seconds around the ends of days.
        for day in 0..2 * 146_097 {
            for moment in [day * 86_400_000, day * 86_399_989, (day + 1) * 86_400_000 - 1].map(Timestamp) {
                assert_eq!(rfc_3339(moment), Some(others(moment)), "{moment:?}");
            }
        }
        assert_eq!(rfc_3339(LAST).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(rfc_3339(Timestamp(LAST.0 + 1)), None);
        assert_eq!(rfc_3339(Timestamp(u64::MAX)), None);
    }
}
