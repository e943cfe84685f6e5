//! The counters of one Envoy: all limits of a call are charged, or none.

mod cell;
mod keys;
mod ownership;

#[cfg(test)]
mod tests;

use self::cell::ChargeOneError;
pub use self::ownership::{MAX_OWNED_SECONDS, Owned, Ownership};
use super::{
    Callers, CounterSlot, Key, LimitExceeded, Part, Quota,
    quota::Count,
    shard::{Shard, StoredCount},
    totals::{Capacity, CounterClass},
};
use crate::{
    amount::Amount,
    store::{Event, Seed, Store, Unavailable},
    time::Timestamp,
};

/// What a call is charged to one counter, and what that counter lets through.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The counter.
    pub key: Key<'a>,
    /// How much it lets through.
    pub quota: Quota,
    /// What the call costs.
    pub amount: Amount,
    /// Whether the caller's identity is verified.
    pub verified: bool,
}

/// One counter that a call was charged to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// Where the table keeps it.
    pub slot: CounterSlot,
    /// Its name in the policy.
    pub counter: Box<str>,
    /// Its scope as the policy names it; `key` if it counts only some values; `overflow` if the table had no room for the
    /// caller's own counter.
    pub scope: &'static str,
    /// How much it lets through.
    pub quota: Quota,
    /// What its newest window has counted, this charge included.
    pub used: Amount,
    amount: Amount,
    until: u64,
}

/// Proof that a call was charged, and what a refund gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Receipt(Vec<Charged>);

/// A call was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeError {
    /// A limit has no room.
    Full {
        /// Which of the charges.
        index: usize,
        /// When to retry.
        full: LimitExceeded,
    },
    /// A counter could not be read or written.
    Unavailable,
}

/// The counters in a store.
///
/// ```
/// # use mcp_policy::{
/// #     amount::Amount,
/// #     limit::{Callers, Charge, ChargeError, Counters, Key, LimitExceeded, Part, Quota, totals::Capacity},
/// #     store::InMemory, time::Timestamp, window::{Algorithm, Window},
/// # };
/// let store = InMemory::new([0; 16]);
/// let counters = Counters::new(&store, Capacity::new(65_536));
/// let charge = Charge {
///     key: Key { filter: "gateway", policy: "default", counter: "draws", callers: Callers::Grant("jwt:alice"), part: Part::Whole },
///     quota: Quota { window: Window::new(60).ok_or("range")?, algorithm: Algorithm::Fixed, max: Some(Amount::ONE) },
///     amount: Amount::ONE,
///     verified: true,
/// };
/// let receipt = counters.charge(&[charge], Timestamp(0)).map_err(|_| "no room")?;
/// let full = LimitExceeded { retry_at: Some(Timestamp(60_000)), remaining: Some(Amount::ZERO) };
/// assert_eq!(counters.charge(&[charge], Timestamp(1)), Err(ChargeError::Full { index: 0, full }));
/// counters.refund(&receipt);
/// assert!(counters.charge(&[charge], Timestamp(1)).is_ok());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counters<'s, S> {
    store: &'s S,
    capacity: Capacity,
}

impl<'s, S: Store> Counters<'s, S> {
    /// Counters in `store`, up to `capacity`.
    #[must_use]
    pub fn new(store: &'s S, capacity: Capacity) -> Self {
        Self { store, capacity }
    }

