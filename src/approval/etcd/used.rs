//! An approval that let a call pass, until it is clear whether it goes back.

use crate::{
    approval::{ApproverNote, Fingerprint},
    time::Timestamp,
};

use super::{
    entry::StoredApproval,
    keys::Keys,
    messages::{Rpc, Txn, put, touch},
};

/// An approval that was taken out of etcd for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedApproval {
    pub(super) keys: Keys,
    pub(super) entry: StoredApproval,
    /// The revision of its details when it was found.
    pub(super) details_revision: u64,
}

impl UsedApproval {
    /// The call that it is bound to.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.entry.fingerprint()
    }

    /// Who approved, and the note.
    #[must_use]
    pub fn approver_note(&self) -> ApproverNote {
        self.entry.approver_note()
    }

    /// The question that puts it back, since no server got the call; `None` if it has expired. If the question is lost, the
    /// approval is.
    ///
    /// Nothing comes back if the same call was requested again meanwhile, or twice if the question arrives twice: each changes
    /// the revision of the details.
    #[must_use]
    pub fn put_back(&self, now: Timestamp) -> Option<Rpc> {
        let fingerprint = self.fingerprint();
        let [approval, details] = [self.keys.approval(fingerprint), self.keys.details(fingerprint)];
        let txn = Txn::default()
            .require(&approval, 0)
            .require(&details, self.details_revision)
            .put(&put(&approval, &self.entry.to_bytes(), self.entry.lease))
            .put(&touch(&details));
        self.entry.approval.is_alive(now).then(|| txn.finish())
    }
}
