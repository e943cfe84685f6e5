//! No more calls pass than were approved, and no more are pending than the bounds allow, in any order of requests, decisions,
//! repeated calls, refunds and pauses, also if workers interrupt each other.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use mcp_policy::{
    approval::{self, Approval, ApprovalDetails, ApprovalStore, State},
    audit::Decision,
    config::Config,
    engine::{self, BoundRequest, Disposition, RequestInfo, refund::Receipt},
    http::Headers,
    identity::Grant,
    store::{Cas, InMemory, Seed, Store, Unavailable, Versioned},
    time::Timestamp,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config as Runs, TestRunner},
};

/// One step of a caller, an approver or the clock.
#[derive(Clone, Debug)]
enum Act {
    Ask(Asked),
    Answer { which: Index, approved: bool },
    GiveBack { which: Index },
}

/// A call: what an approval is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    policy: u16,
    grant: u16,
    amount: u16,
}

/// What happens, one after the other.
#[derive(Clone, Debug)]
enum Step {
    /// One worker does something; each time that it reaches the store, others may do something first.
    Act(Act, Vec<Vec<Act>>),
    /// Time passes, or the clock steps back, in milliseconds.
    Time(i64),
    /// Nine callers ask for ten different calls each.
    Flood { policy: u16 },
}

/// Seconds after which a request expires, and after which its approval expires.
const LIFE: u64 = 60;

/// What was said and what became of it, by the name of a question.
#[derive(Debug, Default)]
struct History {
    asked: Option<Asked>,
    /// When each approval expires, in seconds.
    approvals: Vec<u64>,
    passed: Vec<Timestamp>,
    given_back: usize,
}

/// A gateway with its approvers.
struct Office {
    config: Config,
    store: InMemory,
    now: Cell<Timestamp>,
    histories: RefCell<BTreeMap<String, History>>,
    /// Of the calls that passed.
    receipts: RefCell<Vec<(String, Receipt)>>,
}

/// The store, as a worker sees it that others come in between of.
struct Interrupted<'o> {
    office: &'o Office,
    acts: RefCell<VecDeque<Vec<Act>>>,
}

impl Interrupted<'_> {
    fn others(&self) {
        let next = self.acts.borrow_mut().pop_front().unwrap_or_default();
        next.iter().for_each(|act| self.office.act(act, &self.office.store));
    }
}

impl Store for Interrupted<'_> {
    fn seed(&self) -> Result<Seed, Unavailable> {
        self.office.store.seed()
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        self.others();
        self.office.store.read(cell)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        self.others();
        self.office.store.compare_and_swap(cell, bytes, version)
    }
}

