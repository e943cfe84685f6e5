//! All limits of a call are charged, or none.

use super::{
    Key, LimitExceeded, Quota, Scope,
    key::CounterSlot,
    table::{CounterClass, SHARDS, Shard, TableFull},
    totals::{Capacity, CounterDelta, Totals},
    window::Count,
};
use crate::{
    amount::Amount,
    store::{Cas, Event, MAX_CAS_ATTEMPTS, Store, TOTALS, Unavailable},
    time::Timestamp,
};

/// One limit of a call.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// Which count.
    pub key: Key<'a>,
    /// What it may reach.
    pub quota: Quota,
    /// What the call costs.
    pub amount: Amount,
    /// Whether the caller's identity was checked, for counts of one caller.
    pub verified: bool,
    /// The caller, as people may see it.
    pub display: &'a str,
}

/// Proof that a call was charged; says what to give back should it never reach a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Receipt(Vec<Charged>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Charged {
    place: CounterSlot,
    until: u64,
    amount: Amount,
    used: Amount,
}

/// A call was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeError {
    /// A limit has no room.
    Full {
        /// Which one, by its place in the list.
        index: usize,
        /// When to come back.
        full: LimitExceeded,
    },
    /// A count could not be read or written.
    Unavailable,
}

impl From<Unavailable> for ChargeError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// The counters of one Envoy.
#[derive(Clone, Copy, Debug)]
pub struct Counters<'s, S> {
    store: &'s S,
    bounds: Capacity,
}

impl<'s, S: Store> Counters<'s, S> {
    /// Counts in `store`, as far as `bounds` leave room.
    #[must_use]
    pub fn new(store: &'s S, bounds: Capacity) -> Self {
        Self { store, bounds }
    }

