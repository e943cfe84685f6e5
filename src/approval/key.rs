//! What an approval is bound to.

use sha2::{Digest as _, Sha256};

use crate::{
    hex::hex,
    json::{Node, Reader},
};

use super::canonical;

/// Longer parameters cannot be approved, in bytes: nobody would read them.
pub const MAX_PARAMS: usize = 16 << 10;

/// A call that somebody is asked about. An approval holds for exactly this.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalKey<'q> {
    /// The filter's name in Envoy.
    pub filter: &'q str,
    /// The policy's name.
    pub policy: &'q str,
    /// Digest of the configuration.
    pub config: &'q str,
    /// The rule that asks: a JSON pointer into the policy.
    pub rule: &'q str,
    /// Who asks: the [`digest`] of the grant, since no credential is kept.
    pub grant: &'q [u8],
    /// The method.
    pub method: &'q str,
    /// The tool, prompt or resource.
    pub name: &'q str,
    /// The bytes of `params`: an object that the strict reader has accepted.
    pub params: &'q [u8],
}

/// What two questions have in common only if they are the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub(super) [u8; 32]);

/// What a grant is known by.
#[must_use]
pub fn digest(grant: &str) -> [u8; 32] {
    Sha256::digest(grant.as_bytes()).into()
}

impl Fingerprint {
    /// The first half of it, in hexadecimal digits: enough of a name.
    #[must_use]
    pub fn name(&self) -> String {
        hex(self.0.first_chunk::<16>().map_or(&[], |half| half))
    }
}

/// The name of an asking, as [`Approval::name`](super::Approval::name) spells it.
#[must_use]
pub fn id(text: &str) -> Option<[u8; 10]> {
    if text.len() != 20 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut id = [0; 10];
    for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(id)
}

impl ApprovalKey<'_> {
    /// Its fingerprint. `_meta` is not part of it: tokens for progress and traces differ with each call. Absent, empty
    /// and `null` arguments are one call.
    ///
    /// `None` if the parameters are too long, or no object that could have been judged.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        if self.params.len() > MAX_PARAMS {
            return None;
        }
        let mut reader = Reader::new(self.params, u32::MAX).ok()?;
        let params = canonical::significant(Node::read(&mut reader).ok()?);
        let mut bytes = Vec::with_capacity(self.params.len());
        let Self { filter, policy, config, rule, grant, method, name, .. } = self;
        canonical::sized(grant, &mut bytes);
        for text in [filter, policy, config, rule, method, name] {
            canonical::sized(text.as_bytes(), &mut bytes);
        }
        canonical::write(&params, &mut bytes)?;
        Some(Fingerprint(Sha256::digest(&bytes).into()))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ApprovalKey, Fingerprint, MAX_PARAMS};

    const QUESTION: ApprovalKey<'_> = ApprovalKey {
        filter: "f",
        policy: "p",
        config: "c",
        rule: "/tools/pay/require_approval/0",
        grant: b"jwt:a",
        method: "tools/call",
        name: "pay",
        params: br#"{"name":"pay","arguments":{"amount":100,"to":"x"}}"#,
    };

    fn of(params: &str) -> Option<Fingerprint> {
        ApprovalKey { params: params.as_bytes(), ..QUESTION }.fingerprint()
    }

    #[test]
    fn spelling_and_meta_are_no_part_of_a_question() {
        for params in [
            r#"{"arguments":{"to":"x","amount":100},"name":"pay"}"#,
            r#" { "name" : "p\u0061y", "arguments": { "amount" : 1e2 , "to":"x" } } "#,
            r#"{"name":"pay","arguments":{"amount":100.00,"to":"x"},"_meta":{"progressToken":7}}"#,
        ] {
            assert_eq!(of(params), QUESTION.fingerprint(), "{params}");
        }
    }

    #[test]
    fn a_call_without_arguments_is_one_question_however_it_says_so() {
        let absent = of(r#"{"name":"pay"}"#);
        assert_eq!(of(r#"{"name":"pay","arguments":{}}"#), absent);
        assert_eq!(of(r#"{"name":"pay","arguments":null,"_meta":{}}"#), absent);
        for other in
            [r#"{"name":"pay","arguments":{"a":null}}"#, r#"{"name":"pay","arguments":[]}"#, r#"{"name":"pay","a":{}}"#]
        {
            assert_ne!(of(other), absent, "{other}");
        }
    }

    #[test]
    fn whatever_else_differs_is_another_question() {
        for params in [
            r#"{"name":"pay","arguments":{"amount":100.01,"to":"x"}}"#,
            r#"{"name":"pay","arguments":{"amount":"100","to":"x"}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x","_meta":1}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":["x"]}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":null}}"#,
            r#"{"name":"pay","arguments":{"amount":100}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"task":{}}"#,
        ] {
            assert_ne!(of(params), QUESTION.fingerprint(), "{params}");
        }
        let others = [
            ApprovalKey { filter: "g", ..QUESTION },
            ApprovalKey { policy: "q", ..QUESTION },
            ApprovalKey { config: "d", ..QUESTION },
            ApprovalKey { rule: "/tools/pay/require_approval/1", ..QUESTION },
            ApprovalKey { grant: b"jwt:b", ..QUESTION },
            ApprovalKey { method: "prompts/get", ..QUESTION },
            ApprovalKey { name: "pays", ..QUESTION },
            // What stands beside each other cannot be shifted.
            ApprovalKey { filter: "fp", policy: "", ..QUESTION },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), QUESTION.fingerprint(), "{other:?}");
        }
    }

    #[test]
    fn what_nobody_would_read_cannot_be_asked() {
        let long = format!(r#"{{"name":"pay","arguments":{{"text":"{}"}}}}"#, "x".repeat(MAX_PARAMS));
        assert_eq!(of(&long), None);
        assert_eq!(of("{"), None);
    }
}
