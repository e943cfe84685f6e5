//! What some counts are of, for people to see: the table itself keeps no names.
//!
//! There are 256 labels, each in a cell of its own, and two cells for each count. So nearly all counts have one where there
//! are few, and the newest where there are many; no verdict hangs on them.

use super::{Algorithm, Charge, CounterSlot, Quota, Scope, Window, table::Shard, window::Count};
use crate::{
    amount::Amount,
    store::{COUNTER_INFO, Store, Unavailable, cell, framing},
    time::Timestamp,
};

/// The labels of a store.
#[derive(Clone, Copy, Debug)]
pub struct CounterInfos<'s, S>(pub &'s S);

/// What a count is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterInfo {
    /// The filter's name in Envoy.
    pub filter: String,
    /// The policy's name.
    pub policy: String,
    /// The counter's name.
    pub counter: String,
    /// Whose calls it counts: `grant`, `session`, `global`, or `overflow` for those that there was no room for.
    pub scope: String,
    /// The caller, as people may see it; empty where it is of all.
    pub grant: String,
    /// What it may reach.
    pub quota: Quota,
    place: CounterSlot,
}

impl<S: Store> CounterInfos<'_, S> {
    /// Labels a count that was charged.
    pub fn set(&self, charge: &Charge<'_>, place: &CounterSlot, now: Timestamp) {
        let [first, second, ..] = place.fingerprint;
        let [first, second] = [first, second].map(|index| cell(&COUNTER_INFO, index));
        let is_taken =
            |label: &CounterInfo| label.place != *place && self.count(label).is_some_and(|count| count.is_alive(now));
        let target = if self.label(first).as_ref().is_some_and(is_taken) { second } else { first };
        // Whoever looks does without one.
        let _: Result<(), Unavailable> = self.0.set(target, &CounterInfo::bytes(charge, place));
    }

    /// The count that the cell of this index names, and what it stands at; `None` if its window has ended, or if another
    /// cell names it, too, and comes first.
    #[must_use]
    pub fn get(&self, index: u8, now: Timestamp) -> Option<(CounterInfo, Amount)> {
        let label = self.label(cell(&COUNTER_INFO, index))?;
        let count = self.count(&label).filter(|count| count.is_alive(now))?;
        let [first, ..] = label.place.fingerprint;
        let is_first = || self.label(cell(&COUNTER_INFO, first)).is_none_or(|other| other.place != label.place);
        (index == first || is_first()).then(|| {
            let used = label.quota.used(count, now);
            (label, used)
        })
    }

    fn label(&self, cell: u16) -> Option<CounterInfo> {
        CounterInfo::read(&self.0.read(cell).ok()?.bytes)
    }

    fn count(&self, label: &CounterInfo) -> Option<Count> {
        let stored = self.0.read(label.place.cell).ok()?;
        Shard::open(&stored.bytes).ok()?.find(&label.place.fingerprint)
    }
}

