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
