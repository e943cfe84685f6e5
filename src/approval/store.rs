//! The book and its texts, where all workers see them.

use crate::{
    store::{APPROVAL_DETAILS, APPROVALS, Cas, Event, MAX_CAS_ATTEMPTS, Store, Unavailable, cell},
    time::Timestamp,
};

use super::{Approval, ApprovalDetails, Approvals, CorruptRegistry, Fingerprint, NotPending, TooManyPending};

#[cfg(test)]
mod tests;

/// Where questions are asked and answered.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalStore<'s, S>(pub &'s S);

/// A question could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// There are too many.
    Full,
    /// The book could not be read or written.
    Unavailable,
}

/// A question could not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecideError {
    /// There is none of this name, or its time is over.
    Unknown,
    /// Somebody was faster.
    AlreadyDecided,
    /// Nobody knows any more what it says.
    DetailsLost,
    /// Whoever asks must not answer.
    SelfApproval,
    /// The book could not be read or written.
    Unavailable,
}

/// Who answers a question, and what.
#[derive(Clone, Copy, Debug)]
pub struct ApproverDecision<'a> {
    /// Whether the call may pass.
    pub yes: bool,
    /// The [`digest`](super::digest) of the approver's grant.
    pub grant: [u8; 32],
    /// The approver, as people may see it.
    pub approver: &'a str,
    /// What they say besides.
    pub note: &'a str,
}

impl<S: Store> ApprovalStore<'_, S> {
    /// All questions that are not over, in the order in which they were asked.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn entries(&self, now: Timestamp) -> Result<Vec<Approval>, Unavailable> {
        let book = Approvals::open(&self.0.read(APPROVALS)?.bytes)?;
        Ok(book.entries(now).copied().collect())
    }

    /// How a question stands, if it was asked.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn find(&self, asked: Fingerprint, now: Timestamp) -> Result<Option<Approval>, Unavailable> {
        Ok(Approvals::open(&self.0.read(APPROVALS)?.bytes)?.find(asked, now))
    }

    /// The cell with the text of a question, for [`ApprovalDetails::read`]; `None` if it cannot be read.
    #[must_use]
    pub fn details(&self, entry: &Approval) -> Option<Vec<u8>> {
        self.0.read(cell(&APPROVAL_DETAILS, entry.slot)).ok().map(|stored| stored.bytes)
    }

    /// Asks a question, or finds how it stands. It waits for `life` seconds, and lives as long once it is answered.
    ///
    /// # Errors
    /// There are too many, or the book or its text cannot be written.
    pub fn request(
        &self,
        text: &ApprovalDetails<'_>,
        asked: Fingerprint,
        life: u32,
        now: Timestamp,
    ) -> Result<Approval, RequestError> {
        let entry = self.change(|book| {
            book.request(&text.question, asked, life, now).map_err(|TooManyPending| RequestError::Full)
        })?;
        // Also where it was asked before: whoever had the place until now may have been late to write.
        self.write(&entry, |known| known.is_none().then(|| text.to_bytes()))?;
        Ok(entry)
    }

    /// Uses a yes up, for one call.
    ///
    /// # Errors
    /// The book cannot be read or written; then it is not used up.
    pub fn consume(&self, asked: Fingerprint, now: Timestamp) -> Result<Option<Approval>, Unavailable> {
        self.change(|book| Ok(book.consume(asked, now)))
    }

    /// Gives back a yes whose call cannot have reached a server. Should that fail, it is lost, and nothing is owed.
    pub fn restore(&self, taken: Approval, now: Timestamp) {
        let _: Result<(), Unavailable> = self.change(|book| {
            book.restore(taken, now);
            Ok(())
        });
    }

    /// Answers a question.
    ///
    /// # Errors
    /// It does not wait for this answer, or the book cannot be written.
    pub fn decide(&self, id: [u8; 10], answer: &ApproverDecision<'_>, now: Timestamp) -> Result<Approval, DecideError> {
        let entries = self.entries(now)?;
        let entry = entries.iter().find(|entry| entry.id == id).ok_or(DecideError::Unknown)?;
        let bytes = self.details(entry).ok_or(DecideError::Unavailable)?;
        let text = ApprovalDetails::read(&bytes, entry.fingerprint).ok_or(DecideError::DetailsLost)?;
        if text.question.grant == answer.grant {
            return Err(DecideError::SelfApproval);
        }
        let answered =
            self.change(|book| book.decide(id, answer.yes, now).map_err(|NotPending| DecideError::AlreadyDecided))?;
        // Only who has answered gets here, so nobody else signs. A call that comes in between finds no signature.
        let ApproverDecision { approver, note, .. } = *answer;
        let signed = |text: ApprovalDetails<'_>| ApprovalDetails { approver, note, ..text }.to_bytes();
        let _: Result<(), Unavailable> = self.write(&answered, |known| known.map(signed));
        Ok(answered)
    }

    /// Writes what `bytes` makes of the text that is known of a question, if it makes anything.
    fn write(
        &self,
        entry: &Approval,
        bytes: impl Fn(Option<ApprovalDetails<'_>>) -> Option<Vec<u8>>,
    ) -> Result<(), Unavailable> {
        let cell = cell(&APPROVAL_DETAILS, entry.slot);
        for _ in 0..MAX_CAS_ATTEMPTS {
            let stored = self.0.read(cell)?;
            let Some(bytes) = bytes(ApprovalDetails::read(&stored.bytes, entry.fingerprint)) else { return Ok(()) };
            if self.0.compare_and_swap(cell, &bytes, stored.version)? == Cas::Done {
                return Ok(());
            }
        }
        Err(Unavailable)
    }

    /// One step of the book, on whatever thread.
    fn change<T, E: From<Unavailable>>(&self, step: impl Fn(&mut Approvals) -> Result<T, E>) -> Result<T, E> {
        for _ in 0..MAX_CAS_ATTEMPTS {
            let stored = self.0.read(APPROVALS)?;
            let mut book = Approvals::open(&stored.bytes).map_err(Unavailable::from)?;
            let outcome = step(&mut book)?;
            let bytes = book.to_bytes();
            if bytes == stored.bytes || self.0.compare_and_swap(APPROVALS, &bytes, stored.version)? == Cas::Done {
                return Ok(outcome);
            }
            self.0.record_event(Event::Conflict);
        }
        Err(Unavailable.into())
    }
}

impl From<CorruptRegistry> for Unavailable {
    fn from(CorruptRegistry: CorruptRegistry) -> Self {
        Self
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
