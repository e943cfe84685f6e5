//! All approvals of one Envoy, pending or decided, and their transitions.

use base16ct::lower;

use crate::{digest::Digest, store::HEADER, time::Timestamp};

use super::{ApprovalKey, Fingerprint};

#[cfg(test)]
mod tests;

/// The approvals of one Envoy.
///
/// Invariant: no two have the same fingerprint, or the same slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals(Vec<Approval>);

/// One approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The call that it is bound to.
    pub fingerprint: Fingerprint,
    /// Names this request: the same call, requested again later, has another id.
    pub id: [u8; 10],
    /// Which of the cells holds its details.
    pub slot: u8,
    /// Whether it is decided.
    pub state: State,
    /// When it was requested, in seconds since the epoch.
    pub requested_at: u64,
    /// When it expires, in seconds since the epoch.
    pub expires_at: u64,
    /// How long it lives, pending and again once it is decided, in seconds.
    pub ttl: u32,
    /// Whether the caller's identity is verified, for the bounds.
    is_verified: bool,
    /// Digests of the caller's grant and of the policy, for the bounds.
    grant: [u8; 8],
    policy: [u8; 8],
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing yet.
    Pending,
    /// One call may pass.
    Approved,
    /// No call may pass.
    Rejected,
}

/// What waits for an approver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The number of approvals.
    pub count: usize,
    /// When the oldest was requested, in seconds since the epoch; `None` if none is pending.
    pub oldest: Option<u64>,
}

/// Too many approvals are pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyPending;

/// No approval with this id is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPending;

const RECORD: usize = 80;
/// Approvals in all.
const MAX: usize = 256;
/// Pending ones of one policy, and of one grant; product contract, section 7.
const MAX_OF_POLICY: usize = 64;
const MAX_OF_GRANT: usize = 8;
/// The bit of the state's byte that says that the caller is unverified.
const UNVERIFIED: u8 = 1 << 7;

impl Approvals {
    /// Approvals that another store keeps one by one.
    pub(super) fn from_entries(entries: Vec<Approval>) -> Self {
        Self(entries)
    }

    /// Reads the bytes of the cell; `None` if they are not a registry of this format.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.strip_prefix(HEADER)?.chunks(RECORD).map(Approval::read).collect::<Option<_>>().map(Self)
    }

    /// The bytes of the cell.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        self.0.iter().for_each(|entry| entry.write(&mut bytes));
        bytes
    }

    /// The approvals that have not expired, in the order of their requests.
    pub fn entries(&self, now: Timestamp) -> impl Iterator<Item = &Approval> {
        self.0.iter().filter(move |entry| entry.is_alive(now))
    }

    /// How many approvals are pending, and when the oldest of them was requested, in seconds since the epoch.
    #[must_use]
    pub fn pending(&self, now: Timestamp) -> Pending {
        let requested =
            || self.entries(now).filter(|entry| entry.state == State::Pending).map(|entry| entry.requested_at);
        Pending { count: requested().count(), oldest: requested().min() }
    }

    /// The approval of a call, if it was requested and has not expired.
    #[must_use]
    pub fn find(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<Approval> {
        self.entries(now).find(|entry| entry.fingerprint == fingerprint).copied()
    }

    /// Requests an approval, or finds the one that was requested before. It lives for `ttl` seconds, and as long again once it
    /// is decided.
    ///
    /// # Errors
    /// Too many are pending of the caller, of the policy, or in all. Unverified callers can take any number of names, so of each
    /// bound they have half.
    pub fn request(
        &mut self,
        key: &ApprovalKey<'_>,
        fingerprint: Fingerprint,
        ttl: u32,
        is_verified: bool,
        now: Timestamp,
    ) -> Result<Approval, TooManyPending> {
        if let Some(known) = self.find(fingerprint, now) {
            return Ok(known);
        }
        self.0.retain(|entry| entry.is_alive(now));
        let [grant, policy] = [&key.grant.as_bytes()[..], key.policy.as_bytes()].map(|of| Digest::of(of).first_bytes());
        // All callers share a bound, and unverified ones half of it.
        let exceeds = |of: &dyn Fn(&Approval) -> bool, max: usize| {
            let count = |unverified: bool| {
                self.0.iter().filter(|entry| of(entry) && !(unverified && entry.is_verified)).count()
            };
            count(false) >= max || !is_verified && count(true) >= max / 2
        };
        let is_pending = |entry: &Approval| entry.state == State::Pending;
        let is_full = exceeds(&|_| true, MAX)
            || exceeds(&|entry| is_pending(entry) && entry.policy == policy, MAX_OF_POLICY)
            || exceeds(&|entry| is_pending(entry) && entry.grant == grant, MAX_OF_GRANT);
        let slot = (0..=u8::MAX).find(|slot| self.0.iter().all(|entry| entry.slot != *slot));
        let slot = slot.filter(|_| !is_full).ok_or(TooManyPending)?;
        let requested_at = now.seconds();
        let until = requested_at.saturating_add(u64::from(ttl));
        let id = make_id(fingerprint, now, slot);
        let entry = Approval {
            fingerprint,
            id,
            slot,
            state: State::Pending,
            requested_at,
            expires_at: until,
            ttl,
            is_verified,
            grant,
            policy,
        };
        self.0.push(entry);
        Ok(entry)
    }

    /// Approves or rejects; the approval then lives for another `ttl`.
    ///
    /// # Errors
    /// It is not pending.
    pub fn decide(&mut self, id: [u8; 10], approved: bool, now: Timestamp) -> Result<Approval, NotPending> {
        let entry = self.0.iter_mut().find(|entry| entry.id == id && entry.is_alive(now)).ok_or(NotPending)?;
        if entry.state != State::Pending {
            return Err(NotPending);
        }
        entry.state = if approved { State::Approved } else { State::Rejected };
        entry.expires_at = now.seconds().saturating_add(u64::from(entry.ttl));
        Ok(*entry)
    }

    /// Takes an approval out, for one call; `None` if there is none that is approved.
    pub fn consume(&mut self, fingerprint: Fingerprint, now: Timestamp) -> Option<Approval> {
        let is_this = |entry: &Approval| entry.fingerprint == fingerprint && entry.state == State::Approved;
        let index = self.0.iter().position(|entry| is_this(entry) && entry.is_alive(now))?;
        Some(self.0.remove(index))
    }

    /// Puts an approval back whose call cannot have reached a server. It is lost if the same call has requested another since,
    /// or if another uses its slot: no approval lets two calls pass.
    pub fn restore(&mut self, consumed: Approval, now: Timestamp) {
        let is_free =
            self.0.iter().all(|entry| entry.fingerprint != consumed.fingerprint && entry.slot != consumed.slot);
        if is_free && consumed.is_alive(now) {
            self.0.push(consumed);
        }
    }
}

