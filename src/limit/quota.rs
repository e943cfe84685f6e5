//! The pure step of one counter: an old count and a timestamp in, a new count or the time to retry out.
//!
//! A fixed window starts at zero at each boundary, so two windows' worth of calls can pass around one. A sliding window
//! adds the count of the window before, weighted by the part of it that is less than one window's length old.

#[cfg(test)]
mod tests;

use crate::{
    amount::Amount,
    time::Timestamp,
    window::{Algorithm, Window},
};

/// How much one window lets through.
///
/// ```
/// # use mcp_policy::{amount::Amount, limit::{LimitExceeded, Quota}, time::Timestamp, window::{Algorithm, Window}};
/// let window = Window::new(60).ok_or("out of range")?;
/// let quota = Quota { window, algorithm: Algorithm::Fixed, max: Some(Amount::ONE) };
/// let count = quota.charge(None, Amount::ONE, Timestamp(59_000)).map_err(|_| "full")?;
/// let full = quota.charge(Some(count), Amount::ONE, Timestamp(59_999));
/// let retry_at = Some(Timestamp(60_000));
/// assert_eq!(full, Err(LimitExceeded { retry_at, remaining: Some(Amount::ZERO) }));
/// assert!(quota.charge(Some(count), Amount::ONE, Timestamp(60_000)).is_ok());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The length of the window.
    pub window: Window,
    /// How the count is forgotten.
    pub algorithm: Algorithm,
    /// The most that one window lets through; `None` if it only counts.
    pub max: Option<Amount>,
}

/// The state of one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The second since the epoch from which on no part of it counts: the end of its newest window, or of the window after
    /// that if windows slide.
    pub until: u64,
    /// Charged in the newest window.
    pub used: Amount,
    /// Charged in the window before; always zero for fixed windows.
    pub previous: Amount,
}

/// A limit has no room for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// When the same call has room, if nothing else is charged until then; `None` if it never has.
    pub retry_at: Option<Timestamp>,
    /// What is left now, rounded down; `None` if that is not known.
    pub remaining: Option<Amount>,
}

impl Count {
    /// Whether some part of it still counts.
    pub(super) fn is_alive(self, now: Timestamp) -> bool {
        self.until > now.seconds()
    }

    /// Whether the table may drop it. It is kept for one more second, since another worker may have read the clock a moment
    /// earlier.
    pub(super) fn is_evictable(self, now: Timestamp) -> bool {
        self.until < now.seconds()
    }
}

impl Quota {
    /// Charges `amount` at `now`.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn charge(&self, old: Option<Count>, amount: Amount, now: Timestamp) -> Result<Count, LimitExceeded> {
        let count = self.current(old, now);
        let Some(max) = self.max else {
            // A sum beyond all amounts is the largest of them, so that what only counts refuses nothing.
            return Ok(Count { used: count.used.plus(amount).unwrap_or(Amount::MAX), ..count });
        };
        // Beside a clock that has stepped back, more may weigh than the clock tells.
        let remaining = || Some(max.minus(self.used(count, now))).filter(|left| *left < amount);
        let exceeded = |retry_at| LimitExceeded { retry_at, remaining: remaining() };
        if self.never_fits(amount) {
            return Err(exceeded(None));
        }
        let retry_at = self.retry_at(count, max.minus(amount)).filter(|retry_at| *retry_at > now);
        match (retry_at, count.used.plus(amount)) {
            (None, Some(used)) => Ok(Count { used, ..count }),
            (retry_at, _) => Err(exceeded(retry_at)),
        }
    }

    /// Whether no window ever has room for `amount`: a `max` of 0 lets nothing through, not even what costs nothing.
    #[must_use]
    pub fn never_fits(&self, amount: Amount) -> bool {
        self.max.is_some_and(|max| amount > max || max == Amount::ZERO)
    }

    /// Takes back a charge of `amount` that led to a count until `until`. A count that has moved on to another window stays
    /// as it is.
    #[must_use]
    pub fn refund(count: Count, until: u64, amount: Amount) -> Count {
        if count.until == until { Count { used: count.used.minus(amount), ..count } } else { count }
    }

    /// How much of a count weighs at `now`, rounded up to a millionth.
    #[must_use]
    pub fn used(&self, count: Count, now: Timestamp) -> Amount {
        let count = self.current(Some(count), now);
        if count.previous == Amount::ZERO {
            return count.used;
        }
        let length = u128::from(self.window.seconds()).saturating_mul(1000);
        let left = u128::from(self.newest_end(count).0.saturating_sub(now.0)).min(length);
        let previous = u128::from(count.previous.millionths()).saturating_mul(left).div_ceil(length.max(1));
        let previous = u64::try_from(previous).ok().and_then(Amount::from_millionths).unwrap_or(Amount::MAX);
        count.used.plus(previous).unwrap_or(Amount::MAX)
    }

    /// When the window of a count ends, or the one that holds `now` if that is later.
    #[must_use]
    pub fn resets_at(&self, count: Count, now: Timestamp) -> Timestamp {
        self.newest_end(self.current(Some(count), now))
    }

    /// When the window that holds `now` ends.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_seconds(self.window.end(now))
    }

    /// The count at `now`. If the clock has stepped back, the count stays in its newer window, so that no step back ever
    /// refills it.
    pub(super) fn current(&self, old: Option<Count>, now: Timestamp) -> Count {
        let empty = self.empty(now);
        match old {
            Some(old) if old.until >= empty.until => old,
            Some(old) if self.algorithm == Algorithm::Sliding && old.until == self.window.end(now) => {
                Count { previous: old.used, ..empty }
            }
            _ => empty,
        }
    }

    /// The count of the window that holds `now` before anything is charged.
    pub(super) fn empty(&self, now: Timestamp) -> Count {
        let end = self.window.end(now);
        let until = match self.algorithm {
            Algorithm::Fixed => end,
            Algorithm::Sliding => end.saturating_add(self.window.seconds().into()),
        };
        Count { until, used: Amount::ZERO, previous: Amount::ZERO }
    }

    /// The end of the newest window of a count.
    fn newest_end(&self, count: Count) -> Timestamp {
        Timestamp::from_seconds(match self.algorithm {
            Algorithm::Fixed => count.until,
            Algorithm::Sliding => count.until.saturating_sub(self.window.seconds().into()),
        })
    }

    /// From when on `count` is down to `room`; `None` if it is whatever the time.
    fn retry_at(&self, count: Count, room: Amount) -> Option<Timestamp> {
        let end = self.newest_end(count);
        match self.algorithm {
            Algorithm::Fixed => (count.used > room).then_some(end),
            Algorithm::Sliding if count.used > room => self.decayed_at(count.used, room, end),
            Algorithm::Sliding => {
                let start = Timestamp(end.0.saturating_sub(u64::from(self.window.seconds()).saturating_mul(1000)));
                self.decayed_at(count.previous, room.minus(count.used), start)
            }
        }
    }

    /// When `weight`, which fades over one window from `start` on, is down to `room`; `None` if it is no more than that.
    fn decayed_at(&self, weight: Amount, room: Amount, start: Timestamp) -> Option<Timestamp> {
        let excess = u128::from(weight.minus(room).millionths());
        let length = u128::from(self.window.seconds()).saturating_mul(1000);
        let elapsed = length.saturating_mul(excess).div_ceil(u128::from(weight.millionths().max(1)));
        let at = start.0.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX));
        (excess > 0).then_some(Timestamp(at))
    }
}
