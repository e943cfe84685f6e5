//! A fleet on etcd and one Envoy with its own store say the same, whatever is called, decided and put back in which order.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{Call, NOW, Outcome, TTL, answer, ask, decide, listed, model::Etcd, run};
use crate::{
    approval::{Approval, ApprovalStore, RequestError, Requested, State, etcd::UsedApproval},
    store::InMemory,
    time::Timestamp,
};

/// What callers, approvers and the clock do.
#[derive(Clone, Debug)]
enum Act {
    Call { grant: u8, amount: u8 },
    Decide { which: Index, approved: bool },
    PutBack { which: Index },
    Wait { seconds: u64 },
}

/// What a caller is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Passed(String),
    Pending { id: String, expires_at: u64 },
    Rejected(String),
    Full,
}

impl Answer {
    fn pending(requested: Requested) -> Self {
        let approval = requested.approval();
        Self::Pending { id: approval.id_text(), expires_at: approval.expires_at }
    }
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (0..3_u8, 0..12_u8).prop_map(|(grant, amount)| Act::Call { grant, amount }),
        4 => (any::<Index>(), any::<bool>()).prop_map(|(which, approved)| Act::Decide { which, approved }),
        1 => any::<Index>().prop_map(|which| Act::PutBack { which }),
        1 => (0..400_u64).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// One Envoy with its own store.
fn call_local(store: &InMemory, call: Call<'_>, now: Timestamp) -> (Answer, Option<Approval>) {
    call.with_details(|details| {
        let (approvals, fingerprint) = (ApprovalStore(store), details.key.fingerprint().expect("short"));
        if let Some(used) = approvals.consume(fingerprint, now).expect("a store") {
            return (Answer::Passed(used.id_text()), Some(used));
        }
        match approvals.request(details, fingerprint, TTL, call.is_verified, now) {
            Ok(Requested::Known(entry)) if entry.state == State::Rejected => (Answer::Rejected(entry.id_text()), None),
            Ok(requested) => (Answer::pending(requested), None),
            Err(RequestError::Full) => (Answer::Full, None),
            Err(RequestError::Unavailable) => panic!("the store fails"),
        }
    })
}

fn call_fleet(etcd: &mut Etcd, call: Call<'_>, now: Timestamp) -> (Answer, Option<Box<UsedApproval>>) {
    match run(etcd, call, now) {
        Outcome::Used(used) => (Answer::Passed(used.approver_note().id), Some(used)),
        Outcome::Pending(requested) => (Answer::pending(requested), None),
        Outcome::Rejected(note) => (Answer::Rejected(note.id), None),
        Outcome::Full => (Answer::Full, None),
        Outcome::Unavailable => panic!("etcd fails"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fleet_and_one_envoy_say_the_same(acts in vec(acts(), 1..60)) {
        let (store, mut etcd, mut now) = (InMemory::new([5; 16]), Etcd::default(), NOW);
        let (mut used, mut has_put_back): (Vec<(Approval, Box<UsedApproval>)>, bool) = (Vec::new(), false);
        for act in acts {
            match act {
                Act::Call { grant, amount } => {
                    let grant = ["jwt:a", "jwt:b", "header:c"][usize::from(grant)];
                    let params = format!(r#"{{"name":"pay","arguments":{{"n":{amount}}}}}"#);
                    let call = Call { grant, policy: "p", params: &params, is_verified: grant != "header:c" };
                    let (here, kept) = call_local(&store, call, now);
                    let (there, lent) = call_fleet(&mut etcd, call, now);
                    prop_assert_eq!(here, there);
                    used.extend(kept.zip(lent));
                }
                Act::Decide { which, approved } => {
                    let approvals = ApprovalStore(&store);
                    let entries = approvals.entries(now).expect("a store");
                    if entries.is_empty() {
                        continue;
                    }
                    let id = which.get(&entries).id;
                    let there = listed(&mut etcd).into_iter().find(|entry| entry.approval.id == id).expect("the same");
                    let here = approvals.decide(id, &answer(approved), now).map(drop);
                    prop_assert_eq!(here, decide(&mut etcd, &there, approved, now));
                }
                Act::PutBack { which } => {
                    if used.is_empty() {
                        continue;
                    }
                    let (kept, lent) = used.swap_remove(which.index(used.len()));
                    has_put_back = true;
                    ApprovalStore(&store).restore(kept, now);
                    if let Some(back) = lent.put_back(now) {
                        ask(&mut etcd, &back);
                    }
                }
                Act::Wait { seconds } => now = Timestamp(now.0 + seconds * 1000),
            }
            let alive = |entries: Vec<Approval>| {
                let mut entries: Vec<_> = entries
                    .into_iter()
                    .filter(|entry| entry.is_alive(now))
                    .map(|entry| (entry.id, entry.state as u8, entry.expires_at))
                    .collect();
                entries.sort_unstable();
                entries
            };
            let here = alive(ApprovalStore(&store).entries(now).expect("a store"));
            let there = alive(listed(&mut etcd).into_iter().map(|entry| entry.approval).collect());
            // An Envoy by itself loses what is put back while another approval has its slot.
            if has_put_back && here.len() < there.len() {
                return Ok(());
            }
            prop_assert_eq!(here, there);
        }
    }
}
