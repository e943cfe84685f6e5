//! All drifts of one Envoy, and their transitions.

use std::num::NonZeroU64;

use base16ct::lower;

use super::{Configuration, DriftKey};
use crate::{digest::Digest, store::HEADER, time::Timestamp};

/// What is known of the drifts of one Envoy.
///
/// Invariant: no two have the same key, or the same slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drifts(Vec<Drift>);

/// A pinned tool whose definition in a list differed from its pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The tool; or all tools of a policy whose drifts have no place.
    pub key: DriftKey,
    /// Which of the cells holds its details.
    pub slot: u8,
    /// The configuration under which it was seen last.
    pub configuration: Configuration,
    /// The definition that was seen last.
    pub seen: Digest,
    /// When a list showed another definition than the pinned one first, in seconds since the epoch.
    pub first_seen: u64,
    /// When a list showed one last, in seconds since the epoch.
    pub last_seen: u64,
    /// Since when every list has shown a pinned definition, in seconds since the epoch; `None` if the last one did not.
    mended_at: Option<NonZeroU64>,
    /// The definition that an approver accepted, and the configuration in which it counts as pinned.
    accepted: Option<(Digest, Configuration)>,
}

/// What becomes of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftState {
    /// They are denied.
    Drifted,
    /// They pass: an approver accepted what was seen.
    Accepted,
    /// They pass: lists have shown pinned definitions long enough.
    Mended,
}

/// What a list showed of a pinned tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A definition that is pinned or accepted.
    Pinned,
    /// Another one.
    Other(Digest),
}

/// No drift has this id, or something else was seen since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDrift;

const RECORD: usize = 16 + 8 + 8 + 32 + 32 + 8 + 8 + 8 + 8 + 1;
/// Drifts in all.
const MAX: usize = 256;
/// Those of one policy: a server whose every tool changes takes no place of another policy.
const MAX_OF_POLICY: usize = 64;
/// How long every list has to show pinned definitions until calls pass again, in seconds; product contract, section 12.
const MEND: u64 = 600;

impl Drifts {
    /// Reads the bytes of the cell; `None` if they are not of this format.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.strip_prefix(HEADER)?.chunks(RECORD).map(Drift::read).collect::<Option<_>>().map(Self)
    }

    /// The bytes of the cell.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        self.0.iter().for_each(|drift| drift.write(&mut bytes));
        bytes
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All drifts, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Drift> {
        self.0.iter()
    }

    /// Whether calls of the tool with this key are denied.
    #[must_use]
    pub fn denies(&self, key: DriftKey, configuration: Configuration, now: Timestamp) -> bool {
        self.find(key).is_some_and(|drift| drift.state(configuration, now) == DriftState::Drifted)
    }

    /// The definition of this tool that an approver accepted in this configuration.
    #[must_use]
    pub fn accepted(&self, key: DriftKey, configuration: Configuration) -> Option<Digest> {
        self.find(key)?.accepted_in(configuration)
    }

    /// Takes what a list showed of a tool. Returns the drift whose details have to be written: one that is new, or whose
    /// definition is another one than before.
    ///
    /// A drift that has no place becomes one of all tools of the policy, whose key is `overflow`.
    pub fn see(
        &mut self,
        key: DriftKey,
        overflow: DriftKey,
        listed: Listed,
        configuration: Configuration,
        now: Timestamp,
    ) -> Option<Drift> {
        let seconds = now.seconds();
        let known = self.0.iter().position(|drift| drift.key == key);
        match (listed, known.and_then(|index| Some((index, self.0.get_mut(index)?)))) {
            (Listed::Pinned, None) => None,
            (Listed::Pinned, Some((index, drift))) => {
                if drift.is_accepted_elsewhere(configuration) {
                    (drift.accepted, drift.mended_at) = (None, None);
                }
                match drift.state(configuration, now) {
                    DriftState::Mended if drift.accepted_in(configuration).is_none() => drop(self.0.remove(index)),
                    // A clock that stepped back starts the time again.
                    _ => {
                        let since = drift.mended_at.map_or(seconds, |since| since.get().min(seconds));
                        drift.mended_at = NonZeroU64::new(since);
                    }
                }
                None
            }
            (Listed::Other(seen), Some((_, drift))) => {
                let is_other = drift.seen != seen || drift.configuration != configuration;
                (drift.seen, drift.configuration) = (seen, configuration);
                (drift.last_seen, drift.mended_at) = (seconds, None);
                is_other.then_some(*drift)
            }
            (Listed::Other(seen), None) => {
                let slot = self.free_slot(key, configuration, now);
                let is_overflow = slot.is_none();
                let drift = Drift {
                    key: if is_overflow { overflow } else { key },
                    slot: slot.unwrap_or(u8::MAX),
                    configuration,
                    seen,
                    first_seen: seconds,
                    last_seen: seconds,
                    mended_at: None,
                    accepted: None,
                };
                match self.0.iter_mut().find(|known| known.key == drift.key) {
                    Some(known) => (known.last_seen, known.mended_at) = (seconds, None),
                    None => self.0.push(drift),
                }
                (!is_overflow).then_some(drift)
            }
        }
    }

    /// Whether another drift with this key would have no place.
    #[must_use]
    pub fn is_full(&self, key: DriftKey) -> bool {
        let of_policy = self.0.iter().filter(|drift| drift.key.policy == key.policy && !drift.is_overflow()).count();
        of_policy >= MAX_OF_POLICY || self.0.len() >= MAX
    }

    /// Forgets drifts whose tools have other pins now, and gives their places back.
    pub fn forget(&mut self, outdated: &[DriftKey]) {
        self.0.retain(|drift| !outdated.contains(&drift.key));
    }

    /// Notes that every drift of a list has a place, so that the drift of all tools of the policy ends in time.
    pub fn see_room(&mut self, overflow: DriftKey, configuration: Configuration, now: Timestamp) {
        self.see(overflow, overflow, Listed::Pinned, configuration, now);
    }

    /// Accepts the definition that was seen: it counts as pinned in the configuration under which it was.
    ///
    /// # Errors
    /// There is no such drift, or another definition was seen since.
    pub fn accept(&mut self, id: [u8; 10]) -> Result<Drift, UnknownDrift> {
        let drift = self.0.iter_mut().find(|drift| drift.id() == id).ok_or(UnknownDrift)?;
        drift.accepted = Some((drift.seen, drift.configuration));
        Ok(*drift)
    }

    fn find(&self, key: DriftKey) -> Option<&Drift> {
        self.0.iter().find(|drift| drift.key == key)
    }

    /// A slot for another drift of this policy, if it has room. What has ended gives its place back.
    fn free_slot(&mut self, key: DriftKey, configuration: Configuration, now: Timestamp) -> Option<u8> {
        self.0.retain(|drift| {
            drift.state(configuration, now) != DriftState::Mended || drift.accepted_in(configuration).is_some()
        });
        let used = |slot: u8| self.0.iter().any(|drift| drift.slot == slot && !drift.is_overflow());
        (0..=u8::MAX).find(|slot| !used(*slot)).filter(|_| !self.is_full(key))
    }
}

