#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Discarded, HeldBytes, MAX_DISCARDED, Part, Share, ShareExhausted};
use crate::time::Timestamp;

const MAX: usize = 8000;
const SEED: [u8; 16] = [7; 16];

fn verified(caller: &str) -> Share {
    Share::new(caller, true, &SEED)
}

fn unverified(caller: &str) -> Share {
    Share::new(caller, false, &SEED)
}

/// Has new streams take bytes until there is no room, and returns how much each got.
fn take(held: &mut HeldBytes, part: Part, shares: impl IntoIterator<Item = Share>) -> Vec<(Share, usize)> {
    let mut took = Vec::new();
    for mut share in shares {
        let room = held.room(&share, part, MAX);
        assert_eq!(held.resize(&mut share, part, room + 1, MAX), Err(ShareExhausted));
        assert_eq!(held.resize(&mut share, part, room, MAX), Ok(()));
        took.push((share, room));
    }
    took
}

fn amounts(taken: &[(Share, usize)]) -> Vec<usize> {
    taken.iter().map(|(_, bytes)| *bytes).collect()
}

#[test]
fn one_caller_holds_an_eighth() {
    let mut held = HeldBytes::new();
    let taken = take(&mut held, Part::Request, [verified("a"), verified("a"), verified("b")]);
    assert_eq!(amounts(&taken), [1000, 0, 1000]);
}

#[test]
fn the_parts_of_all_streams_of_a_caller_count_together() {
    let mut held = HeldBytes::new();
    let (mut one, mut two) = (verified("a"), verified("a"));
    assert_eq!(held.resize(&mut one, Part::Request, 300, MAX), Ok(()));
    assert_eq!(held.resize(&mut one, Part::Response, 300, MAX), Ok(()));
    assert_eq!(held.resize(&mut two, Part::Request, 401, MAX), Err(ShareExhausted));
    assert_eq!(held.resize(&mut two, Part::Request, 400, MAX), Ok(()));
}

#[test]
fn unverified_callers_hold_a_half_together() {
    let mut held = HeldBytes::new();
    let minted = take(&mut held, Part::Request, (0..6).map(|n| unverified(&format!("minted-{n}"))));
    assert_eq!(amounts(&minted), [1000, 1000, 1000, 1000, 0, 0]);
    let known = take(&mut held, Part::Request, (0..6).map(|n| verified(&format!("known-{n}"))));
    assert_eq!(amounts(&known), [1000, 1000, 1000, 1000, 0, 0], "all that is left");
}

#[test]
fn responses_hold_a_half_together() {
    let mut held = HeldBytes::new();
    let lists = take(&mut held, Part::Response, (0..6).map(|n| verified(&format!("reader-{n}"))));
    assert_eq!(amounts(&lists), [1000, 1000, 1000, 1000, 0, 0]);
    let calls = take(&mut held, Part::Request, [verified("caller"), verified("reader-0")]);
    assert_eq!(amounts(&calls), [1000, 0]);
}

#[test]
fn what_is_released_is_free_again_and_no_caller_is_remembered() {
    let mut held = HeldBytes::new();
    for round in 0..3 {
        let taken = take(&mut held, Part::Response, (0..4).map(|n| unverified(&format!("{round}-{n}"))));
        assert_eq!(amounts(&taken), [1000; 4]);
        for (mut share, _) in taken {
            assert_eq!(held.resize(&mut share, Part::Request, 0, MAX), Ok(()), "less is always possible");
            held.release(share);
        }
        assert_eq!((held.all, held.unverified, held.responses, held.callers.len()), (0, 0, 0, 0));
    }
}

#[test]
fn a_smaller_bound_frees_nothing_and_lets_nothing_grow() {
    let mut held = HeldBytes::new();
    let mut share = verified("a");
    assert_eq!(held.resize(&mut share, Part::Request, 1000, MAX), Ok(()));
    assert_eq!(held.resize(&mut share, Part::Request, 1001, MAX / 2), Err(ShareExhausted));
    assert_eq!(held.resize(&mut share, Part::Request, 900, MAX / 2), Ok(()));
    assert_eq!(held.resize(&mut share, Part::Request, 901, MAX / 2), Err(ShareExhausted));
}

#[test]
fn a_body_that_is_thrown_away_has_a_bound_in_bytes_and_in_time() {
    let mut body = Discarded::new(1000, Timestamp(0));
    assert!(body.push(MAX_DISCARDED - 1000));
    assert!(!body.push(1));

    let mut slow = Discarded::new(0, Timestamp(0));
    for now in (0..10_000).step_by(250) {
        assert!(slow.push(1));
        assert!(!slow.is_over(Timestamp(now)), "{now}");
    }
    assert!(slow.push(1));
    assert!(slow.is_over(Timestamp(10_000)));
}

#[test]
fn a_client_that_sends_nothing_for_a_second_gets_its_reply() {
    let mut body = Discarded::new(0, Timestamp(5000));
    assert!(!body.is_over(Timestamp(5999)));
    assert!(body.is_over(Timestamp(6000)));

    let mut paused = Discarded::new(0, Timestamp(5000));
    assert!(paused.push(1) && !paused.is_over(Timestamp(5900)));
    assert!(paused.push(0) && !paused.is_over(Timestamp(6800)), "an empty chunk says nothing");
    assert!(paused.is_over(Timestamp(6900)));
    // The clock may step back: the time begins again then, and the bytes have their bound.
    assert!(!paused.is_over(Timestamp(100)));
}
