//! A policy; product contract, section 1.1.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::json;

use super::rule::Rule;

/// What agents may do on an MCP server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Policy {
    /// The version of the policy language.
    #[schemars(title = "Version")]
    version: Version,
    /// What happens to tools, prompts and resources that no entry names.
    #[schemars(title = "Default")]
    default: Stance,
    /// For people; not used.
    #[schemars(title = "Description")]
    description: Option<String>,
    /// Tools that are gone from lists and refused when called; beats everything else.
    #[schemars(title = "Hidden tools")]
    hide: Option<Vec<Name>>,
    /// A rule for every tool call, besides the tool's own.
    #[schemars(title = "Rule for all tools")]
    all_tools: Option<Rule>,
    /// What may be called: a tool's name or a pattern (`*` is any run of characters), and its rule. `{}` allows it as
    /// it is. Exactly one entry decides: the exact name, else the pattern that fits best.
    #[schemars(title = "Tools", extend("propertyNames" = json!({"minLength": 1})))]
    tools: Option<BTreeMap<String, Rule>>,
    /// What may be read and subscribed to: a resource's URI or a pattern, and its rule. Conditions see `args.uri`.
    #[schemars(title = "Resources", extend("propertyNames" = json!({"minLength": 1})))]
    resources: Option<BTreeMap<String, Rule>>,
    /// Which prompts may be fetched: a prompt's name or a pattern, and its rule. Conditions see the prompt's arguments.
    #[schemars(title = "Prompts", extend("propertyNames" = json!({"minLength": 1})))]
    prompts: Option<BTreeMap<String, Rule>>,
    /// Whole MCP methods, written out: `deny` closes one, `allow` opens one that carries no name of a tool, prompt or
    /// resource.
    #[schemars(
        title = "Methods",
        extend("propertyNames" = json!({"minLength": 1, "pattern": r"^[^*]*$"})),
        extend("patternProperties" = json!({NAMED_METHODS: {"const": "deny"}}))
    )]
    methods: Option<BTreeMap<String, Stance>>,
    /// Whether refusals are carried out. Default: `enforce`.
    #[schemars(title = "Mode", extend("default" = "enforce"))]
    mode: Option<Mode>,
}

/// Methods that carry a name, so that entries open them.
const NAMED_METHODS: &str = "^(tools/call|prompts/get|completion/complete|resources/[\\s\\S]*)$";

/// `"1"`
#[derive(JsonSchema)]
#[schemars(inline)]
enum Version {
    #[schemars(rename = "1")]
    One,
}

/// A name, or a pattern with `*`, which is any run of characters.
#[derive(JsonSchema)]
struct Name(#[schemars(length(min = 1))] String);

/// Whether something passes.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Stance {
    /// It passes.
    Allow,
    /// It is denied.
    Deny,
}

/// Whether refusals are carried out.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Mode {
    /// They are.
    Enforce,
    /// They are only counted and reported; the call goes through.
    Shadow,
}
