//! The states of a question, and how many there can be.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    Approval, ApprovalKey, Approvals, CorruptRegistry, Fingerprint, HEADER, NotPending, State, Timestamp,
    TooManyPending,
};

const NOW: Timestamp = Timestamp(1_000_500);
const LIFE: u32 = 600;

fn at(seconds: u64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1000)
}

fn question<'q>(policy: &'q str, grant: &'q str) -> ApprovalKey<'q> {
    ApprovalKey {
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

fn ask(book: &mut Approvals, fingerprint: u16, now: Timestamp) -> Result<Approval, TooManyPending> {
    book.request(&question("p", "g"), number(fingerprint), LIFE, now)
}

/// Asks something that was not asked before.
#[track_caller]
fn asked(book: &mut Approvals, fingerprint: u16, now: Timestamp) -> Approval {
    assert_eq!(book.find(number(fingerprint), now), None);
    ask(book, fingerprint, now).unwrap()
}

#[test]
fn one_yes_lets_one_call_pass() {
    let mut book = Approvals::default();
    let entry = asked(&mut book, 1, NOW);
    assert_eq!(book.consume(number(1), NOW), None, "nobody has answered");
    assert_eq!(ask(&mut book, 1, at(1)), Ok(entry));
    let approved = book.decide(entry.id, true, at(2)).unwrap();
    assert_eq!((approved.state, approved.expires_at), (State::Approved, 1000 + 2 + u64::from(LIFE)));
    assert_eq!(book.consume(number(2), at(3)), None, "another call");
    assert_eq!(book.consume(number(1), at(3)), Some(approved));
    assert_eq!(book.consume(number(1), at(3)), None);
    let again = asked(&mut book, 1, at(4));
    assert_ne!(again.id, entry.id, "a late second click answers nothing that was asked since");
    assert_eq!(book.decide(entry.id, true, at(4)), Err(NotPending));
}

#[test]
fn a_no_stays_a_no() {
    let mut book = Approvals::default();
    let entry = asked(&mut book, 1, NOW);
    let rejected = book.decide(entry.id, false, NOW).unwrap();
    assert_eq!(rejected.state, State::Rejected);
    assert_eq!(book.consume(number(1), NOW), None);
    assert_eq!(book.decide(entry.id, true, NOW), Err(NotPending));
    assert_eq!(ask(&mut book, 1, NOW), Ok(rejected));
}

#[test]
fn what_is_over_is_as_if_it_had_never_been_asked() {
    let mut book = Approvals::default();
    let entry = asked(&mut book, 1, NOW);
    assert_eq!(book.decide(entry.id, true, at(600)), Err(NotPending), "pending for too long");
    let entry = asked(&mut book, 1, at(600));
    book.decide(entry.id, true, at(601)).unwrap();
    assert_eq!(book.entries(at(1200)).count(), 1);
    assert_eq!(book.consume(number(1), at(1201)), None, "approved for too long");
    assert_eq!(book.entries(at(1201)).count(), 0);
    asked(&mut book, 1, at(1201));
    assert_eq!(book.0.len(), 1);
}

#[test]
fn a_yes_can_be_given_back_once() {
    let mut book = Approvals::default();
    let entry = asked(&mut book, 1, NOW);
    let approved = book.decide(entry.id, true, NOW).unwrap();
    let taken = book.consume(number(1), NOW).unwrap();
    book.restore(taken, NOW);
    book.restore(taken, NOW);
    assert_eq!(book.0, [approved]);
    let taken = book.consume(number(1), NOW).unwrap();
    asked(&mut book, 1, NOW);
    book.restore(taken, NOW);
    assert_eq!(book.consume(number(1), NOW), None, "it was asked again meanwhile");
    let mut other = Approvals::default();
    other.restore(taken, at(601));
    assert_eq!(other, Approvals::default(), "it is over");
}

#[test]
fn a_grant_a_policy_and_all_together_have_so_many_questions() {
    let mut book = Approvals::default();
    let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let mut fingerprints = (0..).map(number);
    let mut ask = |book: &mut Approvals, policy, grant| {
        book.request(&question(policy, grant), fingerprints.next().unwrap(), LIFE, NOW)
    };
    for _ in 0..8 {
        assert!(ask(&mut book, "p", "g").is_ok());
    }
    assert_eq!(ask(&mut book, "p", "g"), Err(TooManyPending), "of one grant");
    for grant in &names[..56] {
        assert!(ask(&mut book, "p", grant).is_ok());
    }
    assert_eq!(ask(&mut book, "p", "h"), Err(TooManyPending), "of one policy");
    for (index, name) in names[..192].iter().enumerate() {
        let policy = &names[index / 60];
        assert!(ask(&mut book, policy, name).is_ok(), "{name}");
    }
    assert_eq!(ask(&mut book, "q", "h"), Err(TooManyPending), "in all");
    let mut slots: Vec<u8> = book.0.iter().map(|entry| entry.slot).collect();
    slots.sort_unstable();
    assert_eq!(slots, (0..=255).collect::<Vec<u8>>());
    // An answered question leaves its grant room.
    let mut book = Approvals::default();
    let first = (0..8).map(|_| ask(&mut book, "p", "g")).collect::<Vec<_>>().remove(0);
    book.decide(first.unwrap().id, true, NOW).unwrap();
    assert!(ask(&mut book, "p", "g").is_ok());
}

#[test]
fn a_book_is_written_as_it_is_read() {
    let mut book = Approvals::default();
    assert_eq!(Approvals::open(HEADER), Ok(Approvals::default()));
    for fingerprint in 0..3 {
        let entry = asked(&mut book, fingerprint, NOW);
        if fingerprint > 0 {
            book.decide(entry.id, fingerprint > 1, NOW).unwrap();
        }
    }
    let bytes = book.to_bytes();
    assert_eq!(Approvals::open(&bytes), Ok(book));
    let mut odd = bytes.clone();
    *odd.last_mut().unwrap() = 3;
    for bytes in [&b""[..], b"mcp", b"mcp\x02", &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &odd] {
        assert_eq!(Approvals::open(bytes), Err(CorruptRegistry));
    }
}