impl Approval {
    /// Its id in hexadecimal digits, as people and programs write it.
    #[must_use]
    pub fn id_text(&self) -> String {
        lower::encode_string(&self.id)
    }

    /// Whether it has not expired.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at > now.seconds()
    }

    /// Reads the bytes of one approval.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk::<32>()?;
        let (id, rest) = rest.split_first_chunk::<10>()?;
        let (grant, rest) = rest.split_first_chunk::<8>()?;
        let (policy, rest) = rest.split_first_chunk::<8>()?;
        let (requested_at, rest) = rest.split_first_chunk::<8>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (life, rest) = rest.split_first_chunk::<4>()?;
        let [slot, state] = rest else { return None };
        let is_verified = state & UNVERIFIED == 0;
        let state = match state & !UNVERIFIED {
            0 => State::Pending,
            1 => State::Approved,
            2 => State::Rejected,
            _ => return None,
        };
        Some(Self {
            fingerprint: Fingerprint(Digest::from_bytes(*fingerprint)),
            id: *id,
            slot: *slot,
            state,
            requested_at: u64::from_le_bytes(*requested_at),
            expires_at: u64::from_le_bytes(*until),
            ttl: u32::from_le_bytes(*life),
            is_verified,
            grant: *grant,
            policy: *policy,
        })
    }

    /// Writes the bytes of one approval.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.fingerprint.0.as_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.grant);
        bytes.extend_from_slice(&self.policy);
        bytes.extend_from_slice(&self.requested_at.to_le_bytes());
        bytes.extend_from_slice(&self.expires_at.to_le_bytes());
        bytes.extend_from_slice(&self.ttl.to_le_bytes());
        bytes.push(self.slot);
        let state = match self.state {
            State::Pending => 0,
            State::Approved => 1,
            State::Rejected => 2,
        };
        bytes.push(state | if self.is_verified { 0 } else { UNVERIFIED });
    }
}

/// The id of one request. The same call has another id at another time, so that a late click on a page decides no later
/// request.
fn make_id(fingerprint: Fingerprint, now: Timestamp, slot: u8) -> [u8; 10] {
    Digest::of_all(&[fingerprint.0.as_bytes(), &now.0.to_le_bytes(), &[slot]]).first_bytes()
}
