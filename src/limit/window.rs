//! The pure step: an old count and a moment in, a new count out, or when to come back.
//!
//! Fixed windows are aligned to the epoch and start again at each boundary, so two windows' worth can pass around
//! one. Sliding windows weigh the window before by the part of it that still lies in view.

use std::num::NonZeroU32;

use crate::{amount::Amount, time::Timestamp};

/// The length of a window.
///
/// Invariant: 1 to 2,678,400 seconds (31 days).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(NonZeroU32);

/// How a count forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// All at once, at the boundary.
    #[default]
    Fixed,
    /// Evenly, over the window that follows.
    Sliding,
}

/// What a count may reach in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Length of the window.
    pub window: Window,
    /// How the count forgets.
    pub algorithm: Algorithm,
    /// The most that one window lets through.
    pub max: Amount,
}

/// The state of one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Second since the epoch at which nothing of this counts any more.
    pub until: u64,
    /// Charged in the newest window.
    pub used: Amount,
    /// Charged in the window before it; only for sliding windows.
    pub previous: Amount,
}

/// There is no room for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// When the same call has room if nothing else is charged; `None` if it never has.
    pub retry_at: Option<Timestamp>,
}

impl Window {
    /// The longest window, in seconds: 31 days.
    pub const MAX_SECONDS: u32 = 2_678_400;
    /// The longest window.
    pub const LONGEST: Self = match NonZeroU32::new(Self::MAX_SECONDS) {
        Some(seconds) => Self(seconds),
        None => Self(NonZeroU32::MIN),
    };

    /// A window of that many seconds, if it is one.
    #[must_use]
    pub fn new(seconds: u32) -> Option<Self> {
        NonZeroU32::new(seconds).filter(|seconds| seconds.get() <= Self::MAX_SECONDS).map(Self)
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0.get()
    }

    fn length(self) -> u64 {
        u64::from(self.0.get())
    }

    /// The second at which the window that holds `now` ends.
    fn end(self, now: Timestamp) -> u64 {
        let seconds = now.seconds();
        seconds.saturating_sub(seconds % self.length()).saturating_add(self.length())
    }
}

impl Count {
    /// Whether something of it still counts.
    pub(super) fn is_alive(self, now: Timestamp) -> bool {
        self.until.saturating_mul(1000) > now.0
    }
}

impl Quota {
    /// Charges `amount`.
    ///
    /// # Errors
    /// There is no room for it at `now`.
    pub fn charge(&self, old: Option<Count>, amount: Amount, now: Timestamp) -> Result<Count, LimitExceeded> {
        let count = self.current(old, now);
        match (amount > self.max, self.retry_at(count, amount, now)) {
            (true, _) => Err(LimitExceeded { retry_at: None }),
            (false, Some(back_at)) => Err(LimitExceeded { retry_at: Some(back_at) }),
            (false, None) => {
                let used = count.used.plus(amount).ok_or(LimitExceeded { retry_at: None })?;
                Ok(Count { used, ..count })
            }
        }
    }

    /// What counts at `now`.
    #[must_use]
    pub fn used(&self, count: Count, now: Timestamp) -> Amount {
        let count = self.current(Some(count), now);
        let (length, left) = (u128::from(self.window.length()).saturating_mul(1000), self.left(now));
        let faded = u128::from(count.previous.millionths()).saturating_mul(u128::from(left)) / length.max(1);
        let faded = u64::try_from(faded).ok().and_then(Amount::from_millionths).unwrap_or(Amount::MAX);
        count.used.plus(faded).unwrap_or(Amount::MAX)
    }

    /// When the window that holds `now` ends.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Timestamp {
        Timestamp(self.window.end(now).saturating_mul(1000))
    }

    fn left(&self, now: Timestamp) -> u64 {
        self.ends(now).0.saturating_sub(now.0)
    }

    /// Takes back a charge of `amount` that led to a count until `until`. A count of another window stays as it is.
    #[must_use]
    pub fn refund(count: Count, until: u64, amount: Amount) -> Count {
        if count.until == until { Count { used: count.used.minus(amount), ..count } } else { count }
    }

    /// The count as `now` sees it. A clock that steps back keeps the newer window: it never refills.
    fn current(&self, old: Option<Count>, now: Timestamp) -> Count {
        let end = self.window.end(now);
        let until = match self.algorithm {
            Algorithm::Fixed => end,
            Algorithm::Sliding => end.saturating_add(self.window.length()),
        };
        let empty = Count { until, used: Amount::ZERO, previous: Amount::ZERO };
        match old {
            Some(old) if old.until >= until => old,
            Some(old) if self.algorithm == Algorithm::Sliding && old.until == end => {
                Count { previous: old.used, ..empty }
            }
            _ => empty,
        }
    }

    /// When `amount`, which is at most `max`, has room beside `count`; `None` for now.
    fn retry_at(&self, count: Count, amount: Amount, now: Timestamp) -> Option<Timestamp> {
        let room = self.max.minus(amount);
        let end = match self.algorithm {
            Algorithm::Fixed => return (count.used > room).then(|| Timestamp(count.until.saturating_mul(1000))),
            Algorithm::Sliding => Timestamp(count.until.saturating_sub(self.window.length()).saturating_mul(1000)),
        };
        let back_at = if count.used > room {
            self.decayed_at(count.used, room, end)
        } else {
            let start = Timestamp(end.0.saturating_sub(self.window.length().saturating_mul(1000)));
            self.decayed_at(count.previous, room.minus(count.used), start)
        };
        (back_at > now).then_some(back_at)
    }

    /// The first moment from `start` at which `weight`, fading over one window, is at most `room`.
    fn decayed_at(&self, weight: Amount, room: Amount, start: Timestamp) -> Timestamp {
        if weight <= room {
            return start;
        }
        let length = u128::from(self.window.length()).saturating_mul(1000);
        let excess = u128::from(weight.minus(room).millionths());
        let elapsed = length.saturating_mul(excess).div_ceil(u128::from(weight.millionths().max(1)));
        Timestamp(start.0.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests;
