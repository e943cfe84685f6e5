//! An approval as etcd keeps it.

use crate::{
    approval::{Approval, Approvals, ApproverDecision, ApproverNote, DecideError, Fingerprint, NotPending, State},
    store::framing,
    time::Timestamp,
};

use super::messages::{KeyValue, RangeResponse};

/// An approval as etcd keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredApproval {
    /// The approval. Other Envoys may have given others the same `slot`.
    pub approval: Approval,
    /// How many bytes the details have, so that a reader knows how many it can ask for at once.
    pub details_size: u32,
    /// Who decided, redacted for display; empty while it is pending.
    pub approver: String,
    /// The approver's note.
    pub note: String,
    /// The revision of the last write; 0 if it is not written yet.
    pub(super) revision: u64,
    pub(super) lease: u64,
}

impl StoredApproval {
    /// An approval that is to be requested.
    pub(super) fn new(approval: Approval, details: &[u8]) -> Self {
        let details_size = u32::try_from(details.len()).unwrap_or(u32::MAX);
        let [approver, note] = [(); 2].map(|()| String::new());
        Self { approval, details_size, approver, note, revision: 0, lease: 0 }
    }

    /// The bytes of the value.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let Self { approval, details_size, approver, note, .. } = self;
        let mut record = Vec::new();
        approval.write(&mut record);
        framing::join(&[&record, &details_size.to_le_bytes(), approver.as_bytes(), note.as_bytes()])
    }

    /// Reads a key and its value; `None` if it is malformed, or of another call than the key says.
    pub(super) fn read(kv: &KeyValue<'_>) -> Option<Self> {
        let [record, size, approver, note] = framing::split(kv.value)?;
        let approval = Approval::read(record)?;
        let text = |bytes| std::str::from_utf8(bytes).ok().map(str::to_owned);
        let own_key = approval.fingerprint.0.to_string();
        let stored = Self {
            approval,
            details_size: u32::from_le_bytes(size.try_into().ok()?),
            approver: text(approver)?,
            note: text(note)?,
            revision: kv.revision,
            lease: kv.lease,
        };
        kv.key.ends_with(own_key.as_bytes()).then_some(stored)
    }

    /// Reads all approvals; `None` if one of them cannot be read.
    pub(super) fn read_all(response: &RangeResponse<'_>) -> Option<Vec<Self>> {
        response.kvs.iter().map(Self::read).collect()
    }

    /// The call that it is bound to.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.approval.fingerprint
    }

    /// Who decided, and the note.
    pub(super) fn approver_note(&self) -> ApproverNote {
        ApproverNote { id: self.approval.id_text(), approver: self.approver.clone(), note: self.note.clone() }
    }

    /// The approval as an approver leaves it.
    ///
    /// # Errors
    /// It is not pending any more.
    pub fn decide(&self, decision: &ApproverDecision<'_>, now: Timestamp) -> Result<Self, DecideError> {
        let mut alone = Approvals::from_entries(vec![self.approval]);
        let decided = alone.decide(self.approval.id, decision.approved, now);
        let approval = decided.map_err(|NotPending| match self.approval.state {
            State::Pending => DecideError::Unknown,
            State::Approved | State::Rejected => DecideError::AlreadyDecided,
        })?;
        let [approver, note] = [decision.approver, decision.note].map(str::to_owned);
        Ok(Self { approval, approver, note, ..self.clone() })
    }
}
