//! Charging several limits, against a store that conflicts, fails and fills up.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::cell::Cell;

use super::{
    Amount, Capacity, Cas, Charge, ChargeError, Counters, Key, LimitExceeded, Quota, SHARDS, Scope, Store, TOTALS,
    Timestamp, Totals, Unavailable,
};
use crate::{
    limit::{Algorithm, Window},
    store::{InMemory, Seed, Versioned},
};

const NOW: Timestamp = Timestamp(1_000);
const BOUNDS: Capacity = Capacity { all: 65_536, unverified: 32_768 };

fn charge<'a>(counter: &'a str, scope: Scope<'a>, max: u64) -> Charge<'a> {
    let window = Window::new(60).unwrap();
    let key = Key { filter: "f", policy: "p", counter, window, algorithm: Algorithm::Fixed, scope };
    let quota = Quota { window, algorithm: Algorithm::Fixed, max: Amount::whole(max).unwrap() };
    Charge { key, quota, amount: Amount::ONE, verified: false, display: "somebody" }
}

fn full(index: usize) -> ChargeError {
    ChargeError::Full { index, full: LimitExceeded { retry_at: Some(Timestamp(60_000)) } }
}

#[test]
fn all_limits_are_charged_or_none() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, BOUNDS);
    let both = [charge("wide", Scope::Global, 3), charge("narrow", Scope::Grant("a"), 1)];
    assert!(counters.charge(&both, NOW).is_ok());
    assert_eq!(counters.charge(&both, NOW), Err(full(1)));
    assert_eq!(counters.charge(&both, NOW), Err(full(1)));
    let wide = [charge("wide", Scope::Global, 3)];
    assert!(counters.charge(&wide, NOW).is_ok());
    assert!(counters.charge(&wide, NOW).is_ok());
    assert_eq!(counters.charge(&wide, NOW), Err(full(0)));
}

#[test]
fn a_receipt_gives_back_exactly_what_was_charged() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, BOUNDS);
    let both = [charge("a", Scope::Grant("x"), 1), charge("b", Scope::Global, 1)];
    let receipt = counters.charge(&both, NOW).unwrap();
    assert_eq!(receipt.used().collect::<Vec<_>>(), [Amount::ONE, Amount::ONE]);
    counters.refund(&receipt);
    assert!(counters.charge(&both, NOW).is_ok());
    assert_eq!(counters.charge(&both, NOW), Err(full(0)));
}

#[test]
fn a_late_refund_leaves_the_next_window_alone() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, BOUNDS);
    let one = [charge("a", Scope::Global, 1)];
    let receipt = counters.charge(&one, NOW).unwrap();
    let next = Timestamp(61_000);
    assert!(counters.charge(&one, next).is_ok());
    counters.refund(&receipt);
    assert!(counters.charge(&one, next).is_err());
}

#[test]
fn random_callers_reach_the_table_s_size_before_any_cell_is_full() {
    let store = InMemory::new([42; 16]);
    let counters = Counters::new(&store, BOUNDS);
    for caller in 0..32_768 {
        let grant = format!("address:{caller}");
        assert!(counters.charge(&[charge("c", Scope::Grant(&grant), 1)], NOW).is_ok(), "{caller}");
        assert!(
            counters.charge(&[charge("c", Scope::Grant(&grant), 1)], NOW).is_err(),
            "{caller} has a count of its own"
        );
    }
}

#[test]
fn callers_without_room_share_one_count_and_evict_nobody() {
    let store = InMemory::new([42; 16]);
    let counters = Counters::new(&store, BOUNDS);
    let first = [Charge { verified: true, ..charge("c", Scope::Grant("jwt:alice"), 1) }];
    assert!(counters.charge(&first, NOW).is_ok());
    let flood = (0..200_000).filter(|caller| {
        let grant = format!("header:{caller}");
        counters.charge(&[charge("c", Scope::Grant(&grant), 1)], NOW).is_ok()
    });
    assert!(flood.count() <= 24 * 4096 + 1, "half of each cell, and the shared count");
    assert!(counters.charge(&first, NOW).is_err(), "a running count is kept");
    let verified = [Charge { verified: true, ..charge("c", Scope::Grant("jwt:bob"), 1) }];
    assert!(counters.charge(&verified, NOW).is_ok(), "callers of verified identity are untouched");
}

/// Fails in the way it is told to.
struct Faulty {
    inner: InMemory,
    conflicts: Cell<u32>,
    garbage: bool,
    seedless: bool,
    broken: Option<u16>,
}

impl Faulty {
    fn new() -> Self {
        Self { inner: InMemory::new([1; 16]), conflicts: Cell::new(0), garbage: false, seedless: false, broken: None }
    }
}

