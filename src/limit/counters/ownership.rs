//! What a server has made for one caller, a task or a session: a keyed digest in the table of counters, for its life.

use super::{Callers, Count, CounterClass, Counters, Key, Part, Quota, Unavailable};
use crate::{
    amount::Amount,
    store::Store,
    time::Timestamp,
    window::{Algorithm, Window},
};

/// Something that a server has made for a caller.
#[derive(Clone, Copy, Debug)]
pub enum Owned<'a> {
    /// A task, by its id.
    Task(&'a str),
    /// A session whose client shows pages to its user, by its id.
    UrlSession(&'a str),
}

/// Something that a server has made, and the caller whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Ownership<'a> {
    /// The filter's name in Envoy.
    pub filter: &'a str,
    /// The policy's name.
    pub policy: &'a str,
    /// The caller's whole identity.
    pub grant: &'a str,
    /// What the server has made.
    pub owned: Owned<'a>,
}

/// The longest life that is remembered, in seconds: a day.
pub const MAX_OWNED_SECONDS: u64 = 86_400;

impl<S: Store> Counters<'_, S> {
    /// Remembers an owner for so many milliseconds, a day if the server gives no time; `verified` if the caller's identity is.
    ///
    /// # Errors
    /// The table has no room, or cannot be read or written.
    pub fn remember_owner(
        &self,
        ownership: Ownership<'_>,
        ttl_ms: Option<u64>,
        verified: bool,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let seconds = ttl_ms.map_or(MAX_OWNED_SECONDS, |ttl| ttl.div_ceil(1000).min(MAX_OWNED_SECONDS));
        // A started second counts as a whole one.
        let until = now.seconds().saturating_add(seconds).saturating_add(1);
        let class = if verified { CounterClass::Verified } else { CounterClass::Unverified };
        let count = Count { until, used: Amount::ONE, previous: Amount::ZERO };
        self.with_slot(ownership, |slot| {
            let (_, delta) = self.replace_count(&slot, class, now, &|_| Ok(count)).map_err(|_| Unavailable)?;
            self.update_totals(delta)
        })
    }

    /// Whether something is this caller's, as far as is remembered.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn is_owner(&self, ownership: Ownership<'_>, now: Timestamp) -> Result<bool, Unavailable> {
        self.with_slot(ownership, |slot| Ok(self.read_count(&slot)?.count.is_some_and(|count| count.is_alive(now))))
    }

    fn with_slot<T>(
        &self,
        ownership: Ownership<'_>,
        work: impl FnOnce(super::CounterSlot) -> Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let Ownership { filter, policy, grant, owned } = ownership;
        // No counter of a policy has such a name: this one has a control character, and the window of no limit beside it.
        let counter = match owned {
            Owned::Task(id) => ["\0task\0", id].concat(),
            Owned::UrlSession(id) => ["\0url\0", id].concat(),
        };
        let key = Key { filter, policy, counter: &counter, callers: Callers::Grant(grant), part: Part::Whole };
        let window = Window::new(1).ok_or(Unavailable)?;
        let quota = Quota { window, algorithm: Algorithm::Fixed, max: Some(Amount::ONE) };
        work(key.slot(&quota, &self.store.seed()?))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Counters, Owned, Ownership};
    use crate::{limit::totals::Capacity, store::InMemory, time::Timestamp};

    const OWNER: Ownership<'_> = Ownership { filter: "f", policy: "p", grant: "jwt:alice", owned: Owned::Task("t") };

    #[test]
    fn a_task_is_its_callers_for_its_life_and_for_a_day_at_most() {
        let store = InMemory::new([7; 16]);
        let counters = Counters::new(&store, Capacity::new(100));
        let owns = |owner, at| counters.is_owner(owner, Timestamp(at)).unwrap();
        assert!(!owns(OWNER, 0));
        counters.remember_owner(OWNER, Some(60_000), true, Timestamp(0)).unwrap();
        assert!(owns(OWNER, 60_000) && !owns(OWNER, 62_000));
        for other in [
            Ownership { grant: "jwt:bob", ..OWNER },
            Ownership { owned: Owned::Task("u"), ..OWNER },
            Ownership { owned: Owned::UrlSession("t"), ..OWNER },
            Ownership { policy: "q", ..OWNER },
            Ownership { filter: "g", ..OWNER },
        ] {
            assert!(!owns(other, 0));
        }
        for ttl in [None, Some(u64::MAX)] {
            counters.remember_owner(OWNER, ttl, true, Timestamp(0)).unwrap();
            assert!(owns(OWNER, 86_400_000) && !owns(OWNER, 86_402_000));
        }
    }

    #[test]
    fn without_room_no_owner_is_remembered() {
        let store = InMemory::new([7; 16]);
        let counters = Counters::new(&store, Capacity::new(2));
        let task = |task| Ownership { owned: Owned::Task(task), ..OWNER };
        assert!(counters.remember_owner(task("a"), None, false, Timestamp(0)).is_ok());
        assert!(counters.remember_owner(task("b"), None, false, Timestamp(0)).is_err());
        assert!(counters.remember_owner(task("b"), None, true, Timestamp(0)).is_ok());
        assert!(counters.remember_owner(task("c"), None, true, Timestamp(0)).is_err());
        assert_eq!(counters.is_owner(task("c"), Timestamp(0)), Ok(false));
    }
}
