//! What a call and a console ask, one step after the other, and what others do in between.

use super::{Call, NOW, Outcome, PAY, Query, TTL, after, answer, ask, decide, listed, query, run, shown};
use crate::approval::{
    DecideError, Requested, State,
    etcd::{Method, tests::model::Etcd},
};

#[test]
fn an_approval_is_requested_decided_and_used_once() {
    let mut etcd = Etcd::default();
    let Outcome::Pending(Requested::Filed(pending)) = run(&mut etcd, PAY, NOW) else { panic!() };
    assert_eq!(
        run(&mut etcd, PAY, NOW),
        Outcome::Pending(Requested::Known(pending)),
        "the same call has the same approval"
    );
    let [entry] = listed(&mut etcd).try_into().unwrap();
    assert_eq!((entry.approval, entry.approval.expires_at), (pending, NOW.seconds() + u64::from(TTL)));
    let own = (PAY.grant.to_owned(), String::new(), PAY.params.to_owned());
    assert_eq!(shown(&mut etcd, &entry), Some(own));
    assert_eq!(decide(&mut etcd, &entry, true, after(60)), Ok(()));
    assert_eq!(decide(&mut etcd, &entry, false, after(60)), Err(DecideError::AlreadyDecided), "it was read before");
    let [decided] = listed(&mut etcd).try_into().unwrap();
    assert_eq!(decided.decide(&answer(false), after(60)), Err(DecideError::AlreadyDecided));
    assert_eq!((decided.approval.state, decided.approval.expires_at), (State::Approved, after(660).seconds()));
    let signed = (PAY.grant.to_owned(), "jwt:boss".to_owned(), PAY.params.to_owned());
    assert_eq!(shown(&mut etcd, &decided), Some(signed));
    let Outcome::Used(used) = run(&mut etcd, PAY, after(100)) else { panic!() };
    let note = used.approver_note();
    assert_eq!((note.id, &*note.approver, &*note.note), (pending.id_text(), "jwt:boss", "as agreed"));
    let Outcome::Pending(Requested::Filed(next)) = run(&mut etcd, PAY, after(100)) else { panic!() };
    assert_ne!(next.id, pending.id, "the next call needs another approval");
}

#[test]
fn a_rejected_call_gets_the_note_and_never_passes() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, false, NOW).unwrap();
    for seconds in [0, 599] {
        let Outcome::Rejected(note) = run(&mut etcd, PAY, after(seconds)) else { panic!() };
        assert_eq!((&*note.approver, &*note.note), ("jwt:boss", "as agreed"));
    }
    assert!(matches!(run(&mut etcd, PAY, after(600)), Outcome::Pending(_)), "it has expired");
}

#[test]
fn an_entry_holds_until_its_deadline_whatever_its_lease_says() {
    let mut etcd = Etcd::default();
    let Outcome::Pending(Requested::Filed(first)) = run(&mut etcd, PAY, NOW) else { panic!() };
    assert!(etcd.leases().values().eq([&(2 * i64::from(TTL) + 60)]), "it outlives every deadline");
    assert_eq!(run(&mut etcd, PAY, after(599)), Outcome::Pending(Requested::Known(first)));
    let [entry] = listed(&mut etcd).try_into().unwrap();
    assert_eq!(entry.decide(&answer(true), after(600)), Err(DecideError::Unknown), "it has expired");
    let Outcome::Pending(Requested::Filed(second)) = run(&mut etcd, PAY, after(600)) else { panic!() };
    assert_ne!(first.id, second.id, "a request that has expired is replaced");
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, after(700)).unwrap();
    let Outcome::Pending(Requested::Filed(third)) = run(&mut etcd, PAY, after(1300)) else {
        panic!("an approval that has expired")
    };
    assert_ne!(second.id, third.id);
    etcd.end_leases();
    assert_eq!(etcd.keys().count(), 0, "nothing stays without a lease");
}