impl CounterInfo {
    fn bytes(charge: &Charge<'_>, place: &CounterSlot) -> Vec<u8> {
        let (scope, grant) = match charge.key.scope {
            Scope::Grant(_) => ("grant", charge.display),
            Scope::Session(..) => ("session", charge.display),
            Scope::Global => ("global", ""),
            Scope::Overflow { .. } => ("overflow", ""),
        };
        let Quota { window, algorithm, max } = charge.quota;
        let sliding = [u8::from(algorithm == Algorithm::Sliding)];
        let quota = [&window.seconds().to_le_bytes()[..], &max.millionths().to_le_bytes(), &sliding].concat();
        let place = [&place.cell.to_le_bytes()[..], &place.fingerprint].concat();
        let [filter, policy, counter, scope, grant] =
            [charge.key.filter, charge.key.policy, charge.key.counter, scope, grant].map(str::as_bytes);
        framing::join(&[filter, policy, counter, scope, grant, &quota, &place])
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let [filter, policy, counter, scope, grant, quota, place] = framing::split(bytes)?;
        let text = |bytes: &[u8]| Some(std::str::from_utf8(bytes).ok()?.to_owned());
        let (window, rest) = quota.split_first_chunk()?;
        let (max, sliding) = rest.split_first_chunk()?;
        let (cell, fingerprint) = place.split_first_chunk()?;
        let quota = Quota {
            window: Window::new(u32::from_le_bytes(*window))?,
            algorithm: if *sliding == [1] { Algorithm::Sliding } else { Algorithm::Fixed },
            max: Amount::from_millionths(u64::from_le_bytes(*max))?,
        };
        Some(Self {
            filter: text(filter)?,
            policy: text(policy)?,
            counter: text(counter)?,
            scope: text(scope)?,
            grant: text(grant)?,
            quota,
            place: CounterSlot { cell: u16::from_le_bytes(*cell), fingerprint: fingerprint.try_into().ok()? },
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{
        Algorithm, Amount, COUNTER_INFO, Charge, CounterInfos, Quota, Scope, Store as _, Timestamp, Window, cell,
    };
    use crate::{
        limit::{Counters, Key, table::SHARDS, totals::Capacity},
        store::InMemory,
    };

    const NOW: Timestamp = Timestamp(90_000);

    fn charge<'a>(counter: &'a str, scope: Scope<'a>, algorithm: Algorithm) -> Charge<'a> {
        let window = Window::new(60).unwrap();
        let key = Key { filter: "f", policy: "p", counter, window, algorithm, scope };
        let quota = Quota { window, algorithm, max: Amount::whole(10).unwrap() };
        Charge { key, quota, amount: Amount::ONE, verified: true, display: "jwt:a" }
    }

    fn seen(store: &InMemory, now: Timestamp) -> Vec<String> {
        let shown = |(label, used): (super::CounterInfo, Amount)| {
            let super::CounterInfo { counter, scope, grant, .. } = label;
            format!("{counter} {scope} {grant} {used}")
        };
        let all = (0..=u8::MAX).filter_map(|index| CounterInfos(store).get(index, now));
        let mut seen: Vec<String> = all.map(shown).collect();
        seen.sort();
        seen
    }

    #[test]
    fn what_was_charged_is_seen_until_it_is_over() {
        let store = InMemory::new([0; 16]);
        let labels = CounterInfos(&store);
        let charges = [
            charge("one", Scope::Grant("jwt:a"), Algorithm::Fixed),
            charge("all", Scope::Global, Algorithm::Sliding),
            charge("s", Scope::Session("jwt:a", b"1"), Algorithm::Fixed),
        ];
        for _ in 0..4 {
            let _receipt = Counters::new(&store, Capacity::of(100)).charge(&charges, NOW).unwrap();
            for charge in &charges {
                labels.set(charge, &charge.key.slot(&[0; 16], SHARDS), NOW);
            }
        }
        assert_eq!(seen(&store, NOW), ["all global  4", "one grant jwt:a 4", "s session jwt:a 4"]);
        assert_eq!(seen(&store, Timestamp(120_000)), ["all global  4"], "fixed windows are over");
        assert_eq!(seen(&store, Timestamp(150_000)), ["all global  2"], "the one before fades");
        assert_eq!(seen(&store, Timestamp(180_000)), [""; 0]);
    }

    #[test]
    fn a_label_makes_way_for_one_that_has_no_place_yet() {
        let store = InMemory::new([0; 16]);
        let charge = charge("one", Scope::Grant("jwt:a"), Algorithm::Fixed);
        let _receipt = Counters::new(&store, Capacity::of(100)).charge(&[charge], NOW).unwrap();
        let place = charge.key.slot(&[0; 16], SHARDS);
        let other = super::CounterSlot {
            fingerprint: [place.fingerprint[0], 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
            ..place
        };
        let labels = CounterInfos(&store);
        labels.set(&charge, &place, NOW);
        labels.set(&charge, &other, NOW);
        assert_eq!(labels.label(cell(&COUNTER_INFO, place.fingerprint[0])).unwrap().place, place, "it is in use");
        assert_eq!(labels.label(cell(&COUNTER_INFO, 7)).unwrap().place, other);
        labels.set(&charge, &other, Timestamp(120_000));
        assert_eq!(labels.label(cell(&COUNTER_INFO, place.fingerprint[0])).unwrap().place, other, "it is over");
        store.set(cell(&COUNTER_INFO, 7), b"garbage").unwrap();
        assert!(labels.label(cell(&COUNTER_INFO, 7)).is_none());
    }
}
