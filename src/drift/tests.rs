//! Drifts and their ends.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{AcceptError, Configuration, DriftDetails, DriftKey, DriftStore, Drifts, Listed, Pins, Place, Sighting};
use crate::{
    digest::Digest,
    store::{DRIFTS, InMemory, Store as _},
    time::Timestamp,
};

const ROUTE: &str = "mcp";

fn place(policy: &str) -> Place<'_> {
    Place { filter: "f", policy, route: ROUTE, configuration: Configuration::new("c1") }
}

fn key(policy: &str, tool: &str) -> DriftKey {
    place(policy).key(tool, &[Digest::of(b"pinned")])
}

/// The drifts of one policy, at a time in seconds.
#[derive(Default)]
struct Table {
    drifts: Drifts,
}

impl Table {
    fn see(&mut self, policy: &str, tool: &str, listed: Listed, at: u64) {
        let overflow = place(policy).overflow_key();
        self.drifts.see(key(policy, tool), overflow, listed, place(policy).configuration, Timestamp::from_seconds(at));
        self.drifts = Drifts::read(&self.drifts.to_bytes()).unwrap();
    }

    fn denies(&self, policy: &str, tool: &str, at: u64) -> bool {
        let denies = |key| self.drifts.denies(key, place(policy).configuration, Timestamp::from_seconds(at));
        denies(key(policy, tool)) || denies(place(policy).overflow_key())
    }
}

fn other(text: &str) -> Listed {
    Listed::Other(Digest::of(text.as_bytes()))
}

#[test]
fn a_drift_ends_when_every_list_has_shown_the_pin_for_ten_minutes() {
    let mut table = Table::default();
    table.see("p", "pay", Listed::Pinned, 900);
    assert!(!table.denies("p", "pay", 900) && table.drifts.is_empty());
    table.see("p", "pay", other("evil"), 1000);
    assert!(table.denies("p", "pay", 1000) && !table.denies("p", "get", 1000) && !table.denies("q", "pay", 1000));
    assert!(table.denies("p", "pay", 1_000_000), "no list has shown the pin");
    table.see("p", "pay", Listed::Pinned, 2000);
    assert!(table.denies("p", "pay", 2599));
    // A server that alternates stays denied.
    table.see("p", "pay", other("evil"), 2590);
    table.see("p", "pay", Listed::Pinned, 2595);
    assert!(table.denies("p", "pay", 3194) && !table.denies("p", "pay", 3195));
    table.see("p", "pay", Listed::Pinned, 3195);
    assert!(table.drifts.is_empty(), "its place is free");
}

#[test]
fn a_clock_that_steps_back_starts_the_ten_minutes_again() {
    let mut table = Table::default();
    table.see("p", "pay", other("evil"), 1000);
    table.see("p", "pay", Listed::Pinned, 5000);
    assert!(table.denies("p", "pay", 100));
    table.see("p", "pay", Listed::Pinned, 100);
    assert!(table.denies("p", "pay", 699) && !table.denies("p", "pay", 700));
}

#[test]
fn each_part_of_a_place_and_each_pin_has_a_drift_of_its_own() {
    let pin = [Digest::of(b"pinned")];
    let here = place("p");
    let keys = [
        here.key("pay", &pin),
        here.key("get", &pin),
        here.key("pay", &[]),
        here.key("pay", &[Digest::of(b"new")]),
        Place { filter: "g", ..here }.key("pay", &pin),
        Place { policy: "q", ..here }.key("pay", &pin),
        Place { route: "r", ..here }.key("pay", &pin),
        here.overflow_key(),
    ];
    for (index, one) in keys.iter().enumerate() {
        assert!(keys[index + 1..].iter().all(|other| one != other), "{index}");
    }
    let later = Place { configuration: Configuration::new("c2"), ..here };
    assert_eq!(later.key("pay", &pin), keys[0], "configurations that keep the pin keep the drift");
}