impl Store for Faulty {
    fn seed(&self) -> Result<Seed, Unavailable> {
        if self.seedless { Err(Unavailable) } else { self.inner.seed() }
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        let read = self.inner.read(cell)?;
        Ok(if self.garbage { Versioned { bytes: b"not ours".to_vec(), ..read } } else { read })
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        if self.broken == Some(cell) {
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
fn a_conflict_is_tried_again_and_given_up_in_the_end() {
    let store = Faulty::new();
    let one = [charge("a", Scope::Global, 1)];
    store.conflicts.set(63);
    assert!(Counters::new(&store, BOUNDS).charge(&one, NOW).is_ok());
    store.conflicts.set(64);
    assert_eq!(
        Counters::new(&store, BOUNDS).charge(&[charge("b", Scope::Global, 1)], NOW),
        Err(ChargeError::Unavailable)
    );
}

#[test]
fn a_count_that_cannot_be_read_lets_nothing_through() {
    let one = [charge("a", Scope::Global, 1)];
    let garbage = Faulty { garbage: true, ..Faulty::new() };
    assert_eq!(Counters::new(&garbage, BOUNDS).charge(&one, NOW), Err(ChargeError::Unavailable));
    let seedless = Faulty { seedless: true, ..Faulty::new() };
    assert_eq!(Counters::new(&seedless, BOUNDS).charge(&one, NOW), Err(ChargeError::Unavailable));
    assert!(Counters::new(&seedless, BOUNDS).charge(&[], NOW).is_ok(), "nothing to count");
}

#[test]
fn a_failure_halfway_takes_back_the_first_half() {
    let (first, second) = (charge("a", Scope::Global, 1), charge("b", Scope::Global, 1));
    let broken = second.key.slot(&[1; 16], SHARDS).cell;
    let store = Faulty { broken: Some(broken), ..Faulty::new() };
    let counters = Counters::new(&store, BOUNDS);
    assert_eq!(counters.charge(&[first, second], NOW), Err(ChargeError::Unavailable));
    assert!(counters.charge(&[first], NOW).is_ok());
}

/// A caller whose counter stands in the same cell.
fn neighbour(of: &Charge<'_>) -> String {
    let cell = |charge: &Charge<'_>| charge.key.slot(&[1; 16], SHARDS).cell;
    let mut names = (0..100_000).map(|n| n.to_string());
    names.find(|name| cell(&charge("a", Scope::Grant(name), 1)) == cell(of)).unwrap()
}

#[test]
fn beyond_the_bounds_callers_share_one_counter_and_nobody_loses_one() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 5, unverified: 2 });
    let of = |caller, verified| [Charge { verified, ..charge("a", Scope::Grant(caller), 2) }];
    let pay = |caller, verified| counters.charge(&of(caller, verified), NOW).map(|_| ());
    // Two callers that nobody has verified get a counter each, and all the others one together.
    for caller in ["u1", "u2", "u3", "u4"] {
        assert_eq!(pay(caller, false), Ok(()), "{caller}");
    }
    for caller in ["u3", "u5"] {
        assert_eq!(pay(caller, false), Err(full(0)), "{caller}");
    }
    assert_eq!(pay("u1", false), Ok(()), "a count goes on");
    assert_eq!(pay("u1", false), Err(full(0)));
    // Callers whose identity was checked have room left.
    for caller in ["v1", "v1", "v2"] {
        assert_eq!(pay(caller, true), Ok(()), "{caller}");
    }
    // When their time is over, there is room again.
    let next = Timestamp(61_000);
    assert!(counters.charge(&of("u1", false), next).is_ok());
}

#[test]
fn verified_callers_without_room_share_no_count_with_the_others() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 0, unverified: 0 });
    let of = |caller, verified| [Charge { verified, ..charge("a", Scope::Grant(caller), 1) }];
    let pay = |caller, verified| counters.charge(&of(caller, verified), NOW).map(|_| ());
    assert_eq!(pay("u1", false), Ok(()));
    assert_eq!(pay("u2", false), Err(full(0)), "the others have used their count up");
    assert_eq!(pay("v1", true), Ok(()));
    assert_eq!(pay("v2", true), Err(full(0)));
    let session = [Charge { verified: true, ..charge("a", Scope::Session("v3", b"s"), 1) }];
    assert!(counters.charge(&session, NOW).is_err(), "a session costs a caller nothing");
}

#[test]
fn when_time_is_over_there_is_room_for_others() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 1, unverified: 1 });
    let first = [charge("a", Scope::Grant("first"), 1)];
    let neighbour = neighbour(&first[0]);
    assert!(counters.charge(&first, NOW).is_ok());
    let later = Timestamp(61_000);
    let other = [charge("a", Scope::Grant(&neighbour), 1)];
    assert!(counters.charge(&other, later).is_ok());
    assert_eq!(
        counters.charge(&other, later),
        Err(ChargeError::Full { index: 0, full: LimitExceeded { retry_at: Some(Timestamp(120_000)) } })
    );
    assert_eq!(
        store.read(TOTALS).unwrap().bytes,
        [&b"mcp\x01"[..], &1_u32.to_le_bytes(), &1_u32.to_le_bytes()].concat()
    );
}

#[test]
fn a_verified_caller_whose_time_is_over_leaves_no_room_in_the_half_of_the_others() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 2, unverified: 0 });
    let first = [Charge { verified: true, ..charge("a", Scope::Grant("first"), 1) }];
    let neighbour = neighbour(&first[0]);
    assert!(counters.charge(&first, NOW).is_ok());
    let later = Timestamp(61_000);
    assert!(counters.charge(&[charge("a", Scope::Grant(&neighbour), 1)], later).is_ok());
    assert_eq!(Totals::open(&store.read(TOTALS).unwrap().bytes).unwrap().unverified, 0, "it counts in the shared one");
}
