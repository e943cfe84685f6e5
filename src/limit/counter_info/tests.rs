//! What the console shows of counters.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Algorithm, Amount, COUNTER_INFO, CounterInfo, CounterInfos, Quota, Store as _, Timestamp, Window, cell};
use crate::{
    limit::{Callers, Charge, Charged, Counters, Key, Part, totals::Capacity},
    store::InMemory,
};

const NOW: Timestamp = Timestamp(90_000);

fn charge<'a>(counter: &'a str, callers: Callers<'a>, algorithm: Algorithm) -> Charge<'a> {
    let quota = Quota { window: Window::new(60).unwrap(), algorithm, max: Amount::from_units(10) };
    Charge {
        key: Key { filter: "f", policy: "p", counter, callers, part: Part::Whole },
        quota,
        amount: Amount::ONE,
        verified: true,
    }
}

/// Charges a call, and returns what was charged.
fn charged(store: &InMemory, charges: &[Charge<'_>]) -> Vec<Charged> {
    Counters::new(store, Capacity::new(100)).charge(charges, NOW).unwrap().counters().to_vec()
}

fn info(charged: &Charged) -> CounterInfo {
    CounterInfo::new("f", "p", "jwt:a", charged)
}

fn shown(store: &InMemory, now: Timestamp) -> Vec<String> {
    let all = (0..=u8::MAX).filter_map(|index| CounterInfos(store).get(index, now)).map(|counter| {
        let CounterInfo { counter: name, scope, grant, .. } = counter.info;
        format!("{name} {scope} {grant} {} until {}", counter.used, counter.resets_at.seconds())
    });
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

#[test]
fn a_charged_counter_is_shown_while_it_counts() {
    let store = InMemory::new([0; 16]);
    let charges = [
        charge("one", Callers::Grant("jwt:a"), Algorithm::Fixed),
        charge("all", Callers::All, Algorithm::Sliding),
        charge("s", Callers::Session("jwt:a", b"1"), Algorithm::Fixed),
    ];
    for _ in 0..4 {
        for charged in charged(&store, &charges) {
            CounterInfos(&store).set(&info(&charged), NOW);
        }
    }
    let all = |now| shown(&store, Timestamp(now));
    let now = ["all global  4 until 120", "one grant jwt:a 4 until 120", "s session jwt:a 4 until 120"];
    assert_eq!(all(NOW.0), now);
    assert_eq!(all(59_999), now, "also if the clock has stepped back");
    assert_eq!(all(120_000), ["all global  4 until 180"], "the fixed windows have ended");
    assert_eq!(all(150_000), ["all global  2 until 180"], "the window before fades");
    assert_eq!(all(180_000), [""; 0]);
}

#[test]
fn a_counter_takes_its_second_cell_while_another_uses_its_first() {
    let store = InMemory::new([0; 16]);
    let [charged] = charged(&store, &[charge("one", Callers::Grant("jwt:a"), Algorithm::Fixed)]).try_into().unwrap();
    let one = info(&charged);
    let mut other = one.clone();
    other.slot.fingerprint = [7; 16];
    other.slot.fingerprint[0] = one.slot.fingerprint[0];
    let infos = CounterInfos(&store);
    infos.set(&one, NOW);
    infos.set(&other, NOW);
    let [first, second] = [one.slot.fingerprint[0], 7].map(|index| cell(&COUNTER_INFO, index));
    assert_eq!([infos.read(first), infos.read(second)], [Some(one), Some(other.clone())]);
    infos.set(&other, Timestamp(120_000));
    assert_eq!(infos.read(first), Some(other), "the first one no longer counts");
    store.set(second, b"garbage").unwrap();
    assert_eq!(infos.read(second), None);
}
