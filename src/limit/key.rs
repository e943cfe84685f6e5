//! Which counter a charge goes to.

use siphasher::sip128::{Hash128, SipHasher24};

use super::Quota;
use crate::{
    store::{COUNTER_SHARDS, Seed},
    window::Algorithm,
};

/// Whose calls a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers<'a> {
    /// The calls of one grant, by its whole identity.
    Grant(&'a str),
    /// The calls of one grant in one MCP session.
    Session(&'a str, &'a [u8]),
    /// The calls of all grants.
    All,
    /// The calls of all grants that the table has no counter for; those of verified grants apart from the others.
    Overflow {
        /// Whether the grants are verified.
        verified: bool,
    },
}

/// Which of the calls of its callers a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// All of them.
    Whole,
    /// Those whose values have this digest, which `caller` sends now: product contract, section 11.
    Key {
        /// The grant of the caller, whose live keys are counted together in all scopes.
        caller: &'a str,
        /// A digest of the values.
        digest: [u8; 32],
    },
    /// Those of one caller that have no counter of their own, since it has too many keys or the table has no room.
    OtherKeys,
    /// No calls, but the live keys of one caller.
    LiveKeys,
}

/// What names a counter, together with its window and algorithm. It does not contain `max`, so a new `max` keeps the count.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The filter's name in Envoy: two filters never share a counter.
    pub filter: &'a str,
    /// The policy's name.
    pub policy: &'a str,
    /// The counter's name in the policy.
    pub counter: &'a str,
    /// Whose calls it counts.
    pub callers: Callers<'a>,
    /// Which of them.
    pub part: Part<'a>,
}

/// Where the table keeps a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterSlot {
    /// The cell of the counter's shard.
    pub cell: u16,
    /// The counter in it: 128 bits of a hash whose key callers do not know, so that no two counters ever meet, by accident or
    /// by intent.
    pub fingerprint: [u8; 16],
}

impl Callers<'_> {
    /// The scope as a policy names it, or `overflow`.
    #[must_use]
    pub fn scope(&self) -> &'static str {
        match self {
            Self::Grant(_) => "grant",
            Self::Session(..) => "session",
            Self::All => "global",
            Self::Overflow { .. } => "overflow",
        }
    }
}

impl Key<'_> {
    /// The scope as a policy names it; `key` for one of many by values that callers send, or `overflow`.
    #[must_use]
    pub fn scope(&self) -> &'static str {
        if let Part::Key { .. } = self.part { "key" } else { self.callers.scope() }
    }

    /// Where the table with this secret keeps the counter.
    #[must_use]
    pub fn slot(&self, quota: &Quota, seed: &Seed) -> CounterSlot {
        // In one piece: the hasher takes long to be handed parts of a few bytes.
        let mut text = Vec::with_capacity(USUAL_TEXT);
        for part in [self.filter, self.policy, self.counter] {
            append(&mut text, part.as_bytes());
        }
        text.extend_from_slice(&quota.window.seconds().to_le_bytes());
        text.push(match quota.algorithm {
            Algorithm::Fixed => 0,
            Algorithm::Sliding => 1,
        });
        match self.callers {
            Callers::Grant(grant) => {
                text.push(0);
                append(&mut text, grant.as_bytes());
            }
            Callers::Session(grant, session) => {
                text.push(3);
                append(&mut text, grant.as_bytes());
                append(&mut text, session);
            }
            Callers::All => text.push(1),
            Callers::Overflow { verified: false } => text.push(2),
            Callers::Overflow { verified: true } => text.push(4),
        }
        match self.part {
            Part::Whole => {}
            Part::Key { digest, .. } => {
                text.push(5);
                text.extend_from_slice(&digest);
            }
            Part::OtherKeys => text.push(6),
            Part::LiveKeys => text.push(7),
        }
        let Hash128 { h1, h2 } = SipHasher24::new_with_key(seed).hash(&text);
        let mut fingerprint = [0; 16];
        let (front, back) = fingerprint.split_at_mut(8);
        front.copy_from_slice(&h1.to_le_bytes());
        back.copy_from_slice(&h2.to_le_bytes());
        let cell = u16::try_from(h1 % u64::from(COUNTER_SHARDS.end)).unwrap_or_default();
        CounterSlot { cell, fingerprint }
    }
}

