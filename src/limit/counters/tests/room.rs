//! How many counters the table holds, and what becomes of callers for whose own it has no room.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    Amount, CAPACITY, Callers, Capacity, Charge, ChargeError, Counters, Faulty, InMemory, Key, LimitExceeded, NOW,
    Part, Store as _, TOTALS, Timestamp, Totals, charge, full, neighbour,
};

#[test]
fn random_callers_reach_the_capacity_before_any_shard_is_full() {
    let store = InMemory::new([42; 16]);
    let counters = Counters::new(&store, CAPACITY);
    for caller in 0..32_768 {
        let grant = format!("address:{caller}");
        assert!(counters.charge(&[charge("c", Callers::Grant(&grant), 1)], NOW).is_ok(), "{caller}");
        assert!(
            counters.charge(&[charge("c", Callers::Grant(&grant), 1)], NOW).is_err(),
            "{caller} has a counter of its own"
        );
    }
}

#[test]
fn callers_without_room_share_one_counter_and_evict_none() {
    let store = InMemory::new([42; 16]);
    let counters = Counters::new(&store, CAPACITY);
    let first = [Charge { verified: true, ..charge("c", Callers::Grant("jwt:alice"), 1) }];
    assert!(counters.charge(&first, NOW).is_ok());
    let flood = (0..200_000).filter(|caller| {
        let grant = format!("header:{caller}");
        counters.charge(&[charge("c", Callers::Grant(&grant), 1)], NOW).is_ok()
    });
    assert!(flood.count() <= 24 * 4096 + 1, "half of each shard, and the shared counter");
    assert!(counters.charge(&first, NOW).is_err(), "a running counter is kept");
    let verified = [Charge { verified: true, ..charge("c", Callers::Grant("jwt:bob"), 1) }];
    assert!(counters.charge(&verified, NOW).is_ok(), "callers of verified identity are untouched");
}

#[test]
fn beyond_the_capacity_callers_share_one_counter_and_none_is_lost() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 5, unverified: 2 });
    let of = |caller, verified| [Charge { verified, ..charge("a", Callers::Grant(caller), 2) }];
    let charge = |caller, verified| counters.charge(&of(caller, verified), NOW).map(|_| ());
    // Two unverified callers get a counter each, and the others share one.
    for caller in ["u1", "u2", "u3", "u4"] {
        assert_eq!(charge(caller, false), Ok(()), "{caller}");
    }
    for caller in ["u3", "u5"] {
        assert_eq!(charge(caller, false), Err(full(0)), "{caller}");
    }
    assert_eq!(charge("u1", false), Ok(()), "a running counter goes on");
    assert_eq!(charge("u1", false), Err(full(0)));
    // Verified callers have room left.
    for caller in ["v1", "v1", "v2"] {
        assert_eq!(charge(caller, true), Ok(()), "{caller}");
    }
    // Once the windows have ended, there is room again.
    let next = Timestamp(61_000);
    assert!(counters.charge(&of("u1", false), next).is_ok());
}

#[test]
fn verified_callers_without_room_share_no_counter_with_unverified_ones() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 0, unverified: 0 });
    let of = |caller, verified| [Charge { verified, ..charge("a", Callers::Grant(caller), 1) }];
    let run = |caller, verified| counters.charge(&of(caller, verified), NOW).map(|_| ());
    assert_eq!(run("u1", false), Ok(()));
    assert_eq!(run("u2", false), Err(full(0)), "the shared counter is full");
    assert_eq!(run("v1", true), Ok(()));
    assert_eq!(run("v2", true), Err(full(0)));
    let session = [Charge { verified: true, ..charge("a", Callers::Session("v3", b"s"), 1) }];
    assert!(counters.charge(&session, NOW).is_err(), "a session costs a caller nothing");
}

#[test]
fn a_counter_whose_window_has_ended_makes_room_for_another() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 1, unverified: 1 });
    let first = [charge("a", Callers::Grant("first"), 1)];
    let neighbour = neighbour(&first[0]);
    assert!(counters.charge(&first, NOW).is_ok());
    let later = Timestamp(61_000);
    let other = [charge("a", Callers::Grant(&neighbour), 1)];
    assert!(counters.charge(&other, later).is_ok());
    assert_eq!(
        counters.charge(&other, later),
        Err(ChargeError::Full {
            index: 0,
            full: LimitExceeded { retry_at: Some(Timestamp(120_000)), remaining: Some(Amount::ZERO) }
        })
    );
    assert_eq!(
        store.read(TOTALS).unwrap().bytes,
        [&b"mcp\x01"[..], &1_u32.to_le_bytes(), &1_u32.to_le_bytes()].concat()
    );
}

#[test]
fn an_ended_counter_of_a_verified_caller_makes_no_room_for_unverified_ones() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity { all: 2, unverified: 0 });
    let first = [Charge { verified: true, ..charge("a", Callers::Grant("first"), 1) }];
    let neighbour = neighbour(&first[0]);
    assert!(counters.charge(&first, NOW).is_ok());
    let later = Timestamp(61_000);
    assert!(counters.charge(&[charge("a", Callers::Grant(&neighbour), 1)], later).is_ok());
    assert_eq!(
        Totals::read(&store.read(TOTALS).unwrap().bytes).unwrap().unverified,
        0,
        "it counts in the shared counter"
    );
}

#[test]
fn a_key_that_cannot_be_counted_in_the_totals_takes_no_place() {
    let store = Faulty { broken: Some(TOTALS).into(), ..Faulty::new() };
    let counters = Counters::new(&store, CAPACITY);
    let of = |part| {
        let charge = charge("a", Callers::Grant("jwt:a"), 2);
        Charge { key: Key { part, ..charge.key }, verified: true, ..charge }
    };
    let of_key = |key| of(Part::Key { caller: "jwt:a", digest: [key; 32] });
    assert_eq!(counters.charge(&[of_key(0)], NOW), Err(ChargeError::Unavailable));
    store.broken.set(None);
    for key in 0..=255 {
        assert!(counters.charge(&[of_key(key)], NOW).is_ok(), "{key}");
    }
    assert_eq!(counters.used(&of(Part::OtherKeys), NOW), Ok(Some(Amount::ZERO)), "each has a counter");
}
