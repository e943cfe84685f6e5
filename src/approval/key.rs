//! What an approval is bound to.

use base16ct::lower;

use crate::{
    digest::Digest,
    identity::Grant,
    json::{Node, Reader},
};

use super::canonical;

/// The longest parameters that can be approved, in bytes: an approver has to read them.
pub const MAX_PARAMS: usize = 16 << 10;

/// A call that needs approval. An approval holds for calls that are equal in all of this.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalKey<'q> {
    /// The filter's name in Envoy.
    pub filter: &'q str,
    /// The policy's name.
    pub policy: &'q str,
    /// Digest of the configuration.
    pub config: &'q str,
    /// The rule that requires approval: a JSON pointer into the policy.
    pub rule: &'q str,
    /// The name of Envoy's route; empty if it has none.
    pub route: &'q str,
    /// The name of Envoy's cluster: the server that the call goes to; empty if not known.
    pub cluster: &'q str,
    /// The caller, since the store keeps no credential.
    pub grant: GrantDigest,
    /// The method.
    pub method: &'q str,
    /// The tool, prompt or resource.
    pub name: &'q str,
    /// The bytes of `params`: an object that the strict reader has accepted.
    pub params: &'q [u8],
}

/// A digest of an [`ApprovalKey`]: two calls have the same one only if an approval of the one holds for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub(super) Digest);

/// The digest of a grant, which the store keeps in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantDigest(Digest);

impl GrantDigest {
    /// The digest of the identity that counters, approvals and audit records use.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        Self(Digest::of(grant.id().as_bytes()))
    }

    /// Reads the bytes that [`Self::as_bytes`] gives; `None` if there are more or fewer.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Digest::from_bytes(bytes)))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl Fingerprint {
    /// Its first 16 bytes in hexadecimal digits, as a name.
    #[must_use]
    pub fn id(&self) -> String {
        lower::encode_string(&self.0.first_bytes::<16>())
    }
}

/// Reads the id of an approval as [`Approval::id_text`](super::Approval::id_text) writes it; `None` if the text is not an id.
#[must_use]
pub fn parse_id(text: &str) -> Option<[u8; 10]> {
    let mut id = [0; 10];
    // A longer text, and a digit in upper case, is an error: an id has one spelling.
    let length = lower::decode(text, &mut id).ok()?.len();
    (length == id.len()).then_some(id)
}

impl ApprovalKey<'_> {
    /// Its fingerprint; `None` if the parameters are longer than [`MAX_PARAMS`], or not an object that the strict reader
    /// accepts. `_meta` is not part of it: tokens for progress and traces differ with each call. Absent, empty and `null`
    /// arguments are equal.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        if self.params.len() > MAX_PARAMS {
            return None;
        }
        let mut reader = Reader::new(self.params, u32::MAX).ok()?;
        let params = canonical::canonical_params(Node::read(&mut reader).ok()?);
        let mut bytes = Vec::with_capacity(self.params.len());
        let Self { filter, policy, config, rule, route, cluster, grant, method, name, .. } = self;
        canonical::write_sized(grant.as_bytes(), &mut bytes);
        for text in [filter, policy, config, rule, route, cluster, method, name] {
            canonical::write_sized(text.as_bytes(), &mut bytes);
        }
        canonical::write(&params, &mut bytes)?;
        Some(Fingerprint(Digest::of(&bytes)))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ApprovalKey, Digest, Fingerprint, GrantDigest, MAX_PARAMS, parse_id};

    const KEY: ApprovalKey<'_> = ApprovalKey {
        filter: "f",
        policy: "p",
        config: "c",
        rule: "/tools/pay/require_approval/0",
        route: "mcp",
        cluster: "bank",
        grant: GrantDigest(Digest::from_bytes([1; 32])),
        method: "tools/call",
        name: "pay",
        params: br#"{"name":"pay","arguments":{"amount":100,"to":"x"}}"#,
    };

    fn of(params: &str) -> Option<Fingerprint> {
        ApprovalKey { params: params.as_bytes(), ..KEY }.fingerprint()
    }

    #[test]
    fn spelling_and_meta_do_not_change_the_fingerprint() {
        for params in [
            r#"{"arguments":{"to":"x","amount":100},"name":"pay"}"#,
            r#" { "name" : "p\u0061y", "arguments": { "amount" : 1e2 , "to":"x" } } "#,
            r#"{"name":"pay","arguments":{"amount":100.00,"to":"x"},"_meta":{"progressToken":7}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"inputResponses":{"mcp-policy/approval":{"action":"accept"}}}"#,
            r#"{"inputResponses":{"mcp-policy\/approval":null},"name":"pay","arguments":{"amount":100,"to":"x"}}"#,
        ] {
            assert_eq!(of(params), KEY.fingerprint(), "{params}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!(parse_id("00ff0102030405060708"), Some([0, 0xff, 1, 2, 3, 4, 5, 6, 7, 8]));
        for text in [
            "",
            "00",
            "00ff01020304050607080",
            "00ff010203040506070809",
            "00FF0102030405060708",
            "0xff0102030405060708",
        ] {
            assert_eq!(parse_id(text), None, "{text:?}");
        }
    }

    #[test]
    fn absent_empty_and_null_arguments_have_one_fingerprint() {
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
    fn every_other_difference_changes_the_fingerprint() {
        for params in [
            r#"{"name":"pay","arguments":{"amount":100.01,"to":"x"}}"#,
            r#"{"name":"pay","arguments":{"amount":"100","to":"x"}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x","_meta":1}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":["x"]}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":null}}"#,
            r#"{"name":"pay","arguments":{"amount":100}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"task":{}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"inputResponses":{}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"inputResponses":["mcp-policy/approval"]}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"inputResponses":{"mcp-policy/approval":1,"other":{}}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x","inputResponses":{"mcp-policy/approval":1}}}"#,
            r#"{"name":"pay","arguments":{"amount":100,"to":"x"},"requestState":"s"}"#,
        ] {
            assert_ne!(of(params), KEY.fingerprint(), "{params}");
        }
        let others = [
            ApprovalKey { filter: "g", ..KEY },
            ApprovalKey { policy: "q", ..KEY },
            ApprovalKey { config: "d", ..KEY },
            ApprovalKey { rule: "/tools/pay/require_approval/1", ..KEY },
            ApprovalKey { route: "test", ..KEY },
            ApprovalKey { cluster: "test", ..KEY },
            ApprovalKey { grant: GrantDigest(Digest::from_bytes([2; 32])), ..KEY },
            ApprovalKey { method: "prompts/get", ..KEY },
            ApprovalKey { name: "pays", ..KEY },
            // No text moves from one field into the next.
            ApprovalKey { filter: "fp", policy: "", ..KEY },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), KEY.fingerprint(), "{other:?}");
        }
    }

    #[test]
    fn parameters_that_are_too_long_or_unreadable_have_no_fingerprint() {
        let long = format!(r#"{{"name":"pay","arguments":{{"text":"{}"}}}}"#, "x".repeat(MAX_PARAMS));
        assert_eq!(of(&long), None);
        assert_eq!(of("{"), None);
    }
}
