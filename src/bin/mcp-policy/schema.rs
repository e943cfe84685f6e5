//! `mcp-policy schema`: a JSON Schema (2020-12) of the configuration, for editors.
//!
//! It is generated from types that mirror the JSON one to one. The filter itself reads JSON by hand, so that every
//! mistake is told exactly; the tests hold the two together: the same keys, the same words, and nothing that the filter
//! accepts is invalid here. What a schema cannot see (two counters that disagree, a key that stands twice) is left to
//! `mcp-policy check`.

#[expect(dead_code, reason = "the types are only described, never filled")]
mod approvals;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod condition;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod identity;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod limit;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod options;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod policy;
#[expect(dead_code, reason = "the types are only described, never filled")]
mod rule;
mod tidy;

#[cfg(test)]
mod tests;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use crate::{Exit, print};

/// The words after `schema`: none.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// The filter's configuration: a policy, `{"policy": …}` with options beside it, or `{"console": …}`.
#[derive(JsonSchema)]
#[schemars(untagged, title = "mcp-policy configuration")]
#[expect(dead_code, clippy::large_enum_variant, reason = "the types are only described, never filled")]
enum Configuration {
    /// A bare policy: a complete configuration.
    Policy(policy::Policy),
    /// A policy and options.
    Options(options::Options),
    /// A listener on which people approve calls.
    Console(approvals::ConsoleForm),
}

/// Prints the schema.
pub(crate) fn run(_: &Args) -> Exit {
    // A JSON value always serialises.
    print(&format!("{}\n", serde_json::to_string_pretty(&generate()).unwrap_or_default()))
}

/// The schema of the whole configuration.
fn generate() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(tidy::Tidy);
    settings.into_generator().into_root_schema_for::<Configuration>()
}
