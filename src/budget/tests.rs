#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rustc_hash::FxBuildHasher;

use super::{
    BYTES_PER_STREAM, Caller, Discarded, MAX_DISCARDED, MIN_STREAMS, OpenStreams, Part, Share, ShareExhausted,
    max_streams, open_streams::Totals,
};
use crate::time::Timestamp;

const MAX: usize = 8000;

fn verified(caller: &str) -> Caller {
    Caller::new(caller, true, &FxBuildHasher)
}

fn unverified(caller: &str) -> Caller {
    Caller::new(caller, false, &FxBuildHasher)
}

/// Opens a stream that holds nothing.
fn open(streams: &mut OpenStreams, caller: Caller) -> Share {
    streams.open(caller, 0, MAX).unwrap()
}

/// Has new streams take bytes until there is no room, and returns how much each got.
fn take(streams: &mut OpenStreams, part: Part, callers: impl IntoIterator<Item = Caller>) -> Vec<(Share, usize)> {
    let mut took = Vec::new();
    for caller in callers {
        let mut share = open(streams, caller);
        let room = streams.room(&share, part, MAX);
        assert_eq!(streams.resize(&mut share, part, room + 1, MAX), Err(ShareExhausted::Bytes));
        assert_eq!(streams.resize(&mut share, part, room, MAX), Ok(()));
        took.push((share, room));
    }
    took
}

fn amounts(taken: &[(Share, usize)]) -> Vec<usize> {
    taken.iter().map(|(_, bytes)| *bytes).collect()
}

/// Has each caller open streams until there is no room, and returns how many each got. They stay open.
fn open_all(streams: &mut OpenStreams, callers: impl IntoIterator<Item = Caller>) -> Vec<usize> {
    let count = |caller| {
        let mut opened = 0;
        while streams.open(caller, 0, MAX).is_ok() {
            opened += 1;
        }
        assert_eq!(streams.open(caller, 0, MAX).unwrap_err(), ShareExhausted::Streams);
        opened
    };
    callers.into_iter().map(count).collect()
}

#[test]
fn one_caller_holds_an_eighth() {
    let mut streams = OpenStreams::new();
    let taken = take(&mut streams, Part::Request, [verified("a"), verified("a"), verified("b")]);
    assert_eq!(amounts(&taken), [1000, 0, 1000]);
}

#[test]
fn the_parts_of_all_streams_of_a_caller_count_together() {
    let mut streams = OpenStreams::new();
    let (mut one, mut two) = (open(&mut streams, verified("a")), open(&mut streams, verified("a")));
    assert_eq!(streams.resize(&mut one, Part::Request, 300, MAX), Ok(()));
    assert_eq!(streams.resize(&mut one, Part::Response, 300, MAX), Ok(()));
    assert_eq!(streams.resize(&mut two, Part::Request, 401, MAX), Err(ShareExhausted::Bytes));
    assert_eq!(streams.resize(&mut two, Part::Request, 400, MAX), Ok(()));
}

#[test]
fn unverified_callers_hold_a_half_together() {
    let mut streams = OpenStreams::new();
    let minted = take(&mut streams, Part::Request, (0..6).map(|n| unverified(&format!("minted-{n}"))));
    assert_eq!(amounts(&minted), [1000, 1000, 1000, 1000, 0, 0]);
    let known = take(&mut streams, Part::Request, (0..6).map(|n| verified(&format!("known-{n}"))));
    assert_eq!(amounts(&known), [1000, 1000, 1000, 1000, 0, 0], "all that is left");
}

#[test]
fn responses_hold_a_half_together() {
    let mut streams = OpenStreams::new();
    let lists = take(&mut streams, Part::Response, (0..6).map(|n| verified(&format!("reader-{n}"))));
    assert_eq!(amounts(&lists), [1000, 1000, 1000, 1000, 0, 0]);
    let calls = take(&mut streams, Part::Request, [verified("caller"), verified("reader-0")]);
    assert_eq!(amounts(&calls), [1000, 0]);
}

#[test]
fn what_is_closed_is_free_again_and_no_caller_is_remembered() {
    let mut streams = OpenStreams::new();
    for round in 0..3 {
        let taken = take(&mut streams, Part::Response, (0..4).map(|n| unverified(&format!("{round}-{n}"))));
        assert_eq!(amounts(&taken), [1000; 4]);
        for (mut share, _) in taken {
            assert_eq!(streams.resize(&mut share, Part::Request, 0, MAX), Ok(()), "less is always possible");
            streams.close(share);
        }
        assert_eq!(streams.totals, Totals::default());
        assert_eq!(streams.callers.len(), 0);
    }
}

#[test]
fn a_smaller_bound_frees_nothing_and_lets_nothing_grow() {
    let mut streams = OpenStreams::new();
    let mut share = open(&mut streams, verified("a"));
    assert_eq!(streams.resize(&mut share, Part::Request, 1000, MAX), Ok(()));
    assert_eq!(streams.resize(&mut share, Part::Request, 1001, MAX / 2), Err(ShareExhausted::Bytes));
    assert_eq!(streams.resize(&mut share, Part::Request, 900, MAX / 2), Ok(()));
    assert_eq!(streams.resize(&mut share, Part::Request, 901, MAX / 2), Err(ShareExhausted::Bytes));
}

#[test]
fn one_caller_opens_an_eighth_of_the_streams_though_they_hold_nothing() {
    let mut streams = OpenStreams::new();
    let opened = open_all(&mut streams, [verified("a"), verified("a"), unverified("b")]);
    assert_eq!(opened, [MIN_STREAMS / 8, 0, MIN_STREAMS / 8]);
}

#[test]
fn unverified_callers_open_a_half_of_the_streams_together() {
    let mut streams = OpenStreams::new();
    let (some, none) = (MIN_STREAMS / 8, 0);
    let minted = open_all(&mut streams, (0..6).map(|n| unverified(&format!("minted-{n}"))));
    assert_eq!(minted, [some, some, some, some, none, none]);
    let known = open_all(&mut streams, (0..6).map(|n| verified(&format!("known-{n}"))));
    assert_eq!(known, [some, some, some, some, none, none], "all that are left");
}

#[test]
fn a_closed_stream_makes_room_for_another_of_its_caller() {
    let mut streams = OpenStreams::new();
    let share = open(&mut streams, verified("a"));
    assert_eq!(open_all(&mut streams, [verified("a")]), [MIN_STREAMS / 8 - 1]);
    streams.close(share);
    assert_eq!(open_all(&mut streams, [verified("a")]), [1]);
}

#[test]
fn a_stream_whose_head_finds_no_room_is_not_open() {
    let mut streams = OpenStreams::new();
    assert_eq!(streams.open(verified("a"), MAX, MAX).unwrap_err(), ShareExhausted::Bytes);
    assert_eq!((&streams.totals, streams.callers.len()), (&Totals::default(), 0));
}

#[test]
fn more_bytes_are_more_streams_and_fewer_bytes_are_not_fewer_streams() {
    assert_eq!(max_streams(0), MIN_STREAMS);
    assert_eq!(max_streams(MIN_STREAMS * BYTES_PER_STREAM), MIN_STREAMS);
    assert_eq!(max_streams(1 << 30), 16_384);
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