    /// Checks that all limits of a call have room, and charges nothing.
    ///
    /// # Errors
    /// One has no room, or a counter cannot be read.
    pub fn check(&self, charges: &[Charge<'_>], now: Timestamp) -> Result<(), ChargeError> {
        if charges.is_empty() {
            return Ok(());
        }
        let seed = self.store.seed()?;
        for (index, charge) in charges.iter().enumerate() {
            let charge = self.with_room_for_key(charge, &seed, now)?;
            let stored = self.read_count(&charge.key.slot(&charge.quota, &seed))?;
            charge.count_after(stored, now).map_err(|full| ChargeError::Full { index, full })?;
        }
        Ok(())
    }

    /// Charges a call to all its limits.
    ///
    /// # Errors
    /// One has no room, or a counter cannot be read or written; then none is charged.
    pub fn charge(&self, charges: &[Charge<'_>], now: Timestamp) -> Result<Receipt, ChargeError> {
        if charges.is_empty() {
            return Ok(Receipt::default());
        }
        if charges.len() > 1 {
            // A call that will be denied must not take room, however briefly, from a call that fits.
            self.check(charges, now)?;
        }
        let seed = self.store.seed()?;
        let mut receipt = Receipt(Vec::with_capacity(charges.len()));
        for (index, charge) in charges.iter().enumerate() {
            match self.charge_or_overflow(charge, &seed, now) {
                Ok(charged) => receipt.0.push(charged),
                Err(error) => {
                    self.refund(&receipt);
                    return Err(match error {
                        ChargeOneError::Full(full) => ChargeError::Full { index, full },
                        ChargeOneError::NoRoom | ChargeOneError::Unavailable => ChargeError::Unavailable,
                    });
                }
            }
        }
        Ok(receipt)
    }

    /// How much of a counter's count weighs now, rounded up to a millionth. `None` if that cannot be known: the clock has stepped
    /// back, or callers of this class, perhaps this one, share a counter since the table had no room.
    ///
    /// # Errors
    /// A counter cannot be read.
    pub fn used(&self, charge: &Charge<'_>, now: Timestamp) -> Result<Option<Amount>, Unavailable> {
        let seed = self.store.seed()?;
        let count = |key: Key<'_>| {
            let stored = self.read_count(&key.slot(&charge.quota, &seed))?;
            let used = stored.count.map_or(Amount::ZERO, |count| charge.quota.used(count, now));
            Ok((used, stored.may_lack(charge.quota.window, now)))
        };
        let (used, may_lack) = count(charge.key)?;
        if may_lack {
            return Ok(None);
        }
        match charge.class() {
            CounterClass::Policy => Ok(Some(used)),
            class => {
                let (shared, may_lack) = count(charge.overflow_key(class))?;
                Ok((shared == Amount::ZERO && !may_lack).then_some(used))
            }
        }
    }

    /// Gives back what a call was charged. A count that has moved on to another window keeps what it has, and one that
    /// cannot be written keeps the charge: a refund never makes room that was not there.
    pub fn refund(&self, receipt: &Receipt) {
        self.refund_unless(receipt, |_| false);
    }

    /// The same but for the counters that keep what they have counted.
    pub fn refund_unless(&self, receipt: &Receipt, is_kept: impl Fn(&Charged) -> bool) {
        for charged in receipt.0.iter().filter(|charged| !is_kept(charged)) {
            let _: Result<(), Unavailable> = self.refund_one(charged);
        }
    }

    /// Charges a limit to the caller's own counter; to the one that callers without a counter share, if the table has no
    /// room.
    fn charge_or_overflow(&self, charge: &Charge<'_>, seed: &Seed, now: Timestamp) -> Result<Charged, ChargeOneError> {
        let class = charge.class();
        let charged = self.charge_key(charge, seed, now);
        if charged != Err(ChargeOneError::NoRoom) {
            return charged;
        }
        self.store.record_event(Event::Overflow);
        let shared = Charge { key: charge.overflow_key(class), ..*charge };
        self.charge_one(&shared, CounterClass::Policy, seed, now)
    }

    fn charge_one(
        &self,
        charge: &Charge<'_>,
        class: CounterClass,
        seed: &Seed,
        now: Timestamp,
    ) -> Result<Charged, ChargeOneError> {
        let slot = charge.key.slot(&charge.quota, seed);
        let step = |stored| Ok(charge.count_after(stored, now)?);
        let (Count { until, used, .. }, delta) = self.replace_count(&slot, class, now, &step)?;
        let Charge { key, quota, amount, .. } = *charge;
        let (counter, scope) = (key.counter.into(), key.scope());
        let charged = Charged { slot, counter, scope, quota, used, amount, until };
        if self.update_totals(delta).is_err() {
            let _: Result<(), Unavailable> = self.refund_one(&charged);
            return Err(ChargeOneError::Unavailable);
        }
        Ok(charged)
    }

    fn refund_one(&self, charged: &Charged) -> Result<(), Unavailable> {
        let CounterSlot { cell, fingerprint } = charged.slot;
        self.store.update(cell, |bytes| {
            let shard = Shard::read(bytes).ok_or(Unavailable)?;
            let Some(count) = shard.find_any(&fingerprint) else { return Ok(((), None)) };
            let count = Quota::refund(count, charged.until, charged.amount);
            // At time 0 no window has ended, so a refund evicts no counter.
            let refunded = shard.with(fingerprint, CounterClass::Policy, count, Timestamp(0));
            Ok(((), refunded.ok().map(|(bytes, _)| bytes)))
        })
    }
}

impl Charge<'_> {
    /// The count after this charge.
    fn count_after(&self, stored: StoredCount, now: Timestamp) -> Result<Count, LimitExceeded> {
        let old = match stored.current(self.quota.window, now) {
            // What only counts refuses nothing: a condition that reads the count learns that it may lack some.
            Err(_) if self.quota.max.is_none() => None,
            found => found?,
        };
        self.quota.charge(old, self.amount, now)
    }

    /// The counter that callers share for whose own the table has no room.
    fn overflow_key(&self, class: CounterClass) -> Key<'_> {
        Key { callers: Callers::Overflow { verified: !class.is_unverified() }, part: Part::Whole, ..self.key }
    }

    fn class(&self) -> CounterClass {
        if let Part::Key { .. } = self.key.part {
            let is_session = matches!(self.key.callers, Callers::Session(..));
            return if self.verified && !is_session { CounterClass::VerifiedKey } else { CounterClass::UnverifiedKey };
        }
        match (self.key.callers, self.verified) {
            (Callers::All | Callers::Overflow { .. }, _) => CounterClass::Policy,
            (Callers::Grant(_), true) => CounterClass::Verified,
            (Callers::Grant(_), false) | (Callers::Session(..), _) => CounterClass::Unverified,
        }
    }
}

impl Receipt {
    /// The receipt of a call that costs nothing.
    pub const EMPTY: Self = Self(Vec::new());

    /// Both receipts in one.
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The counters that were charged, in the order of the charges.
    #[must_use]
    pub fn counters(&self) -> &[Charged] {
        &self.0
    }
}

impl From<Unavailable> for ChargeError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}
