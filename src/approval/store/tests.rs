//! Asking and answering, with others in between.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    APPROVAL_DETAILS, APPROVALS, ApprovalDetails, ApprovalStore, ApproverDecision, DecideError, Store as _, Timestamp,
    cell,
};
use crate::{
    approval::{ApprovalKey, State, digest},
    store::InMemory,
};

const NOW: Timestamp = Timestamp(1_000_500);

fn text(grant: &[u8; 32]) -> ApprovalDetails<'_> {
    let params = br#"{"name":"pay","arguments":{"amount":100}}"#;
    let question = ApprovalKey {
        filter: "f",
        policy: "p",
        config: "c",
        rule: "/r",
        grant,
        method: "tools/call",
        name: "pay",
        params,
    };
    ApprovalDetails { question, shown: "jwt:agent", reason: "it is much", approver: "", note: "" }
}

fn answer(yes: bool, grant: &str) -> ApproverDecision<'_> {
    ApproverDecision { yes, grant: digest(grant), approver: grant, note: "as agreed" }
}

#[test]
fn a_question_is_asked_answered_and_used_up() {
    let (store, grant) = (InMemory::new([0; 16]), digest("jwt:agent"));
    let (desk, text) = (ApprovalStore(&store), text(&grant));
    let asked = text.question.fingerprint().unwrap();
    assert_eq!(desk.find(asked, NOW), Ok(None));
    let entry = desk.request(&text, asked, 600, NOW).unwrap();
    assert_eq!(desk.request(&text, asked, 600, NOW), Ok(entry), "asked again");
    assert_eq!(desk.consume(asked, NOW), Ok(None));
    let answered = desk.decide(entry.id, &answer(true, "jwt:boss"), NOW).unwrap();
    assert_eq!(answered.state, State::Approved);
    let bytes = desk.details(&answered).unwrap();
    let signed = ApprovalDetails::read(&bytes, asked).unwrap();
    assert_eq!((signed.shown, signed.approver, signed.note), ("jwt:agent", "jwt:boss", "as agreed"));
    assert_eq!(desk.decide(entry.id, &answer(false, "jwt:boss"), NOW), Err(DecideError::AlreadyDecided));
    assert_eq!(desk.consume(asked, NOW), Ok(Some(answered)));
    assert_eq!(desk.consume(asked, NOW), Ok(None));
    desk.restore(answered, NOW);
    assert_eq!(desk.find(asked, NOW), Ok(Some(answered)));
}

#[test]
fn nobody_answers_what_they_asked_and_what_nobody_can_read() {
    let (store, grant) = (InMemory::new([0; 16]), digest("jwt:agent"));
    let (desk, text) = (ApprovalStore(&store), text(&grant));
    let asked = text.question.fingerprint().unwrap();
    let entry = desk.request(&text, asked, 600, NOW).unwrap();
    assert_eq!(desk.decide([0; 10], &answer(true, "jwt:boss"), NOW), Err(DecideError::Unknown));
    assert_eq!(desk.decide(entry.id, &answer(true, "jwt:agent"), NOW), Err(DecideError::SelfApproval));
    // Another call's text in its place: nobody may take the one for the other.
    let slot = cell(&APPROVAL_DETAILS, entry.slot);
    let other = ApprovalDetails { question: ApprovalKey { name: "ping", ..text.question }, ..text };
    let version = store.read(slot).unwrap().version;
    store.compare_and_swap(slot, &other.to_bytes(), version).unwrap();
    assert_eq!(desk.decide(entry.id, &answer(true, "jwt:boss"), NOW), Err(DecideError::DetailsLost));
    assert_eq!(desk.request(&text, asked, 600, NOW), Ok(entry), "asking again puts it right");
    assert_eq!(desk.decide(entry.id, &answer(false, "jwt:boss"), NOW).unwrap().state, State::Rejected);
}

#[test]
fn what_nobody_here_wrote_lets_nothing_pass() {
    let (store, grant) = (InMemory::new([0; 16]), digest("jwt:agent"));
    let (desk, text) = (ApprovalStore(&store), text(&grant));
    let asked = text.question.fingerprint().unwrap();
    store.compare_and_swap(APPROVALS, b"garbage", 1).unwrap();
    assert!(desk.find(asked, NOW).is_err());
    assert!(desk.consume(asked, NOW).is_err());
    assert!(desk.request(&text, asked, 600, NOW).is_err());
    assert!(desk.decide([0; 10], &answer(true, "jwt:boss"), NOW).is_err());
}