/// Room for the text of most keys, in bytes.
const USUAL_TEXT: usize = 160;

/// The length goes first, so that no two lists of parts make one text.
fn append(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    text.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Algorithm, Callers, Key, Part, Quota};
    use crate::{amount::Amount, window::Window};

    #[test]
    fn each_part_of_a_key_makes_another_counter_and_max_does_not() {
        let quota = Quota { window: Window::new(60).unwrap(), algorithm: Algorithm::Fixed, max: Some(Amount::ONE) };
        let key = Key { filter: "f", policy: "p", counter: "c", callers: Callers::Grant("jwt:a"), part: Part::Whole };
        let part = |byte| Part::Key { caller: "jwt:a", digest: [byte; 32] };
        let keys = [
            (key, quota),
            (Key { filter: "g", ..key }, quota),
            (Key { policy: "q", ..key }, quota),
            (Key { counter: "d", ..key }, quota),
            (Key { filter: "fp", policy: "", ..key }, quota),
            (Key { callers: Callers::Grant("jwt:b"), ..key }, quota),
            (Key { callers: Callers::Session("jwt:a", b"1"), ..key }, quota),
            (Key { callers: Callers::Session("jwt:a", b"2"), ..key }, quota),
            (Key { callers: Callers::All, ..key }, quota),
            (Key { callers: Callers::Overflow { verified: false }, ..key }, quota),
            (Key { callers: Callers::Overflow { verified: true }, ..key }, quota),
            (Key { part: part(1), ..key }, quota),
            (Key { part: part(2), ..key }, quota),
            (Key { callers: Callers::Grant("jwt:b"), part: part(1), ..key }, quota),
            (Key { part: Part::OtherKeys, ..key }, quota),
            (Key { part: Part::LiveKeys, ..key }, quota),
            (key, Quota { window: Window::new(61).unwrap(), ..quota }),
            (key, Quota { algorithm: Algorithm::Sliding, ..quota }),
        ];
        let fingerprint = |(key, quota): &(Key<'_>, Quota)| key.slot(quota, &[7; 16]).fingerprint;
        for (index, one) in keys.iter().enumerate() {
            for other in &keys[index + 1..] {
                assert_ne!(fingerprint(one), fingerprint(other), "{one:?} {other:?}");
            }
        }
        assert_eq!(fingerprint(&(key, Quota { max: Some(Amount::ZERO), ..quota })), fingerprint(&keys[0]));
        assert_ne!(key.slot(&quota, &[8; 16]).fingerprint, fingerprint(&keys[0]), "another secret");
    }

    /// Another place would have every counter start from zero when a new version of the module comes.
    #[test]
    fn a_counter_is_where_the_version_before_kept_it() {
        let quota = Quota { window: Window::new(60).unwrap(), algorithm: Algorithm::Fixed, max: Some(Amount::ONE) };
        let key = Key { filter: "f", policy: "p", counter: "c", callers: Callers::Grant("jwt:a"), part: Part::Whole };
        let slot = key.slot(&quota, &[7; 16]);
        assert_eq!((slot.cell, slot.fingerprint), (1352, 0x4805_3866_4849_e5fb_21f1_729a_dadd_9ab7_u128.to_be_bytes()));
        let part = Part::Key { caller: "jwt:a", digest: [1; 32] };
        let key = Key { callers: Callers::Session("jwt:a", b"1"), part, ..key };
        let slot = key.slot(&Quota { algorithm: Algorithm::Sliding, ..quota }, &[7; 16]);
        assert_eq!((slot.cell, slot.fingerprint), (1219, 0xc314_ea5c_0975_2071_3060_735c_0e6f_1772_u128.to_be_bytes()));
    }
}
