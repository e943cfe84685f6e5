//! Charges and refunds in a store that has conflicts, faults and little room.

mod room;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::cell::Cell;

use super::{
    Amount, Callers, Capacity, Charge, ChargeError, Count, CounterClass, Counters, Event, Key, LimitExceeded, Part,
    Quota, Seed, Shard, Store, Timestamp, Unavailable,
};
use crate::{
    limit::totals::Totals,
    store::{Cas, HEADER, InMemory, TOTALS, Versioned},
    window::{Algorithm, Window},
};

const NOW: Timestamp = Timestamp(1_000);
const CAPACITY: Capacity = Capacity { all: 65_536, unverified: 32_768 };

fn charge<'a>(counter: &'a str, callers: Callers<'a>, max: u64) -> Charge<'a> {
    let window = Window::new(60).unwrap();
    let key = Key { filter: "f", policy: "p", counter, callers, part: Part::Whole };
    let quota = Quota { window, algorithm: Algorithm::Fixed, max: Amount::from_units(max) };
    Charge { key, quota, amount: Amount::ONE, verified: false }
}

fn full(index: usize) -> ChargeError {
    ChargeError::Full {
        index,
        full: LimitExceeded { retry_at: Some(Timestamp(60_000)), remaining: Some(Amount::ZERO) },
    }
}

#[test]
fn all_limits_of_a_call_are_charged_or_none() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, CAPACITY);
    let both = [charge("wide", Callers::All, 3), charge("narrow", Callers::Grant("a"), 1)];
    assert!(counters.charge(&both, NOW).is_ok());
    assert_eq!(counters.charge(&both, NOW), Err(full(1)));
    assert_eq!(counters.charge(&both, NOW), Err(full(1)));
    let wide = [charge("wide", Callers::All, 3)];
    assert!(counters.charge(&wide, NOW).is_ok());
    assert!(counters.charge(&wide, NOW).is_ok());
    assert_eq!(counters.charge(&wide, NOW), Err(full(0)));
}

#[test]
fn two_receipts_in_one_are_refunded_together() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, CAPACITY);
    let [a, b] = [charge("a", Callers::Grant("x"), 1), charge("b", Callers::All, 1)];
    let receipt = counters.charge(&[a], NOW).unwrap().merge(counters.charge(&[b], NOW).unwrap());
    assert_eq!(receipt.counters().iter().map(|charged| &*charged.counter).collect::<Vec<_>>(), ["a", "b"]);
    counters.refund(&receipt);
    assert!(counters.charge(&[a, b], NOW).is_ok());
}

#[test]
fn what_is_used_is_not_known_where_a_count_may_have_been_evicted_before_the_clock_stepped_back() {
    let charge = Charge { verified: true, ..charge("a", Callers::Grant("x"), 9) };
    let seed = [1; 16];
    // A cell from which a count of the first minute was evicted an hour later.
    let count = |until| Count { until, used: Amount::ONE, previous: Amount::ZERO };
    let with = |bytes: &[u8], fingerprint, until, now| {
        let shard = Shard::read(bytes).unwrap();
        shard.with([fingerprint; 16], CounterClass::Verified, count(until), now).unwrap().0
    };
    let evicted = with(&with(HEADER, 1, 60, Timestamp(0)), 2, 7200, Timestamp(3_700_000));
    let own = charge.key.slot(&charge.quota, &seed).cell;
    let shared = charge.overflow_key(charge.class()).slot(&charge.quota, &seed).cell;
    for (cell, at, used) in [
        (None, NOW, Some(Amount::ZERO)),
        (Some(own), NOW, None),
        (Some(shared), NOW, None),
        (Some(shared), Timestamp(60_000), Some(Amount::ZERO)),
    ] {
        let store = InMemory::new(seed);
        if let Some(cell) = cell {
            store.set(cell, &evicted).unwrap();
        }
        assert_eq!(Counters::new(&store, CAPACITY).used(&charge, at), Ok(used), "{cell:?} at {at:?}");
    }
}

#[test]
fn a_refund_gives_back_exactly_what_was_charged() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, CAPACITY);
    let both = [charge("a", Callers::Grant("x"), 1), charge("b", Callers::All, 1)];
    let receipt = counters.charge(&both, NOW).unwrap();
    assert_eq!(
        receipt.counters().iter().map(|charged| (&*charged.counter, charged.scope, charged.used)).collect::<Vec<_>>(),
        [("a", "grant", Amount::ONE), ("b", "global", Amount::ONE)]
    );
    counters.refund(&receipt);
    assert!(counters.charge(&both, NOW).is_ok());
    assert_eq!(counters.charge(&both, NOW), Err(full(0)));
}

