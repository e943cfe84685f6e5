//! Requests and decisions, with other workers in between.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::cell::Cell;

use super::{
    APPROVAL_DETAILS, APPROVALS, ApprovalDetails, ApprovalStore, ApproverDecision, DecideError, Store, Timestamp,
    Unavailable, cell,
};
use crate::{
    approval::{Approval, ApprovalKey, GrantDigest, Requested, State},
    identity::Grant,
    store::{Cas, Event, InMemory, Seed, Versioned},
};

const NOW: Timestamp = Timestamp(1_000_500);

fn text() -> ApprovalDetails<'static> {
    let params = br#"{"name":"pay","arguments":{"amount":100}}"#;
    let key = ApprovalKey {
        filter: "f",
        policy: "p",
        config: "c",
        rule: "/r",
        route: "",
        cluster: "",
        grant: GrantDigest::of(&Grant::from_name("jwt:agent")),
        method: "tools/call",
        name: "pay",
        params,
    };
    ApprovalDetails { key, caller: "jwt:agent", reason: "it is much", uses: "", approver: "", note: "" }
}

fn answer(approved: bool, grant: &str) -> ApproverDecision<'_> {
    ApproverDecision { approved, grant: GrantDigest::of(&Grant::from_name(grant)), approver: grant, note: "as agreed" }
}

/// Requests an approval that was not requested before.
#[track_caller]
fn file<S: Store>(approvals: &ApprovalStore<'_, S>, details: &ApprovalDetails<'_>, now: Timestamp) -> Approval {
    let fingerprint = details.key.fingerprint().unwrap();
    match approvals.request(details, fingerprint, 600, true, now) {
        Ok(Requested::Filed(approval)) => approval,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_approval_is_requested_decided_and_consumed_once() {
    let store = InMemory::new([0; 16]);
    let (approvals, text) = (ApprovalStore(&store), text());
    let fingerprint = text.key.fingerprint().unwrap();
    assert_eq!(approvals.find(fingerprint, NOW), Ok(None));
    let entry = file(&approvals, &text, NOW);
    assert_eq!(approvals.request(&text, fingerprint, 600, true, NOW), Ok(Requested::Known(entry)), "requested again");
    assert_eq!(approvals.consume(fingerprint, NOW), Ok(None));
    let answered = approvals.decide(entry.id, &answer(true, "jwt:boss"), NOW).unwrap();
    assert_eq!(answered.state, State::Approved);
    let bytes = approvals.details(&answered).unwrap();
    let signed = ApprovalDetails::read(&bytes, fingerprint).unwrap();
    assert_eq!((signed.caller, signed.approver, signed.note), ("jwt:agent", "jwt:boss", "as agreed"));
    assert_eq!(approvals.decide(entry.id, &answer(false, "jwt:boss"), NOW), Err(DecideError::AlreadyDecided));
    assert_eq!(approvals.consume(fingerprint, NOW), Ok(Some(answered)));
    assert_eq!(approvals.consume(fingerprint, NOW), Ok(None));
    approvals.restore(answered, NOW);
    assert_eq!(approvals.find(fingerprint, NOW), Ok(Some(answered)));
}

#[test]
fn no_approver_decides_an_own_request_or_one_whose_details_are_lost() {
    let store = InMemory::new([0; 16]);
    let (approvals, text) = (ApprovalStore(&store), text());
    let fingerprint = text.key.fingerprint().unwrap();
    let entry = file(&approvals, &text, NOW);
    assert_eq!(approvals.decide([0; 10], &answer(true, "jwt:boss"), NOW), Err(DecideError::Unknown));
    assert_eq!(approvals.decide(entry.id, &answer(true, "jwt:agent"), NOW), Err(DecideError::SelfApproval));
    // The details of another call in its cell: no approver may take the one for the other.
    let slot = cell(&APPROVAL_DETAILS, entry.slot);
    let other = ApprovalDetails { key: ApprovalKey { name: "ping", ..text.key }, ..text };
    let version = store.read(slot).unwrap().version;
    store.compare_and_swap(slot, &other.to_bytes(), version).unwrap();
    assert_eq!(approvals.decide(entry.id, &answer(true, "jwt:boss"), NOW), Err(DecideError::DetailsLost));
    assert_eq!(
        approvals.request(&text, fingerprint, 600, true, NOW),
        Ok(Requested::Known(entry)),
        "another request writes the details again"
    );
    assert_eq!(approvals.decide(entry.id, &answer(false, "jwt:boss"), NOW).unwrap().state, State::Rejected);
}

#[test]
fn a_corrupt_registry_approves_nothing() {
    let store = InMemory::new([0; 16]);
    let (approvals, text) = (ApprovalStore(&store), text());
    let fingerprint = text.key.fingerprint().unwrap();
    store.compare_and_swap(APPROVALS, b"garbage", 1).unwrap();
    assert!(approvals.find(fingerprint, NOW).is_err());
    assert!(approvals.consume(fingerprint, NOW).is_err());
    assert!(approvals.request(&text, fingerprint, 600, true, NOW).is_err());
    assert!(approvals.decide([0; 10], &answer(true, "jwt:boss"), NOW).is_err());
}

/// A store in which other workers are faster for so many writes of details.
struct Contended<'s> {
    inner: &'s InMemory,
    faster: Cell<u32>,
    conflicts: Cell<u32>,
}

impl Store for Contended<'_> {
    fn record_event(&self, event: Event) {
        assert_eq!(event, Event::Conflict);
        self.conflicts.set(self.conflicts.get() + 1);
    }

    fn seed(&self) -> Result<Seed, Unavailable> {
        self.inner.seed()
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        self.inner.read(cell)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        match self.faster.get().checked_sub(1).filter(|_| APPROVAL_DETAILS.contains(&cell)) {
            Some(left) => {
                self.faster.set(left);
                Ok(Cas::Mismatch)
            }
            None => self.inner.compare_and_swap(cell, bytes, version),
        }
    }
}

#[test]
fn every_conflict_over_the_details_is_counted() {
    let inner = InMemory::new([0; 16]);
    let store = Contended { inner: &inner, faster: 2.into(), conflicts: 0.into() };
    let (approvals, details) = (ApprovalStore(&store), text());
    let approval = file(&approvals, &details, NOW);
    assert_eq!(store.conflicts.get(), 2);
    store.faster.set(3);
    approvals.decide(approval.id, &answer(true, "jwt:boss"), NOW).unwrap();
    assert_eq!(store.conflicts.get(), 5);
}

#[test]
fn a_new_request_for_the_same_call_has_no_signature_of_the_one_before() {
    let store = InMemory::new([1; 16]);
    let (approvals, text) = (ApprovalStore(&store), text());
    let fingerprint = text.key.fingerprint().unwrap();
    let first = file(&approvals, &text, NOW);
    approvals.decide(first.id, &answer(true, "jwt:boss"), NOW).unwrap();
    approvals.consume(fingerprint, NOW).unwrap();
    let second = file(&approvals, &text, Timestamp(NOW.0 + 1));
    let bytes = approvals.details(&second).unwrap();
    assert_eq!(ApprovalDetails::read(&bytes, fingerprint).unwrap().approver, "");
}
