//! Against a model of etcd that reads and writes its messages by their definitions, and against the store of one Envoy.
#![cfg(not(target_family = "wasm"))]

mod agreement;
#[path = "../../../tests/support/etcd.rs"]
pub(crate) mod model;
mod steps;

use std::sync::Arc;

use self::model::Etcd;
use super::{CallApproval, Outcome, Query, QueryResult, Rpc, StoredApproval};
use crate::{
    approval::{ApprovalDetails, ApprovalKey, ApproverDecision, DecideError, GrantDigest},
    identity::Grant,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp(1_767_225_642_500);
/// How long an approval lives, in seconds.
const TTL: u32 = 600;

fn prefix() -> Arc<str> {
    "fleet/".into()
}

fn after(seconds: u64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1000)
}

/// A call by `grant`, whose parameters are these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call<'c> {
    grant: &'c str,
    policy: &'c str,
    params: &'c str,
    is_verified: bool,
}

const PAY: Call<'static> =
    Call { grant: "jwt:agent", policy: "p", params: r#"{"name":"pay","arguments":{"n":1}}"#, is_verified: true };

impl Call<'_> {
    /// Does something with the details that an approver reads.
    fn with_details<T>(&self, take: impl FnOnce(&ApprovalDetails<'_>) -> T) -> T {
        let key = ApprovalKey {
            filter: "f",
            policy: self.policy,
            config: "c",
            rule: "/tools/pay/require_approval/0",
            route: "r",
            cluster: "bank",
            grant: GrantDigest::of(&Grant::from_name(self.grant)),
            method: "tools/call",
            name: "pay",
            params: self.params.as_bytes(),
        };
        take(&ApprovalDetails { key, caller: self.grant, reason: "it is much", uses: "", approver: "", note: "" })
    }

    /// What it asks etcd.
    fn steps(&self) -> CallApproval {
        self.with_details(|details| {
            let fingerprint = details.key.fingerprint().expect("short parameters");
            CallApproval::new(&prefix(), details, fingerprint, TTL, self.is_verified)
        })
    }
}

fn ask(etcd: &mut Etcd, rpc: &Rpc) -> Option<Vec<u8>> {
    etcd.answer(rpc.method.names(), &rpc.message).ok()
}

/// Asks etcd as often as a call takes.
fn run(etcd: &mut Etcd, call: Call<'_>, now: Timestamp) -> Outcome {
    let mut steps = call.steps();
    for _ in 0..9 {
        let response = ask(etcd, &steps.rpc());
        if let Some(outcome) = steps.record(response.as_deref(), now) {
            return outcome;
        }
    }
    panic!("more than nine questions")
}

/// What a console reads.
fn query(etcd: &mut Etcd, query: Query) -> Option<QueryResult> {
    let response = ask(etcd, &query.rpc(&prefix()));
    query.read(response.as_deref())
}

fn listed(etcd: &mut Etcd) -> Vec<StoredApproval> {
    match query(etcd, Query::List) {
        Some(QueryResult::Listed(listed)) => listed,
        other => panic!("{other:?}"),
    }
}

fn answer(approved: bool) -> ApproverDecision<'static> {
    ApproverDecision {
        approved,
        grant: GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "as agreed",
    }
}

/// Decides as a console does.
fn decide(etcd: &mut Etcd, entry: &StoredApproval, approved: bool, now: Timestamp) -> Result<(), DecideError> {
    let decided = entry.decide(&answer(approved), now)?;
    match query(etcd, Query::Decide(Box::new(decided.clone()))) {
        Some(QueryResult::Decided(written)) if *written == decided => Ok(()),
        Some(QueryResult::Changed) => Err(DecideError::AlreadyDecided),
        other => panic!("{other:?}"),
    }
}

/// The details that a console shows of an approval.
fn shown(etcd: &mut Etcd, entry: &StoredApproval) -> Option<(String, String, String)> {
    let Some(QueryResult::Details(details)) = query(etcd, Query::Details(vec![entry.fingerprint()])) else { panic!() };
    let text = |details: ApprovalDetails<'_>| {
        [details.caller, details.approver, std::str::from_utf8(details.key.params).expect("JSON")].map(str::to_owned)
    };
    let [own] = &*details else { panic!("{details:?}") };
    own.read(entry).map(text).map(Into::into)
}
