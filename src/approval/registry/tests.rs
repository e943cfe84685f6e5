//! The states of an approval, and how many approvals there can be.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    Approval, ApprovalKey, Approvals, Digest, Fingerprint, HEADER, NotPending, State, Timestamp, TooManyPending,
};
use crate::{approval::GrantDigest, identity::Grant};

const NOW: Timestamp = Timestamp(1_000_500);
const TTL: u32 = 600;

fn at(seconds: u64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1000)
}

fn key<'q>(policy: &'q str, grant: &'q str) -> ApprovalKey<'q> {
    ApprovalKey {
        filter: "f",
        policy,
        config: "c",
        rule: "/r",
        route: "",
        cluster: "",
        grant: GrantDigest::of(&Grant::from_name(grant)),
        method: "m",
        name: "n",
        params: b"{}",
    }
}

fn number(number: u16) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    Fingerprint(Digest::from_bytes(bytes))
}

fn request(approvals: &mut Approvals, fingerprint: u16, now: Timestamp) -> Result<Approval, TooManyPending> {
    approvals.request(&key("p", "g"), number(fingerprint), TTL, true, now)
}

/// Requests an approval that was not requested before.
#[track_caller]
fn request_new(approvals: &mut Approvals, fingerprint: u16, now: Timestamp) -> Approval {
    assert_eq!(approvals.find(number(fingerprint), now), None);
    request(approvals, fingerprint, now).unwrap()
}

#[test]
fn one_approval_lets_one_call_pass() {
    let mut approvals = Approvals::default();
    let entry = request_new(&mut approvals, 1, NOW);
    assert_eq!(approvals.consume(number(1), NOW), None, "it is pending");
    assert_eq!(request(&mut approvals, 1, at(1)), Ok(entry));
    let approved = approvals.decide(entry.id, true, at(2)).unwrap();
    assert_eq!((approved.state, approved.expires_at), (State::Approved, 1000 + 2 + u64::from(TTL)));
    assert_eq!(approvals.consume(number(2), at(3)), None, "another call");
    assert_eq!(approvals.consume(number(1), at(3)), Some(approved));
    assert_eq!(approvals.consume(number(1), at(3)), None);
    let again = request_new(&mut approvals, 1, at(4));
    assert_ne!(again.id, entry.id, "a late click decides no later request");
    assert_eq!(approvals.decide(entry.id, true, at(4)), Err(NotPending));
}

#[test]
fn a_rejected_approval_stays_rejected() {
    let mut approvals = Approvals::default();
    let entry = request_new(&mut approvals, 1, NOW);
    let rejected = approvals.decide(entry.id, false, NOW).unwrap();
    assert_eq!(rejected.state, State::Rejected);
    assert_eq!(approvals.consume(number(1), NOW), None);
    assert_eq!(approvals.decide(entry.id, true, NOW), Err(NotPending));
    assert_eq!(request(&mut approvals, 1, NOW), Ok(rejected));
}

#[test]
fn an_expired_approval_is_as_if_it_had_never_been_requested() {
    let mut approvals = Approvals::default();
    let entry = request_new(&mut approvals, 1, NOW);
    assert_eq!(approvals.decide(entry.id, true, at(600)), Err(NotPending), "pending for too long");
    let entry = request_new(&mut approvals, 1, at(600));
    approvals.decide(entry.id, true, at(601)).unwrap();
    assert_eq!(approvals.entries(at(1200)).count(), 1);
    assert_eq!(approvals.consume(number(1), at(1201)), None, "approved for too long");
    assert_eq!(approvals.entries(at(1201)).count(), 0);
    request_new(&mut approvals, 1, at(1201));
    assert_eq!(approvals.0.len(), 1);
}