#[test]
fn a_late_refund_does_not_change_the_next_window() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, CAPACITY);
    let one = [charge("a", Callers::All, 1)];
    let receipt = counters.charge(&one, NOW).unwrap();
    let next = Timestamp(61_000);
    assert!(counters.charge(&one, next).is_ok());
    counters.refund(&receipt);
    assert!(counters.charge(&one, next).is_err());
}

/// A store with faults.
struct Faulty {
    inner: InMemory,
    /// So many writes find that another worker was faster.
    conflicts: Cell<u32>,
    /// The conflicts that were recorded.
    recorded: Cell<u32>,
    garbage: bool,
    seedless: bool,
    /// A cell that cannot be written.
    broken: Cell<Option<u16>>,
}

impl Faulty {
    fn new() -> Self {
        let [conflicts, recorded] = [const { Cell::new(0) }; 2];
        let inner = InMemory::new([1; 16]);
        Self { inner, conflicts, recorded, garbage: false, seedless: false, broken: Cell::new(None) }
    }
}

impl Store for Faulty {
    fn record_event(&self, event: Event) {
        if event == Event::Conflict {
            self.recorded.set(self.recorded.get() + 1);
        }
    }

    fn seed(&self) -> Result<Seed, Unavailable> {
        if self.seedless { Err(Unavailable) } else { self.inner.seed() }
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        let read = self.inner.read(cell)?;
        Ok(if self.garbage { Versioned { bytes: b"not ours".to_vec(), ..read } } else { read })
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        if self.broken.get() == Some(cell) {
            return Err(Unavailable);
        }
        match self.conflicts.get() {
            0 => self.inner.compare_and_swap(cell, bytes, version),
            left => {
                self.conflicts.set(left - 1);
                Ok(Cas::Mismatch)
            }
        }
    }
}

#[test]
fn a_charge_gives_up_after_64_conflicts() {
    let store = Faulty::new();
    let one = [charge("a", Callers::All, 1)];
    store.conflicts.set(63);
    assert!(Counters::new(&store, CAPACITY).charge(&one, NOW).is_ok());
    store.conflicts.set(64);
    assert_eq!(
        Counters::new(&store, CAPACITY).charge(&[charge("b", Callers::All, 1)], NOW),
        Err(ChargeError::Unavailable)
    );
}

#[test]
fn a_counter_that_cannot_be_read_lets_no_call_through() {
    let one = [charge("a", Callers::All, 1)];
    let garbage = Faulty { garbage: true, ..Faulty::new() };
    assert_eq!(Counters::new(&garbage, CAPACITY).charge(&one, NOW), Err(ChargeError::Unavailable));
    let seedless = Faulty { seedless: true, ..Faulty::new() };
    assert_eq!(Counters::new(&seedless, CAPACITY).charge(&one, NOW), Err(ChargeError::Unavailable));
    assert!(Counters::new(&seedless, CAPACITY).charge(&[], NOW).is_ok(), "there is nothing to count");
}

#[test]
fn a_failure_halfway_refunds_the_limits_before_it() {
    let (first, second) = (charge("a", Callers::All, 1), charge("b", Callers::All, 1));
    let broken = second.key.slot(&second.quota, &[1; 16]).cell;
    let store = Faulty { broken: Some(broken).into(), ..Faulty::new() };
    let counters = Counters::new(&store, CAPACITY);
    assert_eq!(counters.charge(&[first, second], NOW), Err(ChargeError::Unavailable));
    assert!(counters.charge(&[first], NOW).is_ok());
}

/// A caller whose counter is in the same shard.
fn neighbour(of: &Charge<'_>) -> String {
    let cell = |charge: &Charge<'_>| charge.key.slot(&charge.quota, &[1; 16]).cell;
    let mut names = (0..100_000).map(|n| n.to_string());
    names.find(|name| cell(&charge("a", Callers::Grant(name), 1)) == cell(of)).unwrap()
}

#[test]
fn every_conflict_is_counted_also_in_a_refund() {
    let store = Faulty::new();
    let counters = Counters::new(&store, CAPACITY);
    let one = [charge("a", Callers::All, 1)];
    store.conflicts.set(2);
    let receipt = counters.charge(&one, NOW).unwrap();
    assert_eq!(store.recorded.get(), 2);
    store.conflicts.set(3);
    counters.refund(&receipt);
    assert_eq!(store.recorded.get(), 5);
    assert!(counters.charge(&one, NOW).is_ok());
}

