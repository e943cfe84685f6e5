//! A policy; product contract, section 1.1.

use std::collections::BTreeMap;

use mcp_policy::policy::compile::{NAMED_METHODS, RESOURCE_METHODS};
use schemars::JsonSchema;
use serde_json::json;

use super::{
    arguments::{ArgumentCheck, ArgumentSchema},
    rule::{Rule, SharedRule},
};

/// What agents may do on an MCP server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Policy {
    /// The JSON Schema of this document, for editors. The filter ignores it.
    #[schemars(title = "Schema", rename = "$schema")]
    schema: Option<String>,
    /// The version of the policy language.
    #[schemars(title = "Version")]
    version: Version,
    /// What happens to tools, prompts and resources that no entry names.
    #[schemars(title = "Default")]
    default: Effect,
    /// For readers. The filter ignores it.
    #[schemars(title = "Description")]
    description: Option<String>,
    /// Tools that lists leave out and that calls cannot reach, whatever other entries say.
    #[schemars(title = "Hidden tools")]
    hide: Option<Vec<Name>>,
    /// Rules that entries share: `use` names them.
    #[schemars(title = "Shared rules", extend("propertyNames" = json!({"minLength": 1})))]
    rules: Option<BTreeMap<String, SharedRule>>,
    /// A rule for every tool call, in addition to the tool's own.
    #[schemars(title = "Rule for all tools")]
    all_tools: Option<Rule>,
    /// A tool's name or a pattern (`*` matches any text), and its rule. `{}` allows every call. Exactly one entry
    /// decides: the exact name, else the pattern that takes precedence.
    #[schemars(title = "Tools", extend("propertyNames" = json!({"minLength": 1})))]
    tools: Option<BTreeMap<String, Rule>>,
    /// A resource's URI or a pattern, and its rule for reading and subscribing. Conditions can use `args.uri`.
    #[schemars(title = "Resources", extend("propertyNames" = json!({"minLength": 1})))]
    resources: Option<BTreeMap<String, Rule>>,
    /// A prompt's name or a pattern, and its rule. Conditions can use the prompt's arguments.
    #[schemars(title = "Prompts", extend("propertyNames" = json!({"minLength": 1})))]
    prompts: Option<BTreeMap<String, Rule>>,
    /// MCP methods by name: `deny` closes a method, `allow` opens one that carries no name of a tool, prompt or
    /// resource.
    #[schemars(
        title = "Methods",
        extend("propertyNames" = json!({"minLength": 1, "pattern": r"^[^*]*$"})),
        extend("patternProperties" = json!({(named_methods()): {"const": "deny"}}))
    )]
    methods: Option<BTreeMap<String, Effect>>,
    /// Tools whose definitions are pinned: what the server's lists must say of them. `mcp-policy pin` writes them.
    #[schemars(
        title = "Pinned definitions",
        extend("propertyNames" = json!({"minLength": 1, "pattern": r"^[^*]*$"}))
    )]
    definitions: Option<BTreeMap<String, Definition>>,
    /// What a definition that differs from its pin brings about. Default: `deny`.
    #[schemars(title = "On drift", extend("default" = "deny"))]
    on_drift: Option<OnDrift>,
    /// Whether tools without a pin can be called. Default: `allow`, which leaves them to rules and `default`.
    #[schemars(title = "Tools without a pin", extend("default" = "allow"))]
    unpinned: Option<Effect>,
    /// How the arguments of calls are compared with the pinned schema, for tools whose rule says nothing of it. A tool without a
    /// pinned schema is denied, unless it is `any`. Default: `any`.
    #[schemars(title = "Arguments", extend("default" = "any"))]
    arguments: Option<ArgumentCheck>,
    /// Whether denials are enforced. Default: `enforce`.
    #[schemars(title = "Mode", extend("default" = "enforce"))]
    mode: Option<Mode>,
}

/// An expression for the methods that carry a name, so that entries open them.
fn named_methods() -> String {
    format!("^({}|{RESOURCE_METHODS}[\\s\\S]*)$", NAMED_METHODS.join("|"))
}

/// `"1"`
#[derive(JsonSchema)]
#[schemars(inline)]
enum Version {
    #[schemars(rename = "1")]
    One,
}

/// A name, or a pattern in which `*` matches any text.
#[derive(JsonSchema)]
struct Name(#[schemars(length(min = 1))] String);

/// The pinned definition of a tool.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Definition {
    /// The SHA-256 of the definition's canonical JSON, or up to eight, for a server that answers by revision or language.
    #[schemars(title = "Digest")]
    sha256: Digests,
    /// What arguments must fit under `arguments`: the part of the definition's `inputSchema` that the filter enforces.
    #[schemars(title = "Schema")]
    schema: Option<ArgumentSchema>,
}

/// A digest, or several: the definition has one of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Digests {
    One(Digest),
    Several(#[schemars(length(min = 1, max = 8))] Vec<Digest>),
}

/// A SHA-256 digest in lower-case hexadecimal digits.
#[derive(JsonSchema)]
struct Digest(#[schemars(regex(pattern = "^[0-9a-f]{64}$"))] String);

/// What a definition that differs from its pin brings about.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OnDrift {
    /// Lists do not show it, and calls of the tool are denied.
    Deny,
    /// It is reported.
    Report,
}

/// What happens to a call.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Effect {
    /// It is allowed.
    Allow,
    /// It is denied.
    Deny,
}

/// Whether denials are enforced.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Mode {
    /// They are enforced.
    Enforce,
    /// They are only counted and reported, and the call goes through.
    Shadow,
}