impl Drift {
    /// What becomes of calls, under this configuration.
    #[must_use]
    pub fn state(&self, configuration: Configuration, now: Timestamp) -> DriftState {
        if self.accepted_in(configuration) == Some(self.seen) {
            return DriftState::Accepted;
        }
        let is_mended = self.mended_at.is_some_and(|since| now.seconds() >= since.get().saturating_add(MEND));
        if is_mended && !self.is_accepted_elsewhere(configuration) { DriftState::Mended } else { DriftState::Drifted }
    }

    /// Whether no list has shown it for so long that calls would pass if every list had shown the pin.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        now.seconds() >= self.last_seen.saturating_add(MEND)
    }

    /// Whether it is that of all tools of a policy, since no place was left for their own drifts.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        self.key.tool.starts_with(&self.key.policy)
    }

    /// Since when every list has shown a pinned definition, in seconds since the epoch.
    #[must_use]
    pub fn mended_at(&self) -> Option<u64> {
        self.mended_at.map(NonZeroU64::get)
    }

    /// Names this drift and what was seen: another definition has another id, so that a late click accepts no later one.
    #[must_use]
    pub fn id(&self) -> [u8; 10] {
        Digest::of_all(&[&self.key.tool, self.seen.as_bytes()]).first_bytes()
    }

    /// The id in hexadecimal digits.
    #[must_use]
    pub fn id_text(&self) -> String {
        lower::encode_string(&self.id())
    }

    /// Whether what an approver accepted counted as pinned in another configuration only: what lists showed there mends nothing here.
    fn is_accepted_elsewhere(&self, configuration: Configuration) -> bool {
        self.accepted.is_some_and(|(_, of)| of != configuration)
    }

    fn accepted_in(&self, configuration: Configuration) -> Option<Digest> {
        self.accepted.filter(|(_, of)| *of == configuration).map(|(digest, _)| digest)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (tool, rest) = bytes.split_first_chunk::<16>()?;
        let (policy, rest) = rest.split_first_chunk::<8>()?;
        let (configuration, rest) = rest.split_first_chunk::<8>()?;
        let (seen, rest) = rest.split_first_chunk::<32>()?;
        let (accepted, rest) = rest.split_first_chunk::<32>()?;
        let (accepted_in, rest) = rest.split_first_chunk::<8>()?;
        let (first_seen, rest) = rest.split_first_chunk::<8>()?;
        let (last_seen, rest) = rest.split_first_chunk::<8>()?;
        let (mended_at, rest) = rest.split_first_chunk::<8>()?;
        let [slot] = rest else { return None };
        let accepted =
            (*accepted != [0; 32]).then(|| (Digest::from_bytes(*accepted), Configuration::from_bytes(*accepted_in)));
        Some(Self {
            key: DriftKey { tool: *tool, policy: *policy },
            slot: *slot,
            configuration: Configuration::from_bytes(*configuration),
            seen: Digest::from_bytes(*seen),
            first_seen: u64::from_le_bytes(*first_seen),
            last_seen: u64::from_le_bytes(*last_seen),
            mended_at: NonZeroU64::new(u64::from_le_bytes(*mended_at)),
            accepted,
        })
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.key.tool);
        bytes.extend_from_slice(&self.key.policy);
        bytes.extend_from_slice(self.configuration.as_bytes());
        bytes.extend_from_slice(self.seen.as_bytes());
        match &self.accepted {
            Some((digest, configuration)) => {
                bytes.extend_from_slice(digest.as_bytes());
                bytes.extend_from_slice(configuration.as_bytes());
            }
            None => bytes.extend_from_slice(&[0; 40]),
        }
        for number in [self.first_seen, self.last_seen, self.mended_at().unwrap_or_default()] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.push(self.slot);
    }
}
