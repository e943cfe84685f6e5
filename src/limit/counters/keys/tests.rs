//! How many counters keys take, and what becomes of the rest.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    amount::Amount,
    limit::{
        Callers, Charge, ChargeError, Counters, Key, Part, Quota,
        totals::{Capacity, Totals},
    },
    store::{InMemory, Store as _, TOTALS},
    time::Timestamp,
    window::{Algorithm, Window},
};

fn charge<'a>(caller: &'a str, key: u32, max: u64, algorithm: Algorithm) -> Charge<'a> {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&key.to_le_bytes());
    Charge {
        key: Key {
            filter: "f",
            policy: "p",
            counter: "c",
            callers: Callers::Grant(caller),
            part: Part::Key { caller, digest },
        },
        quota: Quota { window: Window::new(60).unwrap(), algorithm, max: Amount::from_units(max) },
        amount: Amount::ONE,
        verified: true,
    }
}

fn fixed(caller: &str, key: u32, max: u64) -> Charge<'_> {
    charge(caller, key, max, Algorithm::Fixed)
}

fn totals(store: &InMemory) -> Totals {
    Totals::read(&store.read(TOTALS).unwrap().bytes).unwrap()
}

fn passes(counters: &Counters<'_, InMemory>, charge: Charge<'_>, now: u64) -> bool {
    let fits = counters.check(&[charge], Timestamp(now)).is_ok();
    let charged = counters.charge(&[charge], Timestamp(now));
    assert!(matches!(charged, Ok(_) | Err(ChargeError::Full { .. })), "{charged:?}");
    assert_eq!(fits, charged.is_ok(), "the test says what the charge does");
    charged.is_ok()
}

#[test]
fn a_key_whose_call_has_no_room_takes_no_place() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    let too_much = |key| Charge { amount: Amount::from_units(3).unwrap(), ..fixed("jwt:a", key, 2) };
    assert!((1000..1300).all(|key| !passes(&counters, too_much(key), 0)));
    for key in 0..256 {
        assert!(passes(&counters, fixed("jwt:a", key, 2), 0) && passes(&counters, fixed("jwt:a", key, 2), 1), "{key}");
    }
}

#[test]
fn each_key_has_a_count_of_its_own() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    for key in 0..256 {
        assert!(passes(&counters, fixed("jwt:a", key, 2), 0) && passes(&counters, fixed("jwt:a", key, 2), 1));
        assert!(!passes(&counters, fixed("jwt:a", key, 2), 2), "{key}");
    }
    assert!(passes(&counters, fixed("jwt:b", 0, 2), 0), "another caller's");
}

#[test]
fn further_keys_of_a_caller_share_one_count_until_the_window_ends() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    assert!((0..256).all(|key| passes(&counters, fixed("jwt:a", key, 2), 0)));
    assert!(passes(&counters, fixed("jwt:a", 300, 2), 0) && passes(&counters, fixed("jwt:a", 301, 2), 0));
    assert!(!passes(&counters, fixed("jwt:a", 302, 2), 0), "the third of all further keys");
    assert!(passes(&counters, fixed("jwt:a", 7, 2), 0), "a key that has a counter");
    assert!(passes(&counters, fixed("jwt:a", 302, 2), 60_000), "the next window");
}

#[test]
fn a_flood_of_keys_takes_no_more_than_its_share_and_moves_no_other_caller() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    let other = |key| fixed("jwt:other", key, 3);
    let own = Charge { key: Key { part: Part::Whole, ..other(0).key }, ..other(0) };
    assert!(passes(&counters, other(1), 0) && passes(&counters, own, 0));
    let before = totals(&store);
    let passed =
        (0..200_000).filter(|key| counters.charge(&[fixed("jwt:flood", *key, 3)], Timestamp(1)).is_ok()).count();
    assert_eq!(passed, 256 + 3, "a call of each key that has a counter, and three of all others");
    // 256 keys, how many they are, and the count of all others.
    assert_eq!(totals(&store).all(), before.all() + 258);
    for charge in [other(1), own] {
        assert!(passes(&counters, charge, 2) && passes(&counters, charge, 2) && !passes(&counters, charge, 2));
    }
    assert!(passes(&counters, other(2), 2), "a new key of another caller");
}

