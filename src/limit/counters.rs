//! All limits of a call are charged, or none.

use super::{
    Full, Key, Quota, Scope,
    key::Place,
    table::{CELLS, Cell, NoRoom, Owner},
    totals::{Bounds, Difference, Totals},
    window::Count,
};
use crate::{
    amount::Amount,
    store::{Event, Store, TOTALS, TRIES, Unavailable, Written},
    time::Moment,
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
    pub shown: &'a str,
}

/// Proof that a call was charged; says what to give back should it never reach a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Receipt(Vec<Paid>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Paid {
    place: Place,
    until: u64,
    amount: Amount,
    used: Amount,
}

/// A call was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A limit has no room.
    Full {
        /// Which one, by its place in the list.
        index: usize,
        /// When to come back.
        full: Full,
    },
    /// A count could not be read or written.
    Unavailable,
}

impl From<Unavailable> for Refused {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// The counters of one Envoy.
#[derive(Clone, Copy, Debug)]
pub struct Counters<'s, S> {
    store: &'s S,
    bounds: Bounds,
}

impl<'s, S: Store> Counters<'s, S> {
    /// Counts in `store`, as far as `bounds` leave room.
    #[must_use]
    pub fn new(store: &'s S, bounds: Bounds) -> Self {
        Self { store, bounds }
    }

    /// Whether all limits of a call have room; nothing is charged.
    ///
    /// # Errors
    /// The first that has none, or a count that is unavailable.
    pub fn has_room(&self, charges: &[Charge<'_>], now: Moment) -> Result<(), Refused> {
        if charges.is_empty() {
            return Ok(());
        }
        let seed = self.store.seed()?;
        for (index, charge) in charges.iter().enumerate() {
            let place = charge.key.place(&seed, CELLS);
            let stored = self.store.read(place.cell)?;
            let old = Cell::open(&stored.bytes).map_err(|_| Unavailable)?.find(&place.fingerprint);
            charge.quota.charge(old, charge.amount, now).map_err(|full| Refused::Full { index, full })?;
        }
        Ok(())
    }

    /// Charges a call to all its limits.
    ///
    /// # Errors
    /// One of them has no room, or a count is unavailable; then none is charged.
    pub fn charge(&self, charges: &[Charge<'_>], now: Moment) -> Result<Receipt, Refused> {
        if charges.is_empty() {
            return Ok(Receipt::default());
        }
        if charges.len() > 1 {
            // Looking first keeps a call that will be refused from taking room, however briefly, from one that fits.
            self.has_room(charges, now)?;
        }
        let seed = self.store.seed()?;
        let mut receipt = Receipt::default();
        for (index, charge) in charges.iter().enumerate() {
            let mut paid = self.pay(charge, charge.key.place(&seed, CELLS), charge.owner(), now);
            if paid == Err(NotPaid::NoRoom) {
                self.store.note(Event::Overflow);
                let shared = Charge { key: Key { scope: Scope::Overflow, ..charge.key }, ..*charge };
                paid = self.pay(&shared, shared.key.place(&seed, CELLS), Owner::Policy, now);
            }
            match paid {
                Ok(paid) => receipt.0.push(paid),
                Err(not_paid) => {
                    self.refund(&receipt);
                    return Err(match not_paid {
                        NotPaid::Full(full) => Refused::Full { index, full },
                        NotPaid::NoRoom | NotPaid::Unavailable => Refused::Unavailable,
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
            let _: Result<(), Unavailable> = self.give_back(paid);
        }
    }

    fn pay(&self, charge: &Charge<'_>, place: Place, owner: Owner, now: Moment) -> Result<Paid, NotPaid> {
        for _ in 0..TRIES {
            let stored = self.store.read(place.cell)?;
            let cell = Cell::open(&stored.bytes).map_err(|_| Unavailable)?;
            let count = charge.quota.charge(cell.find(&place.fingerprint), charge.amount, now)?;
            let (bytes, difference) = cell.with(place.fingerprint, owner, count, now)?;
            if difference.all > 0 || difference.unverified > 0 {
                self.totals()?.0.admit(difference, owner, self.bounds)?;
            }
            if self.store.write(place.cell, &bytes, stored.version)? == Written::Committed {
                if difference != Difference::default() {
                    self.keep(difference)?;
                }
                self.store.charged(charge, &place, now);
                let Count { until, used, .. } = count;
                return Ok(Paid { place, until, amount: charge.amount, used });
            }
            self.store.note(Event::Conflict);
        }
        Err(NotPaid::Unavailable)
    }

    /// How many counters are kept.
    fn totals(&self) -> Result<(Totals, u32), Unavailable> {
        let stored = self.store.read(TOTALS)?;
        Ok((Totals::open(&stored.bytes).ok_or(Unavailable)?, stored.version))
    }

    /// Takes note of counters that are new, or gone.
    fn keep(&self, difference: Difference) -> Result<(), Unavailable> {
        for _ in 0..TRIES {
            let (totals, version) = self.totals()?;
            let bytes = totals.after(difference).to_bytes();
            if self.store.write(TOTALS, &bytes, version)? == Written::Committed {
                self.store.note(Event::Kept(difference.all));
                return Ok(());
            }
            self.store.note(Event::Conflict);
        }
        Err(Unavailable)
    }

    fn give_back(&self, paid: &Paid) -> Result<(), Unavailable> {
        for _ in 0..TRIES {
            let stored = self.store.read(paid.place.cell)?;
            let cell = Cell::open(&stored.bytes).map_err(|_| Unavailable)?;
            let Some(count) = cell.find(&paid.place.fingerprint) else { return Ok(()) };
            let count = Quota::refund(count, paid.until, paid.amount);
            // At moment 0 no record's time is over: a refund drops nothing.
            let Ok((bytes, _)) = cell.with(paid.place.fingerprint, Owner::Policy, count, Moment(0)) else {
                return Ok(());
            };
            if self.store.write(paid.place.cell, &bytes, stored.version)? == Written::Committed {
                return Ok(());
            }
        }
        Err(Unavailable)
    }
}

impl Charge<'_> {
    fn owner(&self) -> Owner {
        match (self.key.scope, self.verified) {
            (Scope::Global | Scope::Overflow, _) => Owner::Policy,
            (Scope::Grant(_), true) => Owner::Verified,
            (Scope::Grant(_), false) | (Scope::Session(..), _) => Owner::Unverified,
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
enum NotPaid {
    Full(Full),
    NoRoom,
    Unavailable,
}

impl From<Full> for NotPaid {
    fn from(full: Full) -> Self {
        Self::Full(full)
    }
}

impl From<NoRoom> for NotPaid {
    fn from(NoRoom: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl From<Unavailable> for NotPaid {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests;
