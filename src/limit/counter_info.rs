//! What some counters count, for the console: the table itself keeps no names.
//!
//! There are 256 cells for this, and each counter may use two of them. So nearly all counters have one if they are few, and
//! the newest have one if they are many; no decision depends on it.

#[cfg(test)]
mod tests;

use super::{Charged, CounterSlot, Quota, quota::Count, shard::Shard};
use crate::{
    amount::Amount,
    store::{COUNTER_INFO, Store, Unavailable, cell, framing},
    time::Timestamp,
    window::{Algorithm, Window},
};

/// What the counters in a store count, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub struct CounterInfos<'s, S>(pub &'s S);

/// What one counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterInfo {
    /// The filter's name in Envoy.
    pub filter: String,
    /// The policy's name.
    pub policy: String,
    /// The counter's name in the policy.
    pub counter: String,
    /// The scope as the policy names it; `overflow` for the counter that callers without a counter share.
    pub scope: String,
    /// The caller as the console may show it; empty if the counter is shared.
    pub grant: String,
    /// How much it lets through.
    pub quota: Quota,
    /// Where the table keeps it.
    slot: CounterSlot,
}

/// A counter, and how much of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterUse {
    /// What it counts.
    pub info: CounterInfo,
    /// How much weighs now.
    pub used: Amount,
    /// When its window ends.
    pub resets_at: Timestamp,
}

/// In place of the maximum of what only counts: more millionths than an amount has.
const NO_MAX: u64 = u64::MAX;

impl<S: Store> CounterInfos<'_, S> {
    /// Writes what a counter counts. That replaces what was known of one other counter, if the windows of both have room for
    /// one cell only.
    pub fn set(&self, info: &CounterInfo, now: Timestamp) {
        let [first, second, ..] = info.slot.fingerprint;
        let [first, second] = [first, second].map(|index| cell(&COUNTER_INFO, index));
        let is_taken =
            |other: CounterInfo| other.slot != info.slot && self.count(&other).is_some_and(|count| count.is_alive(now));
        let target = if self.read(first).is_some_and(is_taken) { second } else { first };
        // If this fails, the console does without.
        let _: Result<(), Unavailable> = self.0.set(target, &info.to_bytes());
    }

    /// The counter that the cell of this index names; `None` if its window has ended, or if the counter's first cell names
    /// it, too.
    #[must_use]
    pub fn get(&self, index: u8, now: Timestamp) -> Option<CounterUse> {
        let info = self.read(cell(&COUNTER_INFO, index))?;
        let count = self.count(&info).filter(|count| count.is_alive(now))?;
        let [first, ..] = info.slot.fingerprint;
        let is_first = || self.read(cell(&COUNTER_INFO, first)).is_none_or(|other| other.slot != info.slot);
        (index == first || is_first()).then(|| {
            let (used, resets_at) = (info.quota.used(count, now), info.quota.resets_at(count, now));
            CounterUse { info, used, resets_at }
        })
    }

    fn read(&self, cell: u16) -> Option<CounterInfo> {
        CounterInfo::read(&self.0.read(cell).ok()?.bytes)
    }

    fn count(&self, info: &CounterInfo) -> Option<Count> {
        let stored = self.0.read(info.slot.cell).ok()?;
        Shard::read(&stored.bytes)?.find_any(&info.slot.fingerprint)
    }
}

impl CounterInfo {
    /// What a counter counts that a call of `grant` was charged to, under a policy of a filter.
    #[must_use]
    pub fn new(filter: &str, policy: &str, grant: &str, charged: &Charged) -> Self {
        let Charged { slot, counter, scope, quota, .. } = charged;
        let grant = if ["grant", "session"].contains(scope) { grant } else { "" };
        let [filter, policy, counter, scope, grant] = [filter, policy, counter, scope, grant].map(str::to_owned);
        Self { filter, policy, counter, scope, grant, quota: *quota, slot: *slot }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Self { filter, policy, counter, scope, grant, quota: Quota { window, algorithm, max }, slot } = self;
        let sliding = [u8::from(*algorithm == Algorithm::Sliding)];
        let max = max.map_or(NO_MAX, Amount::millionths);
        let quota = [&window.seconds().to_le_bytes()[..], &max.to_le_bytes(), &sliding].concat();
        let slot = [&slot.cell.to_le_bytes()[..], &slot.fingerprint].concat();
        let [filter, policy, counter, scope, grant] =
            [filter, policy, counter, scope, grant].map(|text| text.as_bytes());
        framing::join(&[filter, policy, counter, scope, grant, &quota, &slot])
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let [filter, policy, counter, scope, grant, quota, slot] = framing::split(bytes)?;
        let text = |bytes: &[u8]| Some(std::str::from_utf8(bytes).ok()?.to_owned());
        let (window, rest) = quota.split_first_chunk()?;
        let (max, sliding) = rest.split_first_chunk()?;
        let (cell, fingerprint) = slot.split_first_chunk()?;
        let quota = Quota {
            window: Window::new(u32::from_le_bytes(*window))?,
            algorithm: if *sliding == [1] { Algorithm::Sliding } else { Algorithm::Fixed },
            max: match u64::from_le_bytes(*max) {
                NO_MAX => None,
                max => Some(Amount::from_millionths(max)?),
            },
        };
        Some(Self {
            filter: text(filter)?,
            policy: text(policy)?,
            counter: text(counter)?,
            scope: text(scope)?,
            grant: text(grant)?,
            quota,
            slot: CounterSlot { cell: u16::from_le_bytes(*cell), fingerprint: fingerprint.try_into().ok()? },
        })
    }
}