#[test]
fn a_call_whose_new_counter_cannot_be_counted_in_the_totals_is_not_charged() {
    let store = Faulty { broken: Some(TOTALS).into(), ..Faulty::new() };
    let counters = Counters::new(&store, CAPACITY);
    let one = [charge("a", Callers::Grant("x"), 1)];
    assert_eq!(counters.charge(&one, NOW), Err(ChargeError::Unavailable));
    store.broken.set(None);
    assert!(counters.charge(&one, NOW).is_ok());
}

#[test]
fn a_clock_that_jumps_forward_and_back_refills_no_counter() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, CAPACITY);
    let first = [charge("a", Callers::Grant("first"), 1)];
    let neighbour = neighbour(&first[0]);
    let other = [charge("a", Callers::Grant(&neighbour), 1)];
    assert!(counters.charge(&first, NOW).is_ok());
    assert!(counters.charge(&other, Timestamp(3_600_000)).is_ok(), "an hour ahead");
    let retry_at = Some(Timestamp(60_000));
    let unknown = ChargeError::Full { index: 0, full: LimitExceeded { retry_at, remaining: None } };
    assert_eq!(counters.charge(&first, NOW), Err(unknown));
    assert_eq!(counters.check(&first, NOW), Err(unknown));
    let counts_only = [Charge { quota: Quota { max: None, ..first[0].quota }, ..first[0] }];
    assert_eq!(counters.check(&counts_only, NOW), Ok(()), "what only counts refuses nothing");
    assert!(counters.charge(&counts_only, NOW).is_ok());
    assert!(counters.charge(&first, Timestamp(60_000)).is_ok());
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use std::collections::HashMap;

    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{Algorithm, Amount, CAPACITY, Callers, Charge, Counters, InMemory, Quota, Timestamp, Window, charge};
    use crate::limit::quota::Count;

    /// Callers whose counters are all in one shard, whatever the window and the algorithm.
    fn shard_mates(quotas: &[Quota]) -> Vec<(Quota, String)> {
        let mate = |quota: &Quota| {
            let mut names = (0..1_000_000).map(|n| n.to_string());
            let is_mate = |name: &String| charge("c", Callers::Grant(name), 0).key.slot(quota, &[1; 16]).cell == 7;
            (*quota, names.find(is_mate).unwrap())
        };
        quotas.iter().map(mate).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// The model keeps every count for ever.
        #[test]
        fn whatever_the_clock_does_no_counter_lets_more_through_than_one_that_is_never_evicted(
            steps in vec((0..4_usize, select(vec![0_i64, 1, 900, 1_500, 9_000, -1, -900, -9_000, 400_000, -400_000])), 1..60),
        ) {
            let quota = |seconds, algorithm| {
                Quota { window: Window::new(seconds).unwrap(), algorithm, max: Amount::from_units(2) }
            };
            let quotas = [
                quota(10, Algorithm::Fixed), quota(10, Algorithm::Sliding), quota(45, Algorithm::Fixed), quota(3, Algorithm::Sliding),
            ];
            thread_local! { static MATES: std::cell::OnceCell<Vec<(Quota, String)>> = const { std::cell::OnceCell::new() }; }
            let mates = MATES.with(|mates| mates.get_or_init(|| shard_mates(&quotas)).clone());
            let store = InMemory::new([1; 16]);
            let counters = Counters::new(&store, CAPACITY);
            let mut model: HashMap<usize, Count> = HashMap::new();
            let (mut now, mut newest) = (1_000_000_i64, 1_000_000_i64);
            let mut is_steady = true;
            for (mate, step) in steps {
                now += step;
                is_steady &= now >= newest;
                newest = newest.max(now);
                let (quota, name) = &mates[mate];
                let at = Timestamp(now.unsigned_abs());
                let charge = Charge { quota: *quota, ..charge("c", Callers::Grant(name), 0) };
                let expected = quota.charge(model.get(&mate).copied(), Amount::ONE, at);
                let is_charged = counters.charge(&[charge], at).is_ok();
                if is_charged {
                    prop_assert!(expected.is_ok(), "{:?} at {:?}", quota, at);
                    model.insert(mate, expected.unwrap());
                } else if is_steady {
                    prop_assert!(expected.is_err(), "{:?} at {:?}", quota, at);
                }
            }
        }
    }
}
