//! Approvals and their details in the store, where all workers see them.

#[cfg(test)]
mod tests;

use crate::{
    store::{APPROVAL_DETAILS, APPROVALS, Store, Unavailable, cell},
    time::Timestamp,
};

use super::{Approval, ApprovalDetails, Approvals, Fingerprint, GrantDigest, NotPending, Pending, TooManyPending};

/// The approvals in a store.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalStore<'s, S>(pub &'s S);

/// An approval that a call requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It was requested before, and may be decided.
    Known(Approval),
    /// This call has filed it.
    Filed(Approval),
}

/// An approval could not be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// Too many are pending.
    Full,
    /// The store could not be read or written.
    Unavailable,
}

/// An approval could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecideError {
    /// There is none with this id, or it has expired.
    Unknown,
    /// It was decided before.
    AlreadyDecided,
    /// Its details were lost, so that the approver cannot have read them.
    DetailsLost,
    /// The approver is the grant that requested it.
    SelfApproval,
    /// The store could not be read or written.
    Unavailable,
}

/// What an approver decides.
#[derive(Clone, Copy, Debug)]
pub struct ApproverDecision<'a> {
    /// Whether the call may pass.
    pub approved: bool,
    /// The approver.
    pub grant: GrantDigest,
    /// The approver's grant, redacted for display.
    pub approver: &'a str,
    /// The approver's note.
    pub note: &'a str,
}

impl Requested {
    /// The approval, filed by this call or before.
    #[must_use]
    pub fn approval(self) -> Approval {
        match self {
            Self::Known(approval) | Self::Filed(approval) => approval,
        }
    }
}

impl<S: Store> ApprovalStore<'_, S> {
    /// All approvals that have not expired, in the order of their requests.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn entries(&self, now: Timestamp) -> Result<Vec<Approval>, Unavailable> {
        Ok(self.read()?.entries(now).copied().collect())
    }

    /// What waits for an approver.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn pending(&self, now: Timestamp) -> Result<Pending, Unavailable> {
        Ok(self.read()?.pending(now))
    }

    /// The approval with this fingerprint, if it was requested and has not expired.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn find(&self, fingerprint: Fingerprint, now: Timestamp) -> Result<Option<Approval>, Unavailable> {
        Ok(self.read()?.find(fingerprint, now))
    }

    /// The cell with the details of an approval, for [`ApprovalDetails::read`]; `None` if it cannot be read.
    #[must_use]
    pub fn details(&self, approval: &Approval) -> Option<Vec<u8>> {
        self.0.read(cell(&APPROVAL_DETAILS, approval.slot)).ok().map(|stored| stored.bytes)
    }

    /// Requests an approval, or finds the one that was requested before: of workers that request it at the same time, one files it. It is pending for `ttl` seconds, and lives as long again once it is decided. `is_verified` says
    /// whether the caller's identity is.
    ///
    /// # Errors
    /// Too many are pending, or the store cannot be written.
    pub fn request(
        &self,
        details: &ApprovalDetails<'_>,
        fingerprint: Fingerprint,
        ttl: u32,
        is_verified: bool,
        now: Timestamp,
    ) -> Result<Requested, RequestError> {
        let (approval, is_new) = self.update(|approvals| {
            let is_new = approvals.find(fingerprint, now).is_none();
            let approval = approvals.request(&details.key, fingerprint, ttl, is_verified, now);
            approval.map(|approval| (approval, is_new)).map_err(|TooManyPending| RequestError::Full)
        })?;
        // Those of a new request replace the ones of the same call that was decided before. Also if it was requested before: the worker
        // that used the cell until then may have written late.
        self.update_details(&approval, |known| (is_new || known.is_none()).then(|| details.to_bytes()))?;
        Ok(if is_new { Requested::Filed(approval) } else { Requested::Known(approval) })
    }

    /// Takes an approval out, for one call; `None` if there is none that is approved.
    ///
    /// # Errors
    /// The store cannot be read or written; then the approval stays.
    pub fn consume(&self, fingerprint: Fingerprint, now: Timestamp) -> Result<Option<Approval>, Unavailable> {
        self.update(|approvals| Ok(approvals.consume(fingerprint, now)))
    }

    /// Puts an approval back whose call cannot have reached a server. If that fails, the approval is lost.
    pub fn restore(&self, consumed: Approval, now: Timestamp) {
        let _: Result<(), Unavailable> = self.update(|approvals| {
            approvals.restore(consumed, now);
            Ok(())
        });
    }

    /// Approves or rejects.
    ///
    /// # Errors
    /// The approval is not pending, or not for this approver to decide; or the store cannot be written.
    pub fn decide(
        &self,
        id: [u8; 10],
        decision: &ApproverDecision<'_>,
        now: Timestamp,
    ) -> Result<Approval, DecideError> {
        let entries = self.entries(now)?;
        let approval = entries.iter().find(|approval| approval.id == id).ok_or(DecideError::Unknown)?;
        let bytes = self.details(approval).ok_or(DecideError::Unavailable)?;
        let details = ApprovalDetails::read(&bytes, approval.fingerprint).ok_or(DecideError::DetailsLost)?;
        if details.key.grant == decision.grant {
            return Err(DecideError::SelfApproval);
        }
        let decided = self.update(|approvals| {
            approvals.decide(id, decision.approved, now).map_err(|NotPending| DecideError::AlreadyDecided)
        })?;
        // Only the approver who has decided gets here. A call that comes in between finds the details without a note.
        let ApproverDecision { approver, note, .. } = *decision;
        let signed = |details: ApprovalDetails<'_>| ApprovalDetails { approver, note, ..details }.to_bytes();
        let _: Result<(), Unavailable> = self.update_details(&decided, |known| known.map(signed));
        Ok(decided)
    }

    /// Replaces the details of an approval by the bytes that `step` makes of those that are known, if it makes any.
    fn update_details(
        &self,
        approval: &Approval,
        step: impl Fn(Option<ApprovalDetails<'_>>) -> Option<Vec<u8>>,
    ) -> Result<(), Unavailable> {
        let cell = cell(&APPROVAL_DETAILS, approval.slot);
        self.0.update(cell, |bytes| Ok(((), step(ApprovalDetails::read(bytes, approval.fingerprint)))))
    }

    fn read(&self) -> Result<Approvals, Unavailable> {
        Approvals::read(&self.0.read(APPROVALS)?.bytes).ok_or(Unavailable)
    }

    fn update<T, E: From<Unavailable>>(&self, step: impl Fn(&mut Approvals) -> Result<T, E>) -> Result<T, E> {
        self.0.update(APPROVALS, |bytes| {
            let mut approvals = Approvals::read(bytes).ok_or(Unavailable)?;
            Ok((step(&mut approvals)?, Some(approvals.to_bytes())))
        })
    }
}

impl From<Unavailable> for RequestError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for DecideError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}
