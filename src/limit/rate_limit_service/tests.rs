#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{RateLimitResult, group_by_hits, is_supported_window, request};
use crate::{
    amount::Amount,
    limit::{Callers, Charge, Key, Part, Quota},
    window::{Algorithm, Window},
};

fn charge<'a>(counter: &'a str, callers: Callers<'a>, seconds: u32, amount: u64, max: u64) -> Charge<'a> {
    let (window, algorithm) = (Window::new(seconds).unwrap(), Algorithm::Fixed);
    let [amount, max] = [amount, max].map(|units| Amount::from_units(units).unwrap());
    Charge {
        key: Key { filter: "f", policy: "default", counter, callers, part: Part::Whole },
        quota: Quota { window, algorithm, max: Some(max) },
        amount,
        verified: true,
    }
}

/// The bytes of a request, with printable ones as they are.
fn shown(request: &[u8]) -> String {
    request.escape_ascii().to_string()
}

#[test]
fn a_charge_is_a_descriptor_with_its_limit_and_its_amount() {
    let calls = charge("calls", Callers::Grant("jwt:a"), 60, 2, 300);
    let expected = [
        r"\n\x01d",
        r"\x12C\n\x11\n\x06policy\x12\x07default\n\x10\n\x07counter\x12\x05calls\n\x11\n\x08identity\x12\x05jwt:a",
        r"\x12\x05\x08\xac\x02\x10\x02\x1a\x02\x08\x02",
        r"\x18\x02",
    ];
    assert_eq!(shown(&request("d", [&calls]).unwrap()), expected.concat());
    let all = charge("all", Callers::All, 86_400, 2, 0);
    let two = shown(&request("d", [&calls, &all]).unwrap());
    let global = r"\x12:\n\x11\n\x06policy\x12\x07default\n\x0e\n\x07counter\x12\x03all\n\r\n\x08identity\x12\x01*\x12\x02\x10\x04\x1a\x02\x08\x02";
    assert_eq!(two, [expected[..3].concat(), global.to_owned(), expected[3].to_owned()].concat());
}

#[test]
fn a_session_is_sent_as_a_digest() {
    let session = charge("calls", Callers::Session("jwt:a", b"s3cret"), 1, 1, 1);
    let request = shown(&request("d", [&session]).unwrap());
    assert!(request.contains(r"\x12.jwt:a session 1ec1c26b50d5d3c58d9583181af80766\x12"), "{request}");
    assert!(!request.contains("s3cret"), "{request}");
}

#[test]
fn a_charge_that_the_protocol_cannot_express_has_no_request() {
    let odd_window = charge("calls", Callers::All, 45, 1, 1);
    assert_eq!(request("d", [&odd_window]), None);
    let part = Amount::from_millionths(1_500_000).unwrap();
    let calls = charge("calls", Callers::All, 60, 1, 1);
    assert_eq!(request("d", [&Charge { amount: part, ..calls }]), None);
    assert_eq!(request("d", [&Charge { quota: Quota { max: Some(part), ..calls.quota }, ..calls }]), None);
}

#[test]
fn charges_of_one_amount_go_into_one_request() {
    let amounts = [1, 250, 1, 0, 250];
    let charges = amounts.map(|amount| charge("c", Callers::All, 60, amount, 1000));
    assert_eq!(group_by_hits(&charges), [vec![0, 2], vec![1, 4]]);
    assert!(group_by_hits(&charges[3..4]).is_empty(), "a charge of zero is left out");
}

#[test]
fn a_response_charges_all_or_says_which_limit_is_full() {
    let left = |left: &[Option<u32>]| RateLimitResult::Charged(left.to_vec());
    let full = |index, wait| RateLimitResult::Full { index, wait };
    for (response, expected) in [
        (&b"\x08\x01"[..], left(&[])),
        (b"\x08\x01\x12\x02\x08\x01", left(&[None])),
        (
            b"\x08\x01\x12\x08\x08\x01\x12\x02\x08\x0a\x18\x07\x12\x06\x08\x01\x12\x02\x08\x0a",
            left(&[Some(7), Some(0)]),
        ),
        (b"\x08\x02", full(0, None)),
        (b"\x08\x02\x12\x02\x08\x01\x12\x06\x08\x02\x22\x02\x08\x2a", full(1, Some(42))),
        (b"\x08\x02\x12\x08\x08\x02\x22\x04\x08\x02\x10\x01", full(0, Some(3))),
        // A caller that waits no time would be refused again.
        (b"\x08\x02\x12\x04\x08\x02\x22\x00", full(0, None)),
        (b"\x08\x02\x12\x06\x08\x02\x22\x02\x08\x00", full(0, None)),
        (b"\x08\x02\x12\x06\x08\x02\x22\x02\x10\x01", full(0, Some(1))),
        (b"\x08\x02\x12\x0f\x08\x02\x22\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", full(0, None)),
        // The overall code decides: services have modes in which a status only reports.
        (b"\x08\x01\x12\x02\x08\x02", left(&[None])),
        // Headers to add, a body, an unknown field.
        (b"\x08\x01\x1a\x00\x2a\x01x\xfd\x01\x00\x00\x00\x00", left(&[])),
    ] {
        assert_eq!(RateLimitResult::read(response), expected, "{response:02x?}");
    }
}

#[test]
fn every_other_response_is_a_failure() {
    for response in [
        &b""[..],
        b"\x08\x00",
        b"\x08\x03",
        b"\x08",
        b"\x08\x01\x12",
        b"\x08\x01\x12\x02\x08",
        b"\x08\x01\x12\x04\x22\x02\x08\xff",
        b"\x0a\x01\x01",
        b"{\"overall_code\":1}",
        b"\x00",
    ] {
        let read = RateLimitResult::read(response);
        assert_eq!(read, RateLimitResult::Failed, "{response:02x?}");
    }
}

#[test]
fn the_protocol_has_windows_of_four_lengths() {
    let seconds = [1, 2, 59, 60, 61, 3599, 3600, 3601, 7200, 86_399, 86_400];
    let supported = seconds.into_iter().filter(|seconds| is_supported_window(Window::new(*seconds).unwrap()));
    assert_eq!(supported.collect::<Vec<_>>(), [1, 60, 3600, 86_400]);
    for (seconds, unit) in [(1, r"\x10\x01"), (60, r"\x10\x02"), (3600, r"\x10\x03"), (86_400, r"\x10\x04")] {
        let request = shown(&request("d", [&charge("c", Callers::All, seconds, 1, 5)]).unwrap());
        assert!(request.contains(&format!(r"\x12\x04\x08\x05{unit}")), "{request}");
    }
}