    /// Whether all limits of a call have room; nothing is charged.
    ///
    /// # Errors
    /// The first that has none, or a count that is unavailable.
    pub fn check(&self, charges: &[Charge<'_>], now: Timestamp) -> Result<(), ChargeError> {
        if charges.is_empty() {
            return Ok(());
        }
        let seed = self.store.seed()?;
        for (index, charge) in charges.iter().enumerate() {
            let place = charge.key.slot(&seed, SHARDS);
            let stored = self.store.read(place.cell)?;
            let old = Shard::open(&stored.bytes).map_err(|_| Unavailable)?.find(&place.fingerprint);
            charge.quota.charge(old, charge.amount, now).map_err(|full| ChargeError::Full { index, full })?;
        }
        Ok(())
    }

    /// Charges a call to all its limits.
    ///
    /// # Errors
    /// One of them has no room, or a count is unavailable; then none is charged.
    pub fn charge(&self, charges: &[Charge<'_>], now: Timestamp) -> Result<Receipt, ChargeError> {
        if charges.is_empty() {
            return Ok(Receipt::default());
        }
        if charges.len() > 1 {
            // Looking first keeps a call that will be refused from taking room, however briefly, from one that fits.
            self.check(charges, now)?;
        }
        let seed = self.store.seed()?;
        let mut receipt = Receipt::default();
        for (index, charge) in charges.iter().enumerate() {
            let mut paid = self.charge_one(charge, charge.key.slot(&seed, SHARDS), charge.owner(), now);
            if paid == Err(ChargeOneError::NoRoom) {
                self.store.record_event(Event::Overflow);
                let scope = Scope::Overflow { verified: charge.owner() == CounterClass::Verified };
                let shared = Charge { key: Key { scope, ..charge.key }, ..*charge };
                paid = self.charge_one(&shared, shared.key.slot(&seed, SHARDS), CounterClass::Policy, now);
            }
            match paid {
                Ok(paid) => receipt.0.push(paid),
                Err(not_paid) => {
                    self.refund(&receipt);
                    return Err(match not_paid {
                        ChargeOneError::Full(full) => ChargeError::Full { index, full },
                        ChargeOneError::NoRoom | ChargeOneError::Unavailable => ChargeError::Unavailable,
                    });
                }
            }
        }
        Ok(receipt)
    }

    /// Gives back what a call was charged. A count that has moved on to another window keeps what it has, and one that
    /// cannot be written keeps the charge: a refund never makes room that was not there.
    pub fn refund(&self, receipt: &Receipt) {
        for paid in &receipt.0 {
            // Nothing is owed should this fail, so there is nobody to tell.
            let _: Result<(), Unavailable> = self.refund_one(paid);
        }
    }

    fn charge_one(
        &self,
        charge: &Charge<'_>,
        place: CounterSlot,
        owner: CounterClass,
        now: Timestamp,
    ) -> Result<Charged, ChargeOneError> {
        for _ in 0..MAX_CAS_ATTEMPTS {
            let stored = self.store.read(place.cell)?;
            let cell = Shard::open(&stored.bytes).map_err(|_| Unavailable)?;
            let count = charge.quota.charge(cell.find(&place.fingerprint), charge.amount, now)?;
            let (bytes, difference) = cell.with(place.fingerprint, owner, count, now)?;
            if difference.all > 0 || difference.unverified > 0 {
                self.totals()?.0.admit(difference, owner, self.bounds)?;
            }
            if self.store.compare_and_swap(place.cell, &bytes, stored.version)? == Cas::Done {
                if difference != CounterDelta::default() {
                    self.update_totals(difference)?;
                }
                self.store.charged(charge, &place, now);
                let Count { until, used, .. } = count;
                return Ok(Charged { place, until, amount: charge.amount, used });
            }
            self.store.record_event(Event::Conflict);
        }
        Err(ChargeOneError::Unavailable)
    }

    /// How many counters are kept.
    fn totals(&self) -> Result<(Totals, u32), Unavailable> {
        let stored = self.store.read(TOTALS)?;
        Ok((Totals::open(&stored.bytes).ok_or(Unavailable)?, stored.version))
    }

    /// Takes note of counters that are new, or gone.
    fn update_totals(&self, difference: CounterDelta) -> Result<(), Unavailable> {
        for _ in 0..MAX_CAS_ATTEMPTS {
            let (totals, version) = self.totals()?;
            let bytes = totals.after(difference).to_bytes();
            if self.store.compare_and_swap(TOTALS, &bytes, version)? == Cas::Done {
                self.store.record_event(Event::CountersChanged(difference.all));
                return Ok(());
            }
            self.store.record_event(Event::Conflict);
        }
        Err(Unavailable)
    }

    fn refund_one(&self, paid: &Charged) -> Result<(), Unavailable> {
        for _ in 0..MAX_CAS_ATTEMPTS {
            let stored = self.store.read(paid.place.cell)?;
            let cell = Shard::open(&stored.bytes).map_err(|_| Unavailable)?;
            let Some(count) = cell.find(&paid.place.fingerprint) else { return Ok(()) };
            let count = Quota::refund(count, paid.until, paid.amount);
            // At moment 0 no record's time is over: a refund drops nothing.
            let Ok((bytes, _)) = cell.with(paid.place.fingerprint, CounterClass::Policy, count, Timestamp(0)) else {
                return Ok(());
            };
            if self.store.compare_and_swap(paid.place.cell, &bytes, stored.version)? == Cas::Done {
                return Ok(());
            }
        }
        Err(Unavailable)
    }
}

impl Charge<'_> {
    fn owner(&self) -> CounterClass {
        match (self.key.scope, self.verified) {
            (Scope::Global | Scope::Overflow { .. }, _) => CounterClass::Policy,
            (Scope::Grant(_), true) => CounterClass::Verified,
            (Scope::Grant(_), false) | (Scope::Session(..), _) => CounterClass::Unverified,
        }
    }
}

impl Receipt {
    /// Of a call that costs nothing.
    pub const NOTHING: Self = Self(Vec::new());

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// What each count stands at after the charge, in the order of the charges.
    pub fn used(&self) -> impl Iterator<Item = Amount> {
        self.0.iter().map(|paid| paid.used)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChargeOneError {
    Full(LimitExceeded),
    NoRoom,
    Unavailable,
}

impl From<LimitExceeded> for ChargeOneError {
    fn from(full: LimitExceeded) -> Self {
        Self::Full(full)
    }
}

impl From<TableFull> for ChargeOneError {
    fn from(TableFull: TableFull) -> Self {
        Self::NoRoom
    }
}

impl From<Unavailable> for ChargeOneError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests;
