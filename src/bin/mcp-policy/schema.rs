//! `mcp-policy schema`: a JSON Schema (2020-12) of the configuration, for editors.
//!
//! It is generated from types that mirror the JSON one to one. The filter reads JSON without these types, so that it can
//! report every mistake with its place; tests hold the two together: the same keys, the same words, and the schema
//! accepts all that the filter accepts. `mcp-policy check` finds what a schema cannot express, such as two limits that
//! disagree about one counter.

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
mod simplify;

#[cfg(test)]
mod tests;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use crate::{Exit, print};

/// The arguments of `schema`: none.
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
    /// A console: a listener on which people approve calls.
    Console(approvals::ConsoleForm),
}

/// Prints the schema.
pub(crate) fn run(_: &Args) -> Exit {
    // A JSON value always serialises.
    print(&format!("{}\n", serde_json::to_string_pretty(&generate()).unwrap_or_default()))
}

/// The schema of the whole configuration.
fn generate() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(simplify::Simplify);
    settings.into_generator().into_root_schema_for::<Configuration>()
}