#[test]
fn a_consumed_approval_can_be_restored_once() {
    let mut approvals = Approvals::default();
    let entry = request_new(&mut approvals, 1, NOW);
    let approved = approvals.decide(entry.id, true, NOW).unwrap();
    let consumed = approvals.consume(number(1), NOW).unwrap();
    approvals.restore(consumed, NOW);
    approvals.restore(consumed, NOW);
    assert_eq!(approvals.0, [approved]);
    let consumed = approvals.consume(number(1), NOW).unwrap();
    request_new(&mut approvals, 1, NOW);
    approvals.restore(consumed, NOW);
    assert_eq!(approvals.consume(number(1), NOW), None, "it was requested again since");
    let mut other = Approvals::default();
    other.restore(consumed, at(601));
    assert_eq!(other, Approvals::default(), "it has expired");
}

#[test]
fn pending_approvals_are_bounded_by_grant_by_policy_and_in_all() {
    let mut approvals = Approvals::default();
    let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let mut fingerprints = (0..).map(number);
    let mut ask = |approvals: &mut Approvals, policy, grant| {
        approvals.request(&key(policy, grant), fingerprints.next().unwrap(), TTL, true, NOW)
    };
    for _ in 0..8 {
        assert!(ask(&mut approvals, "p", "g").is_ok());
    }
    assert_eq!(ask(&mut approvals, "p", "g"), Err(TooManyPending), "of one grant");
    for grant in &names[..56] {
        assert!(ask(&mut approvals, "p", grant).is_ok());
    }
    assert_eq!(ask(&mut approvals, "p", "h"), Err(TooManyPending), "of one policy");
    for (index, name) in names[..192].iter().enumerate() {
        let policy = &names[index / 60];
        assert!(ask(&mut approvals, policy, name).is_ok(), "{name}");
    }
    assert_eq!(ask(&mut approvals, "q", "h"), Err(TooManyPending), "in all");
    let mut slots: Vec<u8> = approvals.0.iter().map(|entry| entry.slot).collect();
    slots.sort_unstable();
    assert_eq!(slots, (0..=255).collect::<Vec<u8>>());
    // A decided approval leaves its grant room for another.
    let mut approvals = Approvals::default();
    let first = (0..8).map(|_| ask(&mut approvals, "p", "g")).collect::<Vec<_>>().remove(0);
    approvals.decide(first.unwrap().id, true, NOW).unwrap();
    assert!(ask(&mut approvals, "p", "g").is_ok());
}

#[test]
fn unverified_callers_have_half_of_each_bound() {
    let mut approvals = Approvals::default();
    let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let mut fingerprints = (0..).map(number);
    let mut ask = |approvals: &mut Approvals, policy, grant, is_verified| {
        approvals.request(&key(policy, grant), fingerprints.next().unwrap(), TTL, is_verified, NOW).is_ok()
    };
    for _ in 0..4 {
        assert!(ask(&mut approvals, "p", "minted", false));
    }
    assert!(!ask(&mut approvals, "p", "minted", false), "of one grant");
    for grant in &names[..28] {
        assert!(ask(&mut approvals, "p", grant, false));
    }
    assert!(!ask(&mut approvals, "p", "other", false), "of one policy");
    for (index, grant) in names[..96].iter().enumerate() {
        assert!(ask(&mut approvals, &names[index / 32], grant, false));
    }
    assert!(!ask(&mut approvals, "q", "other", false), "in all");
    for grant in &names[..32] {
        assert!(ask(&mut approvals, "p", grant, true), "the rest is for verified callers");
    }
    assert!(!ask(&mut approvals, "p", "known", true), "of one policy");
}

#[test]
fn a_registry_is_read_as_it_was_written() {
    let mut approvals = Approvals::default();
    assert_eq!(Approvals::read(HEADER), Some(Approvals::default()));
    for fingerprint in 0..6 {
        let is_verified = fingerprint < 3;
        let entry = approvals.request(&key("p", "g"), number(fingerprint), TTL, is_verified, NOW).unwrap();
        if fingerprint % 3 > 0 {
            approvals.decide(entry.id, fingerprint % 3 > 1, NOW).unwrap();
        }
    }
    let bytes = approvals.to_bytes();
    assert_eq!(Approvals::read(&bytes), Some(approvals));
    let mut odd = bytes.clone();
    *odd.last_mut().unwrap() = 3;
    for bytes in [&b""[..], b"mcp", b"mcp\x02", &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &odd] {
        assert_eq!(Approvals::read(bytes), None);
    }
}