#[test]
fn when_a_policy_has_no_place_left_every_pinned_tool_of_it_is_denied_and_no_other() {
    let mut table = Table::default();
    for index in 0..64 {
        table.see("p", &format!("t{index}"), other("evil"), 1000);
    }
    assert!(!table.denies("p", "quiet", 1000));
    table.see("p", "one_more", other("evil"), 1000);
    assert!(table.denies("p", "quiet", 1000) && !table.denies("q", "quiet", 1000));
    table.see("q", "pay", other("evil"), 1000);
    assert!(table.denies("q", "pay", 1000), "another policy has places of its own");
    // What has a place again is no longer everybody's.
    let overflow = place("p").overflow_key();
    let now = Timestamp::from_seconds(2000);
    table.drifts.see_room(overflow, place("p").configuration, now);
    assert!(table.denies("p", "quiet", 2599) && !table.denies("p", "quiet", 2600));
}

#[test]
fn when_the_table_is_full_a_policy_without_places_is_denied_whole() {
    let mut table = Table::default();
    for policy in ["a", "b", "c", "d"] {
        for index in 0..64 {
            table.see(policy, &format!("t{index}"), other("evil"), 1000);
        }
    }
    assert!(!table.denies("e", "quiet", 1000));
    table.see("e", "pay", other("evil"), 1000);
    assert!(table.denies("e", "pay", 1000) && table.denies("e", "quiet", 1000) && !table.denies("f", "quiet", 1000));
}