impl Office {
    fn new() -> Self {
        let policy = r#"{"version":"1","default":"deny","tools":{"pay":{"require_approval":[{"conditions":[],"expires":"1m"}]}}}"#;
        let names = ["a", "b", "c", "d", "e"];
        let policies: Vec<String> = names.iter().map(|name| format!(r#""{name}":{policy}"#)).collect();
        let bindings: Vec<String> =
            names.iter().map(|name| format!(r#"{{"host":"{name}","policy":"{name}"}}"#)).collect();
        let text = format!(r#"{{"policies":{{{}}},"bindings":[{}]}}"#, policies.join(","), bindings.join(","));
        Self {
            config: Config::load(text.as_bytes()).unwrap(),
            store: InMemory::new([3; 16]),
            now: Cell::new(Timestamp(1_767_225_642_500)),
            histories: RefCell::default(),
            receipts: RefCell::default(),
        }
    }

    fn step(&self, step: &Step) {
        match step {
            Step::Act(act, others) => {
                let acts = RefCell::new(others.iter().cloned().collect());
                self.act(act, &Interrupted { office: self, acts });
            }
            Step::Time(by) => self.now.set(Timestamp(self.now.get().0.saturating_add_signed(*by))),
            Step::Flood { policy } => {
                for (grant, amount) in (100..109).flat_map(|grant| (0..10).map(move |amount| (grant, amount))) {
                    self.act(&Act::Ask(Asked { policy: *policy, grant, amount }), &self.store);
                }
            }
        }
        self.check();
    }

    fn act<S: Store>(&self, act: &Act, store: &S) {
        match act {
            Act::Ask(asked) => self.ask(*asked, store),
            Act::Answer { which, approved } => self.answer(which, *approved, store),
            Act::GiveBack { which } => {
                let mut receipts = self.receipts.borrow_mut();
                if receipts.is_empty() {
                    return;
                }
                let index = which.index(receipts.len());
                let (id, receipt) = receipts.swap_remove(index);
                drop(receipts);
                // Counted first: another step may consume it before this one ends.
                self.histories.borrow_mut().entry(id).or_default().given_back += 1;
                assert_eq!(receipt.give_back(store, || Some(self.now.get())), None, "nothing is kept elsewhere");
            }
        }
    }

    fn ask<S: Store>(&self, asked: Asked, store: &S) {
        let Asked { policy, grant, amount } = asked;
        let host = ["a", "b", "c", "d", "e"][usize::from(policy)];
        let pairs = [(":method", "POST"), ("content-type", "application/json"), (":authority", host)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let call = RequestInfo::new(Headers::new(pairs.into()), Ok(Grant::from_name(&format!("jwt:{grant}"))));
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"pay","arguments":{{"amount":{amount}}}}}}}"#
        );
        let now = self.now.get();
        let call = BoundRequest::new(&self.config, call);
        let response = engine::authorize(&self.config, &call, body.as_bytes(), "f", now, store);
        let Some(said) = response.record.approval else {
            // Full, rejected, or too many others were faster.
            assert!([Decision::Denied, Decision::Failed].contains(&response.record.decision));
            return;
        };
        let mut histories = self.histories.borrow_mut();
        let history = histories.entry(said.id.clone()).or_default();
        assert_eq!(*history.asked.get_or_insert(asked), asked, "an answer is to one question only");
        if let Disposition::Forward(receipt) = response.answer {
            history.passed.push(now);
            self.receipts.borrow_mut().push((said.id, receipt));
        }
    }

    fn answer<S: Store>(&self, which: &Index, approved: bool, store: &S) {
        let (desk, now) = (ApprovalStore(store), self.now.get());
        let entries = desk.entries(now).unwrap();
        if entries.is_empty() {
            return;
        }
        let entry = which.get(&entries);
        let answer = approval::ApproverDecision {
            approved,
            grant: approval::GrantDigest::of(&Grant::from_name("jwt:boss")),
            approver: "jwt:boss",
            note: "",
        };
        if let Ok(answered) = desk.decide(entry.id, &answer, now) {
            assert_eq!(answered.state, if approved { State::Approved } else { State::Rejected });
            if approved {
                self.histories.borrow_mut().entry(answered.id_text()).or_default().approvals.push(now.0 / 1000 + LIFE);
            }
        }
    }

    fn check(&self) {
        for (id, History { approvals, passed, given_back, .. }) in &*self.histories.borrow() {
            assert!(
                passed.len() <= approvals.len() + given_back,
                "{id}: {passed:?} of {approvals:?}, {given_back} given back"
            );
            for at in passed {
                assert!(
                    approvals.iter().any(|until| until * 1000 > at.0),
                    "{id}: at {at:?}, and none holds of {approvals:?}"
                );
            }
        }
        let (desk, now) = (ApprovalStore(&self.store), self.now.get());
        let entries = desk.entries(now).unwrap();
        assert!(entries.len() <= 256);
        for (index, entry) in entries.iter().enumerate() {
            let is_same = |other: &Approval| other.fingerprint == entry.fingerprint || other.slot == entry.slot;
            assert!(!entries[..index].iter().any(is_same), "{entry:?} is there twice");
        }
        let mut pending: BTreeMap<String, usize> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.state == State::Pending) {
            let bytes = desk.details(entry).unwrap();
            // A late write replaces details, until the same call is requested again.
            let Some(text) = ApprovalDetails::read(&bytes, entry.fingerprint) else { continue };
            *pending.entry(format!("grant {}", text.caller)).or_default() += 1;
            *pending.entry(format!("policy {}", text.key.policy)).or_default() += 1;
        }
        for (of, count) in pending {
            assert!(count <= if of.starts_with("grant") { 8 } else { 64 }, "{count} of {of}");
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let asked = (0..2_u16, 0..3_u16, 0..2_u16);
    prop_oneof![
        5 => asked.prop_map(|(policy, grant, amount)| Act::Ask(Asked { policy, grant, amount })),
        4 => (any::<Index>(), prop::bool::weighted(0.8)).prop_map(|(which, approved)| Act::Answer { which, approved }),
        1 => any::<Index>().prop_map(|which| Act::GiveBack { which }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let times = prop_oneof![3 => 1..5000_i64, 1 => 50_000..70_000_i64, 1 => -5000..0_i64];
    prop_oneof![
        30 => (act(), vec(vec(act(), 0..4), 0..6)).prop_map(|(act, others)| Step::Act(act, others)),
        6 => times.prop_map(Step::Time),
        1 => (0..5_u16).prop_map(|policy| Step::Flood { policy }),
    ]
}

#[test]
fn no_more_calls_pass_than_were_approved_whatever_other_workers_write() {
    let passed = Cell::new(0);
    let runs = Runs { failure_persistence: None, ..Runs::with_cases(150) };
    let outcome = TestRunner::new(runs).run(&vec(step(), 1..60), |steps| {
        let office = Office::new();
        steps.iter().for_each(|step| office.step(step));
        passed
            .set(passed.get() + office.histories.borrow().values().map(|history| history.passed.len()).sum::<usize>());
        Ok(())
    });
    outcome.unwrap();
    assert!(passed.get() > 500, "{}", passed.get());
}

#[test]
fn a_flood_leaves_room_for_other_callers_and_other_policies() {
    let office = Office::new();
    let (ask, full) =
        (|policy, grant| office.step(&Step::Act(Act::Ask(Asked { policy, grant, amount: 0 }), Vec::new())), 256);
    let count = || ApprovalStore(&office.store).entries(office.now.get()).unwrap().len();
    office.step(&Step::Act(Act::Ask(Asked { policy: 0, grant: 100, amount: 9 }), Vec::new()));
    office.step(&Step::Flood { policy: 0 });
    assert_eq!(count(), 64, "of one policy, and of each of nine callers no more than eight");
    ask(1, 1);
    assert_eq!(count(), 65);
    for policy in 1..5 {
        for grant in 200..264 {
            ask(policy, grant);
        }
    }
    assert_eq!(count(), full);
    office.step(&Step::Time(60_000));
    assert_eq!(count(), 0);
}
