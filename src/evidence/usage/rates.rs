//! How often each caller calls each target, by minutes of UTC, which are the windows of the limits that are suggested.

use std::collections::{BTreeMap, HashMap};

use crate::time::Timestamp;

use super::Target;

/// The rates of all targets.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// The minute that is counted now; a call that comes late counts in it.
    minute: u64,
    /// The calls of this minute, by target and caller. It is emptied each minute.
    current: HashMap<Target, HashMap<String, u64>>,
    minutes: BTreeMap<Target, Minutes>,
}

/// The minutes in which a caller called a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Minutes {
    /// How many minutes have so many calls.
    by_calls: BTreeMap<u64, u64>,
    /// The most calls of one minute, who made them, and when.
    pub(super) busiest: Option<(u64, String, Timestamp)>,
}

const MINUTE: u64 = 60_000;
/// Callers of one target in one minute; the calls of further ones count as those of one.
const MAX_CALLERS: usize = 100_000;

impl Rates {
    pub(super) fn add(&mut self, target: &Target, caller: &str, at: Timestamp) {
        let minute = at.0 / MINUTE;
        if minute > self.minute {
            self.finish();
            self.minute = minute;
        }
        if !self.current.contains_key(target) {
            self.current.insert(target.clone(), HashMap::new());
        }
        let Some(callers) = self.current.get_mut(target) else { return };
        let caller = if callers.len() < MAX_CALLERS || callers.contains_key(caller) { caller } else { "" };
        match callers.get_mut(caller) {
            Some(count) => *count = count.saturating_add(1),
            None => drop(callers.insert(caller.to_owned(), 1)),
        }
    }

    /// Ends the minute.
    pub(super) fn finish(&mut self) {
        let at = Timestamp(self.minute.saturating_mul(MINUTE));
        for (target, callers) in self.current.drain() {
            let minutes = self.minutes.entry(target).or_default();
            for (caller, count) in callers {
                let same = minutes.by_calls.entry(count).or_default();
                *same = same.saturating_add(1);
                if minutes.busiest.as_ref().is_none_or(|(most, ..)| count > *most) {
                    minutes.busiest = Some((count, caller, at));
                }
            }
        }
    }

    /// The minutes of a target.
    pub(super) fn of(&self, target: &Target) -> Minutes {
        self.minutes.get(target).cloned().unwrap_or_default()
    }
}

impl Minutes {
    /// The calls that 99 of 100 minutes do not exceed.
    pub(super) fn percentile_99(&self) -> u64 {
        let all: u64 = self.by_calls.values().sum();
        let enough = all.saturating_mul(99).div_ceil(100);
        let mut so_far: u64 = 0;
        for (calls, minutes) in &self.by_calls {
            so_far = so_far.saturating_add(*minutes);
            if so_far >= enough {
                return *calls;
            }
        }
        0
    }

    /// The limit that is suggested: twice what 99 of 100 minutes do not exceed, five at least, and no less than the busiest
    /// minute, since it passed.
    pub(super) fn limit(&self) -> u64 {
        self.percentile_99().saturating_mul(2).max(MIN_LIMIT).max(self.most())
    }

    /// The most calls of one minute.
    pub(super) fn most(&self) -> u64 {
        self.busiest.as_ref().map_or(0, |(most, ..)| *most)
    }

    /// Whether the busiest minute alone makes the limit as large as it is.
    pub(super) fn has_burst(&self) -> bool {
        self.most() > self.percentile_99().saturating_mul(2).max(MIN_LIMIT)
    }
}

/// A person who tries a tool again calls it so often in a minute.
const MIN_LIMIT: u64 = 5;