fn sighting(listed: Listed, definition: &str) -> Sighting<'_> {
    Sighting { tool: "pay", key: key("p", "pay"), listed, definitions: Some((definition, r#"{"name":"pay"}"#)) }
}

#[test]
fn an_accepted_definition_counts_as_pinned_until_another_configuration_comes() {
    let store = InMemory::new([7; 16]);
    let drifts = DriftStore(&store);
    let now = Timestamp::from_seconds(1000);
    let see = |place: &Place<'_>, text: &str| {
        drifts.see(place, "c1", "jwt:bob", &[sighting(other(text), text)], &|_| None, now).unwrap();
    };
    let [first, second] = ["c1", "c2"].map(|config| Place { configuration: Configuration::new(config), ..place("p") });
    let denied = |place: &Place<'_>| drifts.read().unwrap().denies(key("p", "pay"), place.configuration, now);
    see(&first, "new");
    let drift = *drifts.read().unwrap().iter().next().unwrap();
    let bytes = drifts.details(&drift).unwrap();
    let details = DriftDetails::read(&bytes, drift.id()).unwrap();
    assert_eq!(
        (details.tool, details.grant, details.seen, details.before),
        ("pay", "jwt:bob", "new", r#"{"name":"pay"}"#)
    );
    assert!(denied(&first));
    drifts.accept(drift.id()).unwrap();
    assert!(!denied(&first));
    let accepted = drifts.read().unwrap().accepted(key("p", "pay"), first.configuration);
    assert_eq!(accepted, Some(Digest::of(b"new")));
    assert!(denied(&second), "another configuration");
    see(&first, "third");
    assert!(denied(&first), "another definition");
    assert_eq!(drifts.accept(drift.id()), Err(AcceptError::Unknown), "it was not this one that was seen");
    assert_eq!(drifts.read().unwrap().accepted(key("p", "pay"), first.configuration), Some(Digest::of(b"new")));
    see(&second, "third");
    let drift = *drifts.read().unwrap().iter().next().unwrap();
    drifts.accept(drift.id()).unwrap();
    assert!(!denied(&second) && denied(&first));
}

#[test]
fn lists_that_showed_an_accepted_definition_end_no_drift_in_another_configuration() {
    let mut drifts = Drifts::default();
    let [first, second] = ["c1", "c2"].map(Configuration::new);
    let (pay, overflow) = (key("p", "pay"), place("p").overflow_key());
    let mut see = |listed, configuration, at| {
        drifts.see(pay, overflow, listed, configuration, Timestamp::from_seconds(at));
        let id = drifts.iter().next().unwrap().id();
        if at == 1000 {
            drifts.accept(id).unwrap();
        }
        drifts.clone()
    };
    let denies = |drifts: &Drifts, of, at| drifts.denies(pay, of, Timestamp::from_seconds(at));
    see(other("new"), first, 1000);
    // It counts as pinned there.
    let accepted = see(Listed::Pinned, first, 1010);
    assert!(!denies(&accepted, first, 5000) && denies(&accepted, second, 5000));
    let pinned = see(Listed::Pinned, second, 5000);
    assert!(denies(&pinned, second, 5599) && !denies(&pinned, second, 5600));
}

#[test]
fn a_drift_whose_definition_is_lost_or_too_long_cannot_be_accepted() {
    let store = InMemory::new([7; 16]);
    let drifts = DriftStore(&store);
    let long = "x".repeat((16 << 10) + 1);
    let now = Timestamp::from_seconds(1000);
    drifts.see(&place("p"), "c1", "", &[sighting(other("long"), &long)], &|_| None, now).unwrap();
    let drift = *drifts.read().unwrap().iter().next().unwrap();
    assert_eq!(drifts.accept(drift.id()), Err(AcceptError::DetailsLost));
}

#[test]
fn a_list_that_shows_pins_writes_nothing() {
    let store = InMemory::new([7; 16]);
    let before = store.read(DRIFTS).unwrap();
    let pinned = Sighting { definitions: None, ..sighting(Listed::Pinned, "") };
    DriftStore(&store).see(&place("p"), "c1", "", &[pinned], &|_| None, Timestamp::from_seconds(1)).unwrap();
    assert_eq!(store.read(DRIFTS).unwrap(), before);
}

#[test]
fn drifts_of_tools_that_have_other_pins_now_give_their_places_to_new_ones() {
    let (store, old, new) = (InMemory::new([7; 16]), [Digest::of(b"pinned")], [Digest::of(b"pinned again")]);
    let names: Vec<String> = (0..64).map(|index| format!("t{index}")).collect();
    let see = |tool, pin: &[Digest], pins: &Pins<'_>, at| {
        let key = place("p").key(tool, pin);
        let sighting = Sighting { tool, key, ..sighting(other("evil"), "{}") };
        DriftStore(&store).see(&place("p"), "c1", "", &[sighting], pins, Timestamp::from_seconds(at)).unwrap();
        DriftStore(&store).read().unwrap()
    };
    for name in &names {
        see(name, &old, &|_| Some(&old), 1000);
    }
    let is_denied =
        |drifts: &Drifts, key, at| drifts.denies(key, place("p").configuration, Timestamp::from_seconds(at));
    let is_repinned = |tool: &str| matches!(tool, "t0" | "t1");
    let pins = |tool: &str| Some(if is_repinned(tool) { &new[..] } else { &old[..] });
    let overflow = place("p").overflow_key();
    assert!(is_denied(&see("pay", &old, &pins, 1599), overflow, 1599), "another worker may still have the old pins");
    let after = see("get", &old, &pins, 1600);
    for name in names.iter().map(String::as_str).chain(["get"]) {
        assert_eq!(is_denied(&after, place("p").key(name, &old), 1600), !is_repinned(name), "{name}");
    }
    // All tools are denied until lists have had room for ten minutes.
    assert!(is_denied(&after, overflow, 2199) && !is_denied(&after, overflow, 2200));
    let all = see("put", &old, &|_| Some(&old), 2300);
    assert!(!is_denied(&all, overflow, 2300), "there was another place");
    assert!(
        is_denied(&see("last", &old, &|_| Some(&old), 9000), overflow, 9000),
        "of those that are in force none is lost"
    );
}

#[test]
fn a_cell_of_another_format_is_refused() {
    assert_eq!(Drifts::read(b"mcp\x01short"), None);
    assert_eq!(Drifts::read(b"mcp\x02"), None);
}
