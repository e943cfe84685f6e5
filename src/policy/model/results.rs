//! `results`: what the answers to calls may hold; product contract, section 13.

use std::{fmt, sync::Arc};

use crate::policy::condition::RegexMatcher;

/// What one rule says about answers.
#[derive(Clone, Debug)]
pub struct ResultRules {
    /// Its place: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// A longer message is refused, in bytes.
    pub max_bytes: usize,
    /// What is replaced, and by what.
    pub redact: Vec<Redaction>,
    /// A find of one of these refuses the answer.
    pub deny_if: Vec<Finder>,
    /// The policy author's reason, which the agent gets if one of `deny_if` finds something.
    pub on_deny: Option<Box<str>>,
}

/// What is replaced, and by what.
#[derive(Clone, Debug)]
pub struct Redaction {
    /// What is looked for.
    pub finder: Finder,
    /// What takes its place.
    pub replace: Box<str>,
}

/// The rules that apply to one answer, taken together: every finder once, any `deny_if`, the smallest `max_bytes`.
#[derive(Clone, Debug)]
pub struct MergedResults {
    /// What becomes of the finds of each finder.
    pub treatments: Vec<Treatment>,
    /// A longer message is refused, in bytes.
    pub max_bytes: usize,
    /// The entry of the policy that says so.
    pub max_pointer: Box<str>,
}

/// What becomes of the finds of one finder.
#[derive(Clone, Debug)]
pub struct Treatment {
    /// What is looked for.
    pub finder: Finder,
    /// The entry of the policy that decides: one of `deny_if`, if one looks for the same.
    pub pointer: Box<str>,
    /// What takes the place of a find; `None` if a find refuses the answer.
    pub replace: Option<Box<str>>,
    /// The policy author's reason, which the agent gets if a find refuses the answer.
    pub on_deny: Option<Box<str>>,
}

/// What is looked for in the texts of an answer.
#[derive(Clone, Debug)]
pub enum Finder {
    /// A format that is known.
    BuiltIn(BuiltIn),
    /// An expression of the policy.
    Expression(Arc<Expression>),
}

/// The formats that are known. The order is that of [`BuiltIn::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// An e-mail address; RFC 5321 and 6531.
    Email,
    /// The number of a payment card, with its check digit.
    CreditCard,
    /// An IBAN, with its length and checksum; ISO 13616.
    Iban,
    /// A private key in PEM or SSH2 form; RFC 7468, RFC 4716.
    PrivateKey,
    /// A JSON Web Token; RFC 7519.
    Jwt,
    /// An access key of AWS, or the secret that belongs to it.
    AwsKey,
    /// A token of GitHub.
    GithubToken,
    /// A token of Slack.
    SlackToken,
    /// The token behind the word `Bearer`; RFC 6750.
    BearerToken,
    /// A grant of this gateway, with its checksum.
    McpGrant,
}

/// An expression, and a text beside which it is looked for.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The expression.
    pub regex: RegexMatcher,
    /// A text that is searched first, 3 to 64 bytes.
    pub near: Box<str>,
}

impl MergedResults {
    /// Takes rules together; `None` if there are none.
    #[must_use]
    pub fn new<'r>(rules: impl IntoIterator<Item = &'r ResultRules>) -> Option<Self> {
        let (mut treatments, mut smallest): (Vec<Treatment>, _) = (Vec::new(), None::<&ResultRules>);
        for rule in rules {
            smallest = smallest.filter(|other| other.max_bytes <= rule.max_bytes).or(Some(rule));
            let redactions = rule.redact.iter().map(|redaction| (&redaction.finder, Some(&redaction.replace)));
            let denials = rule.deny_if.iter().map(|finder| (finder, None));
            for (list, index, (finder, replace)) in redactions
                .enumerate()
                .map(|(index, entry)| ("redact", index, entry))
                .chain(denials.enumerate().map(|(index, entry)| ("deny_if", index, entry)))
            {
                let treatment = || Treatment {
                    finder: finder.clone(),
                    pointer: format!("{}/{list}/{index}", rule.pointer).into(),
                    replace: replace.cloned(),
                    on_deny: rule.on_deny.clone(),
                };
                match treatments.iter_mut().find(|known| known.finder.is_same(finder)) {
                    // The first of several that replace the same counts; one that refuses counts before those.
                    Some(known) if replace.is_none() && known.replace.is_some() => *known = treatment(),
                    Some(_) => {}
                    None => treatments.push(treatment()),
                }
            }
        }
        let ResultRules { max_bytes, pointer, .. } = smallest?;
        Some(Self { treatments, max_bytes: *max_bytes, max_pointer: format!("{pointer}/max_bytes").into() })
    }
}

