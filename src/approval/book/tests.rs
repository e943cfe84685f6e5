//! The states of a question, and how many there can be.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Book, EMPTY, Entry, Fingerprint, Full, Garbage, Moment, NotPending, Question, State};

const NOW: Moment = Moment(1_000_500);
const LIFE: u32 = 600;

fn at(seconds: u64) -> Moment {
    Moment(NOW.0 + seconds * 1000)
}

fn question<'q>(policy: &'q str, grant: &'q str) -> Question<'q> {
    Question {
        filter: "f",
        policy,
        config: "c",
        rule: "/r",
        grant: grant.as_bytes(),
        method: "m",
        name: "n",
        params: b"{}",
    }
}

fn number(number: u16) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    Fingerprint(bytes)
}

fn ask(book: &mut Book, fingerprint: u16, now: Moment) -> Result<Entry, Full> {
    book.ask(&question("p", "g"), number(fingerprint), LIFE, now)
}

/// Asks something that was not asked before.
#[track_caller]
fn asked(book: &mut Book, fingerprint: u16, now: Moment) -> Entry {
    assert_eq!(book.find(number(fingerprint), now), None);
    ask(book, fingerprint, now).unwrap()
}

#[test]
fn one_yes_lets_one_call_pass() {
    let mut book = Book::default();
    let entry = asked(&mut book, 1, NOW);
    assert_eq!(book.take(number(1), NOW), None, "nobody has answered");
    assert_eq!(ask(&mut book, 1, at(1)), Ok(entry));
    let approved = book.answer(entry.id, true, at(2)).unwrap();
    assert_eq!((approved.state, approved.until), (State::Approved, 1000 + 2 + u64::from(LIFE)));
    assert_eq!(book.take(number(2), at(3)), None, "another call");
    assert_eq!(book.take(number(1), at(3)), Some(approved));
    assert_eq!(book.take(number(1), at(3)), None);
    let again = asked(&mut book, 1, at(4));
    assert_ne!(again.id, entry.id, "a late second click answers nothing that was asked since");
    assert_eq!(book.answer(entry.id, true, at(4)), Err(NotPending));
}

#[test]
fn a_no_stays_a_no() {
    let mut book = Book::default();
    let entry = asked(&mut book, 1, NOW);
    let rejected = book.answer(entry.id, false, NOW).unwrap();
    assert_eq!(rejected.state, State::Rejected);
    assert_eq!(book.take(number(1), NOW), None);
    assert_eq!(book.answer(entry.id, true, NOW), Err(NotPending));
    assert_eq!(ask(&mut book, 1, NOW), Ok(rejected));
}

#[test]
fn what_is_over_is_as_if_it_had_never_been_asked() {
    let mut book = Book::default();
    let entry = asked(&mut book, 1, NOW);
    assert_eq!(book.answer(entry.id, true, at(600)), Err(NotPending), "pending for too long");
    let entry = asked(&mut book, 1, at(600));
    book.answer(entry.id, true, at(601)).unwrap();
    assert_eq!(book.entries(at(1200)).count(), 1);
    assert_eq!(book.take(number(1), at(1201)), None, "approved for too long");
    assert_eq!(book.entries(at(1201)).count(), 0);
    asked(&mut book, 1, at(1201));
    assert_eq!(book.0.len(), 1);
}

#[test]
fn a_yes_can_be_given_back_once() {
    let mut book = Book::default();
    let entry = asked(&mut book, 1, NOW);
    let approved = book.answer(entry.id, true, NOW).unwrap();
    let taken = book.take(number(1), NOW).unwrap();
    book.give_back(taken, NOW);
    book.give_back(taken, NOW);
    assert_eq!(book.0, [approved]);
    let taken = book.take(number(1), NOW).unwrap();
    asked(&mut book, 1, NOW);
    book.give_back(taken, NOW);
    assert_eq!(book.take(number(1), NOW), None, "it was asked again meanwhile");
    let mut other = Book::default();
    other.give_back(taken, at(601));
    assert_eq!(other, Book::default(), "it is over");
}

#[test]
fn a_grant_a_policy_and_all_together_have_so_many_questions() {
    let mut book = Book::default();
    let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let mut fingerprints = (0..).map(number);
    let mut ask =
        |book: &mut Book, policy, grant| book.ask(&question(policy, grant), fingerprints.next().unwrap(), LIFE, NOW);
    for _ in 0..8 {
        assert!(ask(&mut book, "p", "g").is_ok());
    }
    assert_eq!(ask(&mut book, "p", "g"), Err(Full), "of one grant");
    for grant in &names[..56] {
        assert!(ask(&mut book, "p", grant).is_ok());
    }
    assert_eq!(ask(&mut book, "p", "h"), Err(Full), "of one policy");
    for (index, name) in names[..192].iter().enumerate() {
        let policy = &names[index / 60];
        assert!(ask(&mut book, policy, name).is_ok(), "{name}");
    }
    assert_eq!(ask(&mut book, "q", "h"), Err(Full), "in all");
    let mut slots: Vec<u8> = book.0.iter().map(|entry| entry.slot).collect();
    slots.sort_unstable();
    assert_eq!(slots, (0..=255).collect::<Vec<u8>>());
    // An answered question leaves its grant room.
    let mut book = Book::default();
    let first = (0..8).map(|_| ask(&mut book, "p", "g")).collect::<Vec<_>>().remove(0);
    book.answer(first.unwrap().id, true, NOW).unwrap();
    assert!(ask(&mut book, "p", "g").is_ok());
}

#[test]
fn a_book_is_written_as_it_is_read() {
    let mut book = Book::default();
    assert_eq!(Book::open(EMPTY), Ok(Book::default()));
    for fingerprint in 0..3 {
        let entry = asked(&mut book, fingerprint, NOW);
        if fingerprint > 0 {
            book.answer(entry.id, fingerprint > 1, NOW).unwrap();
        }
    }
    let bytes = book.to_bytes();
    assert_eq!(Book::open(&bytes), Ok(book));
    let mut odd = bytes.clone();
    *odd.last_mut().unwrap() = 3;
    for bytes in [&b""[..], b"mcp", b"mcp\x02", &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &odd] {
        assert_eq!(Book::open(bytes), Err(Garbage));
    }
}