#[test]
fn an_approval_that_expires_while_it_is_used_lets_nothing_pass() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let mut steps = PAY.steps();
    let found = ask(&mut etcd, &steps.rpc());
    assert_eq!(steps.record(found.as_deref(), after(599)), None);
    let used = ask(&mut etcd, &steps.rpc());
    assert_eq!(steps.record(used.as_deref(), after(600)), None, "it looks again");
    let none = ask(&mut etcd, &steps.rpc());
    assert_eq!(steps.record(none.as_deref(), after(600)), None);
    assert_eq!(steps.rpc().method, Method::LeaseGrant, "a new request");
}

#[test]
fn of_two_calls_that_find_one_approval_one_uses_it() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let mut both = [PAY.steps(), PAY.steps()];
    for steps in &mut both {
        let found = ask(&mut etcd, &steps.rpc());
        assert_eq!(steps.record(found.as_deref(), NOW), None);
    }
    let questions = both.each_ref().map(super::CallApproval::rpc);
    let [first, second] = questions.map(|question| ask(&mut etcd, &question));
    let [one, other] = &mut both;
    assert!(matches!(one.record(first.as_deref(), NOW), Some(Outcome::Used(_))));
    assert_eq!(other.record(second.as_deref(), NOW), None);
}

#[test]
fn of_two_calls_that_request_at_once_both_wait_for_one_approval() {
    let mut etcd = Etcd::default();
    let mut both = [PAY.steps(), PAY.steps()];
    let mut outcomes = [None, None];
    for _ in 0..4 {
        for (steps, outcome) in both.iter_mut().zip(&mut outcomes) {
            if outcome.is_none() {
                let response = ask(&mut etcd, &steps.rpc());
                *outcome = steps.record(response.as_deref(), NOW);
            }
        }
    }
    let [Some(Outcome::Pending(one)), Some(Outcome::Pending(other))] = outcomes else { panic!("{outcomes:?}") };
    assert_eq!((one, other), (Requested::Filed(one.approval()), Requested::Known(one.approval())));
    assert_eq!(listed(&mut etcd).len(), 1);
}

#[test]
fn what_no_server_got_is_put_back_once() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let Outcome::Used(used) = run(&mut etcd, PAY, NOW) else { panic!() };
    let back = used.put_back(after(1)).unwrap();
    ask(&mut etcd, &back).unwrap();
    let Outcome::Used(again) = run(&mut etcd, PAY, after(2)) else { panic!("it did not come back") };
    assert_eq!(again.approver_note(), used.approver_note());
    ask(&mut etcd, &back).unwrap();
    assert!(
        matches!(run(&mut etcd, PAY, after(2)), Outcome::Pending(_)),
        "the question that arrives twice counts once"
    );
    ask(&mut etcd, &again.put_back(after(2)).unwrap()).unwrap();
    assert!(matches!(run(&mut etcd, PAY, after(2)), Outcome::Pending(_)), "the call was requested again meanwhile");
    assert_eq!(used.put_back(after(600)), None, "it has expired");
}

#[test]
fn an_approval_whose_lease_is_over_is_lost() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let Outcome::Used(used) = run(&mut etcd, PAY, NOW) else { panic!() };
    etcd.end_leases();
    ask(&mut etcd, &used.put_back(NOW).unwrap());
    assert_eq!(etcd.keys().count(), 0);
    assert!(matches!(run(&mut etcd, PAY, NOW), Outcome::Pending(_)));
}

