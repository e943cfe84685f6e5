//! Wall-clock time: fixed windows are aligned to UTC, so tests must know how far the current window has run.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::sleep;

/// Milliseconds of a minute.
pub(crate) const MINUTE: u64 = 60_000;

/// Milliseconds since the epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_millis()).expect("a clock before the year 500 million")
}

/// Milliseconds that the window of `length` milliseconds around `time` still lasts.
pub(crate) fn left_of(length: u64, time: u64) -> u64 {
    length - time % length
}

/// Waits, if it must, until at least `seconds` of the current minute are left, so that what follows happens within
/// one minute.
pub(crate) async fn room_in_minute(seconds: u64) {
    if left_of(MINUTE, now()) < seconds * 1000 {
        next_minute().await;
    }
}

/// Waits until the next minute has begun for every clock: a little longer than the boundary, since the millisecond
/// that this process and Envoy read need not be the same.
pub(crate) async fn next_minute() {
    let begins = now() + left_of(MINUTE, now());
    while now() < begins + 50 {
        sleep(Duration::from_millis(begins + 50 - now().min(begins + 49))).await;
    }
}

/// A window length in seconds whose present window does not end while the suite runs. It is the same for the whole
/// run, since the length is a part of what a counter is known by.
pub(crate) fn long_window() -> u64 {
    static CHOSEN: LazyLock<u64> = LazyLock::new(|| {
        let lengths = [86_400, 100_000, 200_000];
        lengths.into_iter().max_by_key(|length| left_of(length * 1000, now())).unwrap_or_default()
    });
    *CHOSEN
}

/// Milliseconds since the epoch of an RFC 3339 time in UTC.
#[track_caller]
pub(crate) fn rfc3339(text: &str) -> u64 {
    let parsed = text.strip_suffix('Z').and_then(|utc| {
        let (date, time) = utc.split_once('T')?;
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let [year, month, day] = numbers(date, '-')?;
        let [hour, minute, second] = numbers(clock, ':')?;
        let millis: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let days = days_since_epoch(year, month, day);
        Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millis)
    });
    parsed.unwrap_or_else(|| panic!("{text:?} should be a UTC time as RFC 3339 writes it"))
}

/// The three numbers that `separator` separates.
fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let parts: Vec<u64> = text.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// Days from 1970-01-01 to a day of the Gregorian calendar after it.
fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    // Years that begin in March put the leap day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[test]
fn the_clock_reads_rfc3339() {
    assert_eq!(rfc3339("1970-01-01T00:00:00Z"), 0);
    assert_eq!(rfc3339("2024-02-29T12:34:56.5Z"), 1_709_210_096_500);
}
