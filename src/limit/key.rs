//! Which count a charge goes to.

use crate::store::Seed;
use siphasher::sip128::{Hash128, Hasher128 as _, SipHasher24};
use std::hash::Hasher as _;

use super::{Algorithm, Window};

/// Whose calls count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Those of one caller: the whole grant.
    Grant(&'a str),
    /// Those of one caller in one MCP session.
    Session(&'a str, &'a [u8]),
    /// Those of all callers of the policy.
    Global,
    /// Those of callers that the table has no room for, each limit for itself, and callers of a verified identity apart
    /// from the others.
    Overflow {
        /// Whether these are counts of callers whose identity was checked.
        verified: bool,
    },
}

/// Everything that makes a count this count. `max` is not part of it: changing it keeps the count.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The filter's name in Envoy: two filters never mix.
    pub filter: &'a str,
    /// The policy's name.
    pub policy: &'a str,
    /// The counter's name.
    pub counter: &'a str,
    /// The window.
    pub window: Window,
    /// How it forgets.
    pub algorithm: Algorithm,
    /// Whose calls.
    pub scope: Scope<'a>,
}

/// A count's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterSlot {
    /// The record cell.
    pub cell: u16,
    /// The count in it. 128 bits of a keyed hash: two counts never meet by accident, nor by intent.
    pub fingerprint: [u8; 16],
}

impl Key<'_> {
    /// Where this count lies in a table of `cells` cells.
    #[must_use]
    pub fn slot(&self, seed: &Seed, cells: u16) -> CounterSlot {
        let mut hasher = SipHasher24::new_with_key(seed);
        for text in [self.filter, self.policy, self.counter] {
            write(&mut hasher, text.as_bytes());
        }
        hasher.write_u32(self.window.seconds());
        hasher.write_u8(match self.algorithm {
            Algorithm::Fixed => 0,
            Algorithm::Sliding => 1,
        });
        match self.scope {
            Scope::Grant(grant) => {
                hasher.write_u8(0);
                write(&mut hasher, grant.as_bytes());
            }
            Scope::Session(grant, session) => {
                hasher.write_u8(3);
                write(&mut hasher, grant.as_bytes());
                write(&mut hasher, session);
            }
            Scope::Global => hasher.write_u8(1),
            Scope::Overflow { verified: false } => hasher.write_u8(2),
            Scope::Overflow { verified: true } => hasher.write_u8(4),
        }
        let Hash128 { h1, h2 } = hasher.finish128();
        let mut fingerprint = [0; 16];
        let (front, back) = fingerprint.split_at_mut(8);
        front.copy_from_slice(&h1.to_le_bytes());
        back.copy_from_slice(&h2.to_le_bytes());
        let cell = u16::try_from(h1 % u64::from(cells.max(1))).unwrap_or_default();
        CounterSlot { cell, fingerprint }
    }
}

/// The length goes first, so that no two lists of parts are hashed alike.
fn write(hasher: &mut SipHasher24, part: &[u8]) {
    hasher.write_u64(part.len() as u64);
    hasher.write(part);
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Algorithm, Key, Scope, Window};

    #[test]
    fn each_part_of_a_key_makes_another_count() {
        let window = Window::new(60).unwrap();
        let key = Key {
            filter: "f",
            policy: "p",
            counter: "c",
            window,
            algorithm: Algorithm::Fixed,
            scope: Scope::Grant("jwt:a"),
        };
        let keys = [
            key,
            Key { filter: "g", ..key },
            Key { policy: "q", ..key },
            Key { counter: "d", ..key },
            Key { filter: "fp", policy: "", ..key },
            Key { window: Window::new(61).unwrap(), ..key },
            Key { algorithm: Algorithm::Sliding, ..key },
            Key { scope: Scope::Grant("jwt:b"), ..key },
            Key { scope: Scope::Session("jwt:a", b"1"), ..key },
            Key { scope: Scope::Session("jwt:a", b"2"), ..key },
            Key { scope: Scope::Global, ..key },
            Key { scope: Scope::Overflow { verified: false }, ..key },
            Key { scope: Scope::Overflow { verified: true }, ..key },
        ];
        let place = |key: &Key<'_>| key.slot(&[7; 16], 4096);
        for (index, one) in keys.iter().enumerate() {
            for other in &keys[index + 1..] {
                assert_ne!(place(one).fingerprint, place(other).fingerprint, "{one:?} {other:?}");
            }
        }
        assert_eq!(place(&key), place(&key));
        assert_ne!(key.slot(&[8; 16], 4096).fingerprint, place(&key).fingerprint);
    }
}