impl BuiltIn {
    /// All of them, with the names that policies use.
    pub const ALL: [(&'static str, Self); 10] = [
        ("email", Self::Email),
        ("credit_card", Self::CreditCard),
        ("iban", Self::Iban),
        ("private_key", Self::PrivateKey),
        ("jwt", Self::Jwt),
        ("aws_key", Self::AwsKey),
        ("github_token", Self::GithubToken),
        ("slack_token", Self::SlackToken),
        ("bearer_token", Self::BearerToken),
        ("mcp_grant", Self::McpGrant),
    ];

    /// The name that policies, records and statistics use.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(name, _)| name)
    }
}

impl Finder {
    /// The name of every expression of a policy in records and statistics.
    pub const EXPRESSION: &'static str = "regex";

    /// Its name in records and statistics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BuiltIn(built_in) => built_in.name(),
            Self::Expression(_) => Self::EXPRESSION,
        }
    }

    /// Whether both look for the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::BuiltIn(one), Self::BuiltIn(other)) => one == other,
            (Self::Expression(one), Self::Expression(other)) => {
                one.near == other.near && one.regex.as_str() == other.regex.as_str()
            }
            _ => false,
        }
    }
}

/// As messages name it.
impl fmt::Display for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(built_in) => write!(f, "`{}`", built_in.name()),
            Self::Expression(expression) => write!(f, "the expression near `{}`", expression.near),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{BuiltIn, Finder, MergedResults, Redaction, ResultRules};

    fn rules(pointer: &str, max_bytes: usize, redact: &[(BuiltIn, &str)], deny_if: &[BuiltIn]) -> ResultRules {
        let redact = redact
            .iter()
            .map(|(built_in, replace)| Redaction { finder: Finder::BuiltIn(*built_in), replace: (*replace).into() });
        ResultRules {
            pointer: pointer.into(),
            max_bytes,
            redact: redact.collect(),
            deny_if: deny_if.iter().copied().map(Finder::BuiltIn).collect(),
            on_deny: Some(format!("reason of {pointer}").into()),
        }
    }

    #[test]
    fn a_denial_counts_before_a_redaction_and_the_first_of_two_alike_counts() {
        let one = rules("/a", 20, &[(BuiltIn::Email, "one"), (BuiltIn::Iban, "two")], &[BuiltIn::Jwt]);
        let other = rules("/b", 10, &[(BuiltIn::Iban, "other"), (BuiltIn::Jwt, "x")], &[BuiltIn::Email, BuiltIn::Jwt]);
        let merged = MergedResults::new([&one, &other]).unwrap();
        let treatments: Vec<_> = merged
            .treatments
            .iter()
            .map(|treatment| (treatment.finder.name(), &*treatment.pointer, treatment.replace.as_deref()))
            .collect();
        let expected =
            [("email", "/b/deny_if/0", None), ("iban", "/a/redact/1", Some("two")), ("jwt", "/a/deny_if/0", None)];
        assert_eq!(treatments, expected);
        let reasons: Vec<_> = merged.treatments.iter().map(|treatment| treatment.on_deny.as_deref()).collect();
        assert_eq!(reasons, [Some("reason of /b"), Some("reason of /a"), Some("reason of /a")]);
        assert_eq!((merged.max_bytes, &*merged.max_pointer), (10, "/b/max_bytes"));
        assert!(MergedResults::new([]).is_none());
    }
}
