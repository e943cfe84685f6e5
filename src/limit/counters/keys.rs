//! Limits with `key`: a counter for each combination of values that a caller sends, up to [`MAX_KEYS`] of them. Product contract,
//! section 11.
//!
//! How many live keys a caller has of one limit is a count of its own, of the same windows: the keys that were first charged in the
//! newest window, and those of the window before that still weigh. A caller's further keys share one counter, so that neither the
//! memory nor the counters of other callers depend on how many values it sends.

#[cfg(test)]
mod tests;

use super::{Charge, Charged, Counters, cell::ChargeOneError};
use crate::{
    amount::Amount,
    limit::{
        Callers, Key, Part,
        quota::Count,
        totals::{CounterDelta, TableFull},
    },
    store::{Seed, Store, Unavailable},
    time::Timestamp,
};

/// The live keys that one caller has of one limit at most.
const MAX_KEYS: u64 = 256;

/// The state of a key at a point in time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyState {
    /// It was charged in the newest window.
    Current,
    /// It was charged in the window before, and a part of that weighs.
    Fading,
    /// It has no counter, or one that no longer counts.
    New,
}

impl KeyState {
    /// How much it takes of the count of the window before.
    fn fading(self) -> Amount {
        if self == Self::Fading { Amount::ONE } else { Amount::ZERO }
    }
}

impl<S: Store> Counters<'_, S> {
    /// The charge with the counter that it goes to: the one of all further keys if the caller has too many.
    pub(super) fn with_room_for_key<'c>(
        &self,
        charge: &Charge<'c>,
        seed: &Seed,
        now: Timestamp,
    ) -> Result<Charge<'c>, Unavailable> {
        let Part::Key { caller, .. } = charge.key.part else { return Ok(*charge) };
        let state = self.key_state(charge, seed, now)?;
        if state == KeyState::Current {
            return Ok(*charge);
        }
        let known = self.read_count(&live_keys(charge, caller).key.slot(&charge.quota, seed))?;
        let has_room = count_key(charge, known.count, state, now).is_ok();
        Ok(if has_room { *charge } else { other_keys(charge, caller) })
    }

    /// Charges the counter of a key, or the one of all further keys if the caller has too many or the table has no room. Any other
    /// charge goes to its own counter.
    pub(super) fn charge_key(
        &self,
        charge: &Charge<'_>,
        seed: &Seed,
        now: Timestamp,
    ) -> Result<Charged, ChargeOneError> {
        let Part::Key { caller, .. } = charge.key.part else {
            return self.charge_one(charge, charge.class(), seed, now);
        };
        let charged = match self.key_state(charge, seed, now)? {
            KeyState::Current => self.charge_one(charge, charge.class(), seed, now),
            state => self.admit_key(charge, caller, state, seed, now).and_then(|()| {
                let charged = self.charge_one(charge, charge.class(), seed, now);
                // A key without a counter takes no place. If this fails, it does until its window ends.
                charged.inspect_err(|_| {
                    let _: Result<(), ChargeOneError> = self.dismiss_key(charge, caller, state, seed, now);
                })
            }),
        };
        match charged {
            Err(ChargeOneError::NoRoom) => {
                let shared = other_keys(charge, caller);
                self.charge_one(&shared, shared.class(), seed, now)
            }
            charged => charged,
        }
    }

    fn key_state(&self, charge: &Charge<'_>, seed: &Seed, now: Timestamp) -> Result<KeyState, Unavailable> {
        let known = self.read_count(&charge.key.slot(&charge.quota, seed))?;
        let current = charge.quota.empty(now);
        Ok(match known.count {
            Some(known) if known.until >= current.until => KeyState::Current,
            Some(known) if known.is_alive(now) => KeyState::Fading,
            _ => KeyState::New,
        })
    }

    /// Counts a key among the live keys of its caller.
    fn admit_key(
        &self,
        charge: &Charge<'_>,
        caller: &str,
        state: KeyState,
        seed: &Seed,
        now: Timestamp,
    ) -> Result<(), ChargeOneError> {
        let delta = self.replace_live_keys(charge, caller, seed, now, &|known| count_key(charge, known, state, now))?;
        if self.update_totals(delta).is_err() {
            let _: Result<(), ChargeOneError> = self.dismiss_key(charge, caller, state, seed, now);
            return Err(ChargeOneError::Unavailable);
        }
        Ok(())
    }

    /// Takes back what [`Self::admit_key`] counted.
    fn dismiss_key(
        &self,
        charge: &Charge<'_>,
        caller: &str,
        state: KeyState,
        seed: &Seed,
        now: Timestamp,
    ) -> Result<(), ChargeOneError> {
        let delta = self.replace_live_keys(charge, caller, seed, now, &|known| {
            let count = charge.quota.current(known, now);
            let previous = count.previous.plus(state.fading()).ok_or(TableFull)?;
            Ok(Count { used: count.used.minus(Amount::ONE), previous, ..count })
        })?;
        Ok(self.update_totals(delta)?)
    }

    /// Replaces the count of a caller's live keys. Returns what it changes in the totals.
    fn replace_live_keys(
        &self,
        charge: &Charge<'_>,
        caller: &str,
        seed: &Seed,
        now: Timestamp,
        step: &dyn Fn(Option<Count>) -> Result<Count, TableFull>,
    ) -> Result<CounterDelta, ChargeOneError> {
        let live = live_keys(charge, caller);
        let slot = live.key.slot(&charge.quota, seed);
        let (_, delta) = self.replace_count(&slot, live.class(), now, &|known| Ok(step(known.count)?))?;
        Ok(delta)
    }
}

/// The live keys after a key is charged that was not charged in this window.
///
/// # Errors
/// The caller has too many.
fn count_key(charge: &Charge<'_>, known: Option<Count>, state: KeyState, now: Timestamp) -> Result<Count, TableFull> {
    let count = charge.quota.current(known, now);
    let (used, previous) = (count.used.plus(Amount::ONE).ok_or(TableFull)?, count.previous.minus(state.fading()));
    let count = Count { used, previous, ..count };
    let live = count.used.plus(count.previous).and_then(Amount::units).ok_or(TableFull)?;
    if live > MAX_KEYS { Err(TableFull) } else { Ok(count) }
}

/// The counter of all further keys of a caller.
fn other_keys<'c>(charge: &Charge<'c>, caller: &'c str) -> Charge<'c> {
    Charge { key: Key { callers: Callers::Grant(caller), part: Part::OtherKeys, ..charge.key }, ..*charge }
}

/// The count of a caller's live keys.
fn live_keys<'c>(charge: &Charge<'c>, caller: &'c str) -> Charge<'c> {
    Charge { key: Key { callers: Callers::Grant(caller), part: Part::LiveKeys, ..charge.key }, ..*charge }
}
