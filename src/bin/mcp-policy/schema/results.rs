//! What answers may hold; product contract, section 13.

use schemars::JsonSchema;

/// What the answers to calls may hold. Other answers are not read.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Results {
    /// The largest message of an answer, in bytes; a larger one becomes an error. Default: 4194304 (4 MiB).
    #[schemars(title = "Largest answer", range(min = 1, max = 67_108_864), extend("default" = 4_194_304))]
    max_bytes: Option<u32>,
    /// What is replaced in the texts of an answer.
    #[schemars(title = "Redact", length(max = 32))]
    redact: Option<Vec<Redaction>>,
    /// An answer in which one of these finds something becomes an error.
    #[schemars(title = "Deny if", length(max = 32))]
    deny_if: Option<Vec<Finder>>,
    /// The message to the agent if `deny_if` finds something.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
}

/// What is replaced, and by what.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Redaction {
    /// A format that is known.
    Find(RedactedFormat),
    /// An expression.
    Regex(RedactedExpression),
}

/// A format that is known, and what takes its place.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RedactedFormat {
    /// The format.
    #[schemars(title = "Find")]
    find: Format,
    /// What takes the place of a find, at most 64 bytes. Default: `[redacted]`.
    #[schemars(title = "Replace", length(max = 64), extend("default" = "[redacted]"))]
    replace: Option<String>,
}

/// An expression, and what takes the place of what it matches.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RedactedExpression {
    /// A regular expression, unanchored. It sees 64 bytes before and 256 behind each place of `near`.
    #[schemars(title = "Regular expression", length(min = 1))]
    regex: String,
    /// A text that is always beside a match, 3 to 64 bytes: it is searched first.
    #[schemars(title = "Near", length(min = 1, max = 64))]
    near: String,
    /// What takes the place of a find, at most 64 bytes. Default: `[redacted]`.
    #[schemars(title = "Replace", length(max = 64), extend("default" = "[redacted]"))]
    replace: Option<String>,
}

/// What is looked for.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Finder {
    /// A format that is known.
    Find(KnownFormat),
    /// An expression.
    Regex(Expression),
}

/// A format that is known.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct KnownFormat {
    /// The format.
    #[schemars(title = "Find")]
    find: Format,
}

/// An expression.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Expression {
    /// A regular expression, unanchored. It sees 64 bytes before and 256 behind each place of `near`.
    #[schemars(title = "Regular expression", length(min = 1))]
    regex: String,
    /// A text that is always beside a match, 3 to 64 bytes: it is searched first.
    #[schemars(title = "Near", length(min = 1, max = 64))]
    near: String,
}

/// A format that is known.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Format {
    /// An e-mail address.
    Email,
    /// The number of a payment card, with its check digit.
    CreditCard,
    /// An IBAN, with its checksum.
    Iban,
    /// A private key as text.
    PrivateKey,
    /// A JSON Web Token.
    Jwt,
    /// An access key of AWS, or its secret beside its name.
    AwsKey,
    /// A token of GitHub.
    GithubToken,
    /// A token of Slack.
    SlackToken,
    /// The token behind the word `Bearer`.
    BearerToken,
    /// A grant of this gateway.
    McpGrant,
}
