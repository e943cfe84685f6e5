//! `mcp-policy schema`: a JSON Schema (2020-12) of the configuration, for editors.
//!
//! It is generated from types that mirror the JSON one to one. The filter reads JSON without these types, so that it can
//! report every mistake with its place; tests hold the two together: the same keys, the same words, and the schema
//! accepts all that the filter accepts. `mcp-policy check` finds what a schema cannot express, such as two limits that
//! disagree about one counter.

#[expect(dead_code, reason = "the types are only described, never filled")]
mod approvals;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod arguments;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod condition;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod counters;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod identity;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod limit;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod options;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod policy;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod protocol;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod results;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod rule;
mod simplify;

#[cfg(test)]
mod tests;

use mcp_policy::config;
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::json;

use crate::{Exit, print};

/// The arguments of `schema`: none.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {}

const HELP: &str = "\
Example:
  mcp-policy schema >mcp-policy.schema.json
A document names it in its first line, and an editor such as VS Code then completes keys and marks mistakes:
  { \"$schema\": \"./mcp-policy.schema.json\", \"version\": \"1\", … }
Exit codes: 0 printed, 2 usage.";

/// The filter's configuration: a policy, `{"policy": …}` with options beside it, or `{"console": …}`.
#[derive(JsonSchema)]
#[schemars(untagged, title = "mcp-policy configuration")]
#[expect(dead_code, clippy::large_enum_variant, reason = "the types are only described, never filled")]
enum Configuration {
    /// A bare policy: a complete configuration.
    Policy(policy::Policy),
    /// A policy and options.
    Options(options::Options),
    /// A console: a listener on which people approve calls.
    Console(approvals::ConsoleForm),
}

/// Prints the schema.
pub(crate) fn run(_: &Args) -> Exit {
    // A JSON value always serialises.
    print(&format!("{}\n", serde_json::to_string_pretty(&generate()).unwrap_or_default()))
}

/// The schema of the whole configuration.
pub(crate) fn generate() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(simplify::Simplify);
    let mut schema = settings.into_generator().into_root_schema_for::<Configuration>();
    choose_form(&mut schema);
    schema
}

/// Has an editor choose one form by its keys, as the filter does. With `anyOf` it would report each mistake for every form.
fn choose_form(schema: &mut Schema) {
    let has =
        |keys: &[&str]| json!({ "anyOf": keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>() });
    let form = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    let options = config::OPTIONS_KEYS.known;
    // `mode` is a key of a policy, too; without another key that tells, the filter reads options.
    let has_options = json!({ "allOf": [has(options), { "not": has(&["version", "default", "tools"]) }] });
    let is_options = json!({ "anyOf": [has(&["policy", "policies"]), has_options] });
    let is_console = json!({ "allOf": [has(config::CONSOLE_FORM_KEYS.known), { "not": has(options) }] });
    schema.remove("anyOf");
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("if".to_owned(), is_console);
    schema.insert("then".to_owned(), form("ConsoleForm"));
    schema.insert("else".to_owned(), json!({ "if": is_options, "then": form("Options"), "else": form("Policy") }));
}