#[test]
fn keys_of_many_callers_take_half_of_the_table() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(1000));
    let callers: Vec<String> = (0..10).map(|number| format!("jwt:{number}")).collect();
    for caller in &callers {
        for key in 0..200 {
            assert!(counters.charge(&[fixed(caller, key, 1_000_000)], Timestamp(0)).is_ok());
        }
    }
    // Besides, each caller has the count of its keys, and most have that of all others.
    assert!((500..=520).contains(&totals(&store).all()), "{:?}", totals(&store));
    let own = fixed("jwt:late", 0, 1);
    let own = Charge { key: Key { part: Part::Whole, ..own.key }, ..own };
    assert!(
        passes(&counters, own, 0) && !passes(&counters, own, 0),
        "a counter of its own, not the one of the overflow"
    );
}

#[test]
fn with_sliding_windows_a_key_lives_for_two_and_is_counted_once() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    let sliding = |key| charge("jwt:a", key, 100, Algorithm::Sliding);
    let shared_used = |now| {
        let shared = Charge { key: Key { part: Part::OtherKeys, ..sliding(0).key }, ..sliding(0) };
        counters.used(&shared, Timestamp(now)).unwrap().unwrap()
    };
    assert!((0..256).all(|key| passes(&counters, sliding(key), 0)));
    assert!((0..256).all(|key| passes(&counters, sliding(key), 60_000)), "each fading one is charged again");
    assert_eq!(shared_used(60_000), Amount::ZERO);
    assert!(passes(&counters, sliding(300), 60_001));
    assert_eq!(shared_used(60_001), Amount::ONE, "all 256 are live");
    assert!((400..656).all(|key| passes(&counters, sliding(key), 240_000)), "none is");
    assert_eq!(shared_used(240_000), Amount::ZERO);
}

#[test]
fn a_key_that_fades_keeps_its_place_when_its_call_has_no_room() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    let sliding = |key| charge("jwt:a", key, 100, Algorithm::Sliding);
    assert!((0..256).all(|key| passes(&counters, sliding(key), 0)));
    let too_much = Charge { amount: Amount::from_units(101).unwrap(), ..sliding(0) };
    assert!((0..10).all(|_| !passes(&counters, too_much, 60_000)));
    assert!(passes(&counters, sliding(300), 60_001));
    let shared = Charge { key: Key { part: Part::OtherKeys, ..sliding(0).key }, ..sliding(0) };
    assert_eq!(counters.used(&shared, Timestamp(60_001)), Ok(Some(Amount::ONE)), "all 256 are live");
}

#[test]
fn a_global_limit_counts_a_key_of_all_callers_and_each_callers_further_keys_apart() {
    let store = InMemory::new([1; 16]);
    let counters = Counters::new(&store, Capacity::new(65_536));
    let global = |caller, key| {
        let charge = fixed(caller, key, 2);
        Charge { key: Key { callers: Callers::All, ..charge.key }, ..charge }
    };
    assert!(passes(&counters, global("jwt:a", 1), 0) && passes(&counters, global("jwt:b", 1), 0));
    assert!(!passes(&counters, global("jwt:c", 1), 0));
    assert!((2..257).all(|key| passes(&counters, global("jwt:a", key), 0)));
    assert!(passes(&counters, global("jwt:a", 500), 0) && passes(&counters, global("jwt:a", 501), 0));
    assert!(!passes(&counters, global("jwt:a", 502), 0));
    assert!(passes(&counters, global("jwt:b", 502), 0));
    // When the other one has too many keys, too, what the first one has used of its further keys leaves it room.
    assert!((1000..1255).all(|key| passes(&counters, global("jwt:b", key), 0)));
    assert!(passes(&counters, global("jwt:b", 2000), 0) && passes(&counters, global("jwt:b", 2001), 0));
    assert!(!passes(&counters, global("jwt:b", 2002), 0));
    assert!(
        passes(&counters, Charge { quota: fixed("jwt:b", 0, 3).quota, ..global("jwt:b", 2002) }, 0),
        "one more of three"
    );
}
