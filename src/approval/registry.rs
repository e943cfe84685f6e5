//! All questions that wait for an answer, and those that have one.

use sha2::{Digest as _, Sha256};

use crate::{hex::hex, store::HEADER, time::Timestamp};

use super::{ApprovalKey, Fingerprint};

#[cfg(test)]
mod tests;

/// The questions of one Envoy.
///
/// Invariant: no two have the same fingerprint, or the same slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals(Vec<Approval>);

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What is asked.
    pub fingerprint: Fingerprint,
    /// Names this asking: the same question, asked again, has another.
    pub id: [u8; 10],
    /// The place of its text, which nobody needs to find it by.
    pub slot: u8,
    /// How it stands.
    pub state: State,
    /// When it was asked, in seconds since the epoch.
    pub asked: u64,
    /// When it is over, in seconds since the epoch.
    pub expires_at: u64,
    /// How long it lives in each state, in seconds.
    pub ttl: u32,
    /// Whose it is, and by which policy, in digests.
    grant: [u8; 8],
    policy: [u8; 8],
}

/// How a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has answered.
    Pending,
    /// Somebody said yes; one call may pass.
    Approved,
    /// Somebody said no.
    Rejected,
}

/// There is no room for another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyPending;

/// No such question waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPending;

/// The bytes are no book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorruptRegistry;

const RECORD: usize = 80;
/// Questions in all.
const MAX: usize = 256;
/// Pending ones of one policy, and of one grant; product contract, section 7.
const MAX_OF_POLICY: usize = 64;
const MAX_OF_GRANT: usize = 8;

impl Approvals {
    /// Reads a book.
    ///
    /// # Errors
    /// The bytes are no book of this format.
    pub fn open(bytes: &[u8]) -> Result<Self, CorruptRegistry> {
        let records = bytes.strip_prefix(HEADER).ok_or(CorruptRegistry)?.chunks(RECORD);
        records.map(Approval::read).collect::<Option<_>>().map(Self).ok_or(CorruptRegistry)
    }

    /// The bytes of the book.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        self.0.iter().for_each(|entry| entry.write(&mut bytes));
        bytes
    }

    /// The questions that are not over, in the order in which they were asked.
    pub fn entries(&self, now: Timestamp) -> impl Iterator<Item = &Approval> {
        self.0.iter().filter(move |entry| entry.is_alive(now))
    }

    /// How a question stands, if it was asked.
    #[must_use]
    pub fn find(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<Approval> {
        self.entries(now).find(|entry| entry.fingerprint == fingerprint).copied()
    }

    /// Asks a question, or finds it asked. It waits for `life` seconds, and is as old once it is answered.
    ///
    /// # Errors
    /// The caller, the policy or all together have too many.
    pub fn request(
        &mut self,
        question: &ApprovalKey<'_>,
        fingerprint: Fingerprint,
        life: u32,
        now: Timestamp,
    ) -> Result<Approval, TooManyPending> {
        if let Some(known) = self.find(fingerprint, now) {
            return Ok(known);
        }
        self.0.retain(|entry| entry.is_alive(now));
        let [grant, policy] = [question.grant, question.policy.as_bytes()].map(|of| first(&Sha256::digest(of)));
        let pending = |of: &dyn Fn(&Approval) -> bool| {
            self.0.iter().filter(|entry| entry.state == State::Pending && of(entry)).count()
        };
        let is_full = self.0.len() >= MAX
            || pending(&|entry| entry.policy == policy) >= MAX_OF_POLICY
            || pending(&|entry| entry.grant == grant) >= MAX_OF_GRANT;
        let slot = (0..=u8::MAX).find(|slot| self.0.iter().all(|entry| entry.slot != *slot));
        let slot = slot.filter(|_| !is_full).ok_or(TooManyPending)?;
        let asked = now.0 / 1000;
        let until = asked.saturating_add(u64::from(life));
        let id = id(fingerprint, now, slot);
        let entry = Approval {
            fingerprint,
            id,
            slot,
            state: State::Pending,
            asked,
            expires_at: until,
            ttl: life,
            grant,
            policy,
        };
        self.0.push(entry);
        Ok(entry)
    }

    /// Answers a question that waits; its time begins anew.
    ///
    /// # Errors
    /// It does not wait.
    pub fn decide(&mut self, id: [u8; 10], yes: bool, now: Timestamp) -> Result<Approval, NotPending> {
        let entry = self.0.iter_mut().find(|entry| entry.id == id && entry.is_alive(now)).ok_or(NotPending)?;
        if entry.state != State::Pending {
            return Err(NotPending);
        }
        entry.state = if yes { State::Approved } else { State::Rejected };
        entry.expires_at = (now.0 / 1000).saturating_add(u64::from(entry.ttl));
        Ok(*entry)
    }

    /// Uses a yes up, for one call.
    pub fn consume(&mut self, fingerprint: Fingerprint, now: Timestamp) -> Option<Approval> {
        let is_this = |entry: &Approval| entry.fingerprint == fingerprint && entry.state == State::Approved;
        let index = self.0.iter().position(|entry| is_this(entry) && entry.is_alive(now))?;
        Some(self.0.remove(index))
    }

    /// Gives back a yes whose call cannot have reached a server. Where the same was asked again meanwhile, or its slot is
    /// taken, it is lost: nothing is permitted twice.
    pub fn restore(&mut self, taken: Approval, now: Timestamp) {
        let is_free = self.0.iter().all(|entry| entry.fingerprint != taken.fingerprint && entry.slot != taken.slot);
        if is_free && taken.is_alive(now) {
            self.0.push(taken);
        }
    }
}

impl Approval {
    /// The name of this asking, as people and programs spell it.
    #[must_use]
    pub fn name(&self) -> String {
        hex(&self.id)
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.saturating_mul(1000) > now.0
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk::<32>()?;
        let (id, rest) = rest.split_first_chunk::<10>()?;
        let (grant, rest) = rest.split_first_chunk::<8>()?;
        let (policy, rest) = rest.split_first_chunk::<8>()?;
        let (asked, rest) = rest.split_first_chunk::<8>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (life, rest) = rest.split_first_chunk::<4>()?;
        let [slot, state] = rest else { return None };
        let state = match state {
            0 => State::Pending,
            1 => State::Approved,
            2 => State::Rejected,
            _ => return None,
        };
        Some(Self {
            fingerprint: Fingerprint(*fingerprint),
            id: *id,
            slot: *slot,
            state,
            asked: u64::from_le_bytes(*asked),
            expires_at: u64::from_le_bytes(*until),
            ttl: u32::from_le_bytes(*life),
            grant: *grant,
            policy: *policy,
        })
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.fingerprint.0);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.grant);
        bytes.extend_from_slice(&self.policy);
        bytes.extend_from_slice(&self.asked.to_le_bytes());
        bytes.extend_from_slice(&self.expires_at.to_le_bytes());
        bytes.extend_from_slice(&self.ttl.to_le_bytes());
        bytes.push(self.slot);
        bytes.push(match self.state {
            State::Pending => 0,
            State::Approved => 1,
            State::Rejected => 2,
        });
    }
}

/// The name of one asking: with another moment, the same question has another, so that a late second click on a page answers
/// nothing that was asked since.
fn id(fingerprint: Fingerprint, now: Timestamp, slot: u8) -> [u8; 10] {
    let bytes = [&fingerprint.0[..], &now.0.to_le_bytes(), &[slot]].concat();
    first(&Sha256::digest(&bytes))
}

/// The first bytes of a digest, which has more.
fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    digest.first_chunk().copied().unwrap_or([0; N])
}
