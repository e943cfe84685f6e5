//! What one call does about its approval: find it and use it, or file a request.
//!
//! | question | then |
//! |---|---|
//! | look: the approval of this call, or else all approvals | pending or rejected: that is the outcome; approved: use it; none: lease |
//! | list: all approvals, if the one of this call has expired | lease |
//! | lease: that takes away what is filed | file |
//! | file: if the key is as it was, write approval and details | pending |
//! | use: if the key is as it was, delete it | used |
//!
//! A key that is not as it was has another call changed: look again, four times at most. So a call asks nine questions at most,
//! nearly always two or three.

use std::sync::Arc;

use crate::{
    approval::{ApprovalDetails, Approvals, ApproverNote, Fingerprint, Requested, State},
    time::Timestamp,
};

use super::{
    entry::StoredApproval,
    keys::Keys,
    messages::{self, RangeResponse, Rpc, Txn, TxnResponse, put, range, revision},
    used::UsedApproval,
};

/// What one call asks etcd about its approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallApproval {
    keys: Keys,
    fingerprint: Fingerprint,
    /// The bytes of [`ApprovalDetails`], for the approver.
    details: Vec<u8>,
    ttl: u32,
    is_verified: bool,
    question: Question,
    /// How often it may look again.
    looks_left: u8,
}

/// What is being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    Look,
    /// `seen` is the revision of the approval that has expired; 0 if there is none.
    List {
        seen: u64,
    },
    Lease {
        entry: StoredApproval,
        seen: u64,
    },
    File {
        entry: StoredApproval,
        seen: u64,
    },
    Use(Box<UsedApproval>),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was approved, and the approval is used: the call may pass.
    Used(Box<UsedApproval>),
    /// It waits for an approver.
    Pending(Requested),
    /// An approver has rejected it.
    Rejected(ApproverNote),
    /// Too many wait already.
    Full,
    /// etcd gave no usable answer.
    Unavailable,
}

/// How often a call looks again after another one was faster.
const LOOKS: u8 = 3;
/// A lease ends so many seconds after the last deadline that its approval can have: pending, and as long again once decided.
const LEASE_MARGIN: u64 = 60;

impl CallApproval {
    /// The approval of one call, whose request would have these details and live for `ttl` seconds.
    #[must_use]
    pub fn new(
        prefix: &Arc<str>,
        details: &ApprovalDetails<'_>,
        fingerprint: Fingerprint,
        ttl: u32,
        is_verified: bool,
    ) -> Self {
        let (keys, details) = (Keys(Arc::clone(prefix)), details.to_bytes());
        Self { keys, fingerprint, details, ttl, is_verified, question: Question::Look, looks_left: LOOKS }
    }

    /// The call.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// About how many bytes it holds, with those of its question.
    #[must_use]
    pub fn size(&self) -> usize {
        self.details.len().saturating_mul(2).saturating_add(1024)
    }

    /// What to ask etcd.
    #[must_use]
    pub fn rpc(&self) -> Rpc {
        let [approval, details] = [self.keys.approval(self.fingerprint), self.keys.details(self.fingerprint)];
        let find = |txn: Txn| txn.otherwise_read(&range(&approval)).otherwise_read(&revision(&details));
        match &self.question {
            Question::Look => find(Txn::default().require(&approval, 0).read(&self.keys.all_approvals())).finish(),
            Question::List { .. } => self.keys.list(),
            Question::Lease { .. } => {
                messages::lease_grant(u64::from(self.ttl).saturating_mul(2).saturating_add(LEASE_MARGIN))
            }
            Question::File { entry, seen } => find(
                Txn::default()
                    .require(&approval, *seen)
                    .put(&put(&approval, &entry.to_bytes(), entry.lease))
                    .put(&put(&details, &self.details, entry.lease)),
            )
            .finish(),
            Question::Use(used) => Txn::default().require(&approval, used.entry.revision).delete(&approval).finish(),
        }
    }

    /// Takes etcd's answer; `None` if there was none. Returns what became of it, or nothing if there is more to ask.
    pub fn record(&mut self, response: Option<&[u8]>, now: Timestamp) -> Option<Outcome> {
        match response.and_then(|response| self.next(response, now)) {
            Some(Step::Ask(question)) => {
                self.question = question;
                None
            }
            Some(Step::Done(outcome)) => Some(outcome),
            None => Some(Outcome::Unavailable),
        }
    }

    /// The next step; `None` if the answer cannot be read.
    fn next(&mut self, response: &[u8], now: Timestamp) -> Option<Step> {
        if let Question::Lease { entry, seen } = &self.question {
            let entry = StoredApproval { lease: messages::read_lease(response)?, ..entry.clone() };
            return Some(Step::Ask(Question::File { entry, seen: *seen }));
        }
        if let Question::List { seen } = self.question {
            return self.request(&RangeResponse::read(response)?, seen, now);
        }
        let txn = TxnResponse::read(response)?;
        match (&self.question, txn.succeeded) {
            (Question::Look, true) => self.request(txn.ranges.first()?, 0, now),
            (Question::File { entry, .. }, true) => {
                Some(Step::Done(Outcome::Pending(Requested::Filed(entry.approval))))
            }
            (Question::Use(used), true) if used.entry.approval.is_alive(now) => {
                Some(Step::Done(Outcome::Used(used.clone())))
            }
            (Question::Use(_), _) => self.look_again(),
            _ => self.found(&txn, now),
        }
    }

    /// Looks at the approval that was found.
    fn found(&mut self, txn: &TxnResponse<'_>, now: Timestamp) -> Option<Step> {
        let [approval, details] = &*txn.ranges else { return None };
        let Some(kv) = approval.kvs.first() else { return self.look_again() };
        let entry = StoredApproval::read(kv).filter(|entry| entry.fingerprint() == self.fingerprint)?;
        if !entry.approval.is_alive(now) {
            return Some(Step::Ask(Question::List { seen: entry.revision }));
        }
        Some(match entry.approval.state {
            State::Pending => Step::Done(Outcome::Pending(Requested::Known(entry.approval))),
            State::Rejected => Step::Done(Outcome::Rejected(entry.approver_note())),
            State::Approved => {
                let details_revision = details.kvs.first().map_or(0, |details| details.revision);
                let used = UsedApproval { keys: self.keys.clone(), entry, details_revision };
                Step::Ask(Question::Use(Box::new(used)))
            }
        })
    }

    fn look_again(&mut self) -> Option<Step> {
        self.looks_left = self.looks_left.checked_sub(1)?;
        Some(Step::Ask(Question::Look))
    }

    /// Requests an approval beside all others, if the bounds have room.
    fn request(&self, all: &RangeResponse<'_>, seen: u64, now: Timestamp) -> Option<Step> {
        let details = ApprovalDetails::read(&self.details, self.fingerprint)?;
        let others = StoredApproval::read_all(all)?.into_iter().map(|entry| entry.approval).collect();
        let requested =
            Approvals::from_entries(others).request(&details.key, self.fingerprint, self.ttl, self.is_verified, now);
        Some(match requested {
            Ok(approval) if !all.has_more => {
                Step::Ask(Question::Lease { entry: StoredApproval::new(approval, &self.details), seen })
            }
            _ => Step::Done(Outcome::Full),
        })
    }
}

/// What follows an answer.
enum Step {
    Ask(Question),
    Done(Outcome),
}
