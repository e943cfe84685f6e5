//! Asking and answering, with others in between.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Answer, Desk, Moment, NotAnswered, QUESTIONS, Store as _, TEXTS, Text, cell};
use crate::{
    approval::{Question, State, digest},
    store::InMemory,
};

const NOW: Moment = Moment(1_000_500);

fn text(grant: &[u8; 32]) -> Text<'_> {
    let params = br#"{"name":"pay","arguments":{"amount":100}}"#;
    let question = Question {
        filter: "f",
        policy: "p",
        config: "c",
        rule: "/r",
        grant,
        method: "tools/call",
        name: "pay",
        params,
    };
    Text { question, shown: "jwt:agent", reason: "it is much", approver: "", note: "" }
}

fn answer(yes: bool, grant: &str) -> Answer<'_> {
    Answer { yes, grant: digest(grant), approver: grant, note: "as agreed" }
}

#[test]
fn a_question_is_asked_answered_and_used_up() {
    let (store, grant) = (InMemory::new([0; 16]), digest("jwt:agent"));
    let (desk, text) = (Desk(&store), text(&grant));
    let asked = text.question.fingerprint().unwrap();
    assert_eq!(desk.find(asked, NOW), Ok(None));
    let entry = desk.ask(&text, asked, 600, NOW).unwrap();
    assert_eq!(desk.ask(&text, asked, 600, NOW), Ok(entry), "asked again");
    assert_eq!(desk.take(asked, NOW), Ok(None));
    let answered = desk.answer(entry.id, &answer(true, "jwt:boss"), NOW).unwrap();
    assert_eq!(answered.state, State::Approved);
    let bytes = desk.text(&answered).unwrap();
    let signed = Text::read(&bytes, asked).unwrap();
    assert_eq!((signed.shown, signed.approver, signed.note), ("jwt:agent", "jwt:boss", "as agreed"));
    assert_eq!(desk.answer(entry.id, &answer(false, "jwt:boss"), NOW), Err(NotAnswered::Before));
    assert_eq!(desk.take(asked, NOW), Ok(Some(answered)));
    assert_eq!(desk.take(asked, NOW), Ok(None));
    desk.give_back(answered, NOW);
    assert_eq!(desk.find(asked, NOW), Ok(Some(answered)));
}

#[test]
fn nobody_answers_what_they_asked_and_what_nobody_can_read() {
    let (store, grant) = (InMemory::new([0; 16]), digest("jwt:agent"));
    let (desk, text) = (Desk(&store), text(&grant));
    let asked = text.question.fingerprint().unwrap();
    let entry = desk.ask(&text, asked, 600, NOW).unwrap();
    assert_eq!(desk.answer([0; 10], &answer(true, "jwt:boss"), NOW), Err(NotAnswered::Unknown));
    assert_eq!(desk.answer(entry.id, &answer(true, "jwt:agent"), NOW), Err(NotAnswered::Own));
    // Another call's text in its place: nobody may take the one for the other.
    let slot = cell(&TEXTS, entry.slot);
    let other = Text { question: Question { name: "ping", ..text.question }, ..text };
    let version = store.read(slot).unwrap().version;
    store.write(slot, &other.to_bytes(), version).unwrap();
    assert_eq!(desk.answer(entry.id, &answer(true, "jwt:boss"), NOW), Err(NotAnswered::Lost));
    assert_eq!(desk.ask(&text, asked, 600, NOW), Ok(entry), "asking again puts it right");
    assert_eq!(desk.answer(entry.id, &answer(false, "jwt:boss"), NOW).unwrap().state, State::Rejected);
}

#[test]
fn what_nobody_here_wrote_lets_nothing_pass() {
    let (store, grant) = (InMemory::new([0; 16]), digest("jwt:agent"));
    let (desk, text) = (Desk(&store), text(&grant));
    let asked = text.question.fingerprint().unwrap();
    store.write(QUESTIONS, b"garbage", 1).unwrap();
    assert!(desk.find(asked, NOW).is_err());
    assert!(desk.take(asked, NOW).is_err());
    assert!(desk.ask(&text, asked, 600, NOW).is_err());
    assert!(desk.answer([0; 10], &answer(true, "jwt:boss"), NOW).is_err());
}