#[test]
fn the_bounds_count_the_whole_fleet() {
    let mut etcd = Etcd::default();
    let text = |n: usize| format!(r#"{{"name":"pay","arguments":{{"n":{n}}}}}"#);
    for n in 0..8 {
        assert!(matches!(run(&mut etcd, Call { params: &text(n), ..PAY }, NOW), Outcome::Pending(_)), "{n}");
    }
    let ninth = text(8);
    let ninth = Call { params: &ninth, ..PAY };
    assert_eq!(run(&mut etcd, ninth, NOW), Outcome::Full);
    let entry = listed(&mut etcd).remove(0);
    assert!(matches!(run(&mut etcd, Call { grant: "jwt:other", ..ninth }, NOW), Outcome::Pending(_)));
    decide(&mut etcd, &entry, true, NOW).unwrap();
    assert!(matches!(run(&mut etcd, ninth, NOW), Outcome::Pending(_)), "one is decided, so there is room");
    let grants: Vec<String> = (0..40).map(|n| format!("header:{n}")).collect();
    let unverified = |n: usize| Call { grant: &grants[n], is_verified: false, policy: "p", params: PAY.params };
    let waiting = (0..40).filter(|n| matches!(run(&mut etcd, unverified(*n), NOW), Outcome::Pending(_))).count();
    assert_eq!(waiting, 32, "half of what a policy may have");
    let Outcome::Pending(Requested::Filed(last)) = run(&mut etcd, unverified(39), after(600)) else { panic!() };
    assert_eq!(run(&mut etcd, unverified(39), after(600)), Outcome::Pending(Requested::Known(last)));
    assert!(listed(&mut etcd).len() > 40, "what has expired is still there, and counts no more");
}

#[test]
fn an_entry_that_cannot_be_read_denies() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    let key = etcd.keys().find(|kv| kv.key.starts_with(b"fleet/v1/approvals/")).unwrap().clone();
    let other = Call { params: r#"{"name":"pay"}"#, ..PAY };
    for value in [&b""[..], b"mcp\x02", &key.value[..key.value.len() - 1], b"{}"] {
        etcd.overwrite(&key.key, value);
        assert_eq!(run(&mut etcd, PAY, NOW), Outcome::Unavailable, "{value:?}");
        assert_eq!(run(&mut etcd, other, NOW), Outcome::Unavailable, "the bounds cannot be counted");
        assert_eq!(query(&mut etcd, Query::List), None);
    }
    etcd.overwrite(&key.key, &key.value);
    assert!(matches!(run(&mut etcd, PAY, NOW), Outcome::Pending(_)));
    let details = etcd.keys().find(|kv| kv.key.starts_with(b"fleet/v1/details/")).unwrap().key.clone();
    etcd.overwrite(&details, b"mcp\x01");
    assert_eq!(shown(&mut etcd, &entry), None, "no approver decides on what cannot be read");
}

#[test]
fn an_approval_of_another_call_lets_nothing_pass() {
    let mut etcd = Etcd::default();
    let other = Call { params: r#"{"name":"pay"}"#, ..PAY };
    run(&mut etcd, other, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let approved = etcd.keys().next().unwrap().value.clone();
    run(&mut etcd, PAY, NOW);
    let own = etcd.keys().map(|kv| kv.key.clone()).filter(|key| key.starts_with(b"fleet/v1/approvals/"));
    for key in own.collect::<Vec<_>>() {
        etcd.overwrite(&key, &approved);
    }
    assert_eq!(run(&mut etcd, PAY, NOW), Outcome::Unavailable);
}

#[test]
fn no_answer_and_no_sound_one_leave_the_call_unapproved() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let other = Call { params: r#"{"name":"pay"}"#, ..PAY };
    for call in [PAY, other] {
        for at in 0..4 {
            for answered in [None, Some(&b"\xff"[..]), Some(b"\x12"), Some(b"")] {
                let mut steps = call.steps();
                for _ in 0..at {
                    let response = ask(&mut etcd, &steps.rpc());
                    if steps.record(response.as_deref(), NOW).is_some() {
                        return;
                    }
                }
                // An empty message is `succeeded: false`, and nothing was read.
                let outcome = steps.record(answered, NOW);
                assert!(matches!(outcome, Some(Outcome::Unavailable) | None), "{at} {answered:?}: {outcome:?}");
            }
        }
    }
}

#[test]
fn a_call_gives_up_after_nine_questions() {
    let mut etcd = Etcd::default();
    run(&mut etcd, PAY, NOW);
    let [entry] = listed(&mut etcd).try_into().unwrap();
    decide(&mut etcd, &entry, true, NOW).unwrap();
    let mut steps = PAY.steps();
    for question in 0..20 {
        let response = ask(&mut etcd, &steps.rpc());
        // Each time that it wants to use the approval, it has just changed.
        let key = etcd.keys().next().unwrap().clone();
        if question % 2 == 0 {
            etcd.overwrite(&key.key, &key.value);
        }
        if let Some(outcome) = steps.record(response.as_deref(), NOW) {
            assert_eq!((outcome, question), (Outcome::Unavailable, 7));
            return;
        }
    }
    panic!("it goes on asking");
}
