//! What some counts are of, for people to see: the table itself keeps no names.
//!
//! There are 256 labels, each in a cell of its own, and two cells for each count. So nearly all counts have one where there
//! are few, and the newest where there are many; no verdict hangs on them.

use super::{Algorithm, Charge, Place, Quota, Scope, Window, table::Cell, window::Count};
use crate::{
    amount::Amount,
    store::{LABELS, Store, Unavailable, cell, framing},
    time::Moment,
};

/// The labels of a store.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'s, S>(pub &'s S);

/// What a count is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
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
    place: Place,
}

impl<S: Store> Labels<'_, S> {
    /// Labels a count that was charged.
    pub fn note(&self, charge: &Charge<'_>, place: &Place, now: Moment) {
        let [first, second, ..] = place.fingerprint;
        let [first, second] = [first, second].map(|index| cell(&LABELS, index));
        let is_taken =
            |label: &Label| label.place != *place && self.count(label).is_some_and(|count| count.is_alive(now));
        let target = if self.label(first).as_ref().is_some_and(is_taken) { second } else { first };
        // Whoever looks does without one.
        let _: Result<(), Unavailable> = self.0.put(target, &Label::bytes(charge, place));
    }

    /// The counts that have a label and are not over, with what they stand at.
    #[must_use]
    pub fn all(&self, now: Moment) -> Vec<(Label, Amount)> {
        let mut all: Vec<(Label, Amount)> = Vec::new();
        for label in LABELS.filter_map(|cell| self.label(cell)) {
            let count = self.count(&label).filter(|count| count.is_alive(now));
            if let (Some(count), false) = (count, all.iter().any(|(other, _)| other.place == label.place)) {
                let used = label.quota.used(count, now);
                all.push((label, used));
            }
        }
        all
    }

    fn label(&self, cell: u16) -> Option<Label> {
        Label::read(&self.0.read(cell).ok()?.bytes)
    }

    fn count(&self, label: &Label) -> Option<Count> {
        let stored = self.0.read(label.place.cell).ok()?;
        Cell::open(&stored.bytes).ok()?.find(&label.place.fingerprint)
    }
}

impl Label {
    fn bytes(charge: &Charge<'_>, place: &Place) -> Vec<u8> {
        let (scope, grant) = match charge.key.scope {
            Scope::Grant(_) => ("grant", charge.shown),
            Scope::Session(..) => ("session", charge.shown),
            Scope::Global => ("global", ""),
            Scope::Overflow => ("overflow", ""),
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
            place: Place { cell: u16::from_le_bytes(*cell), fingerprint: fingerprint.try_into().ok()? },
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Algorithm, Amount, Charge, LABELS, Labels, Moment, Quota, Scope, Store as _, Window, cell};
    use crate::{
        limit::{Counters, Key, table::CELLS, totals::Bounds},
        store::InMemory,
    };

    const NOW: Moment = Moment(90_000);

    fn charge<'a>(counter: &'a str, scope: Scope<'a>, algorithm: Algorithm) -> Charge<'a> {
        let window = Window::new(60).unwrap();
        let key = Key { filter: "f", policy: "p", counter, window, algorithm, scope };
        let quota = Quota { window, algorithm, max: Amount::whole(10).unwrap() };
        Charge { key, quota, amount: Amount::ONE, verified: true, shown: "jwt:a" }
    }

    fn seen(store: &InMemory, now: Moment) -> Vec<String> {
        let shown = |(label, used): (super::Label, Amount)| {
            let super::Label { counter, scope, grant, .. } = label;
            format!("{counter} {scope} {grant} {used}")
        };
        let mut seen: Vec<String> = Labels(store).all(now).into_iter().map(shown).collect();
        seen.sort();
        seen
    }

    #[test]
    fn what_was_charged_is_seen_until_it_is_over() {
        let store = InMemory::new([0; 16]);
        let labels = Labels(&store);
        let charges = [
            charge("one", Scope::Grant("jwt:a"), Algorithm::Fixed),
            charge("all", Scope::Global, Algorithm::Sliding),
            charge("s", Scope::Session("jwt:a", b"1"), Algorithm::Fixed),
        ];
        for _ in 0..4 {
            let _receipt = Counters::new(&store, Bounds::of(100)).charge(&charges, NOW).unwrap();
            for charge in &charges {
                labels.note(charge, &charge.key.place(&[0; 16], CELLS), NOW);
            }
        }
        assert_eq!(seen(&store, NOW), ["all global  4", "one grant jwt:a 4", "s session jwt:a 4"]);
        assert_eq!(seen(&store, Moment(120_000)), ["all global  4"], "fixed windows are over");
        assert_eq!(seen(&store, Moment(150_000)), ["all global  2"], "the one before fades");
        assert_eq!(seen(&store, Moment(180_000)), [""; 0]);
    }

    #[test]
    fn a_label_makes_way_for_one_that_has_no_place_yet() {
        let store = InMemory::new([0; 16]);
        let charge = charge("one", Scope::Grant("jwt:a"), Algorithm::Fixed);
        let _receipt = Counters::new(&store, Bounds::of(100)).charge(&[charge], NOW).unwrap();
        let place = charge.key.place(&[0; 16], CELLS);
        let other =
            super::Place { fingerprint: [place.fingerprint[0], 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], ..place };
        let labels = Labels(&store);
        labels.note(&charge, &place, NOW);
        labels.note(&charge, &other, NOW);
        assert_eq!(labels.label(cell(&LABELS, place.fingerprint[0])).unwrap().place, place, "it is in use");
        assert_eq!(labels.label(cell(&LABELS, 7)).unwrap().place, other);
        labels.note(&charge, &other, Moment(120_000));
        assert_eq!(labels.label(cell(&LABELS, place.fingerprint[0])).unwrap().place, other, "it is over");
        store.put(cell(&LABELS, 7), b"garbage").unwrap();
        assert!(labels.label(cell(&LABELS, 7)).is_none());
    }
}
