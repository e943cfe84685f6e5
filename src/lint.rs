//! Warnings about what is valid in a configuration and probably a mistake.
//!
//! * [`Lint`]: every lint, by the name that `mcp-policy check --allow` takes
//! * `view`: a configuration with its entries in the order of the text, and what blocks them
//! * `global`, `identity`, `bindings`, `keys`, `odd_names`, `reachability`, `limits`, `counters`, `facts`, `predicates`,
//!   `loose_text` and `loose_regex` (with `content` and `regex_sample`), `regex_anchors`, `calls_by_name`, `approvals`, `results` and
//!   `arguments`: the lints
//! * [`check_tools`]: the lints that compare a policy with the tools that a server lists; [`ValueSchema`]: what a tool says of its
//!   arguments
//! * [`compare_counters`]: what happens to counts when one configuration replaces another
//!
//! The module contains none of this: warnings are for people who write policies.

mod approvals;
mod arguments;
mod bindings;
mod blocker;
mod calls_by_name;
mod changes;
mod content;
mod counters;
mod facts;
mod global;
mod identity;
mod keys;
mod kind;
mod limits;
mod loose_regex;
mod loose_text;
mod odd_names;
mod policy_section;
mod policy_source;
mod predicates;
mod reachability;
mod regex_anchors;
mod regex_sample;
mod replicas;
mod results;
mod schema;
mod tools;
mod value_offsets;
mod view;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::{
    config::{Config, Console},
    json,
    text::{escape_invisible, excerpt},
};

pub(crate) use self::regex_sample::sample_of;
pub use self::{
    changes::{Change, CounterChange, compare_counters},
    kind::Lint,
    schema::ValueSchema,
    tools::ListedTool,
};
use self::{value_offsets::ValueOffsets, view::PolicyView};

/// A probable mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The lint that found it.
    pub lint: Lint,
    /// A JSON pointer into the configuration.
    pub pointer: String,
    /// Offset in the text, in bytes: of the value, or of the key of an object or a list.
    pub at: usize,
    /// What is wrong, why, and what to do.
    pub message: String,
}

/// All warnings on a configuration, in the order of the text that it was loaded from. There are none on a text that is
/// not JSON: people do not write the protobuf form. `tools` are those that a server lists; none if they are not known.
///
/// ```
/// # use mcp_policy::{config::Config, lint};
/// let document = br#"{"version": "1", "default": "deny", "tools": {"*": {}}}"#;
/// let config = Config::load(document).map_err(|errors| errors.to_string())?;
/// let names: Vec<&str> = lint::check(&config, document, &[]).iter().map(|warning| warning.lint.name()).collect();
/// assert_eq!(names, ["open-star"]);
/// # Ok::<(), String>(())
/// ```
#[must_use]
pub fn check(config: &Config, document: &[u8], tools: &[ListedTool]) -> Vec<Warning> {
    run(config, document, |lints| {
        global::check(lints);
        identity::check(lints);
        bindings::check(lints);
        keys::check(lints);
        odd_names::check(lints, tools);
        reachability::check(lints);
        limits::check(lints);
        counters::check(lints);
        facts::check(lints);
        predicates::check(lints);
        calls_by_name::check(lints);
        approvals::check(lints);
        results::check(lints);
        arguments::check(lints);
    })
}

/// All warnings on a console's configuration, in the order of the text that it was loaded from.
#[must_use]
pub fn check_console(console: &Console, document: &[u8]) -> Vec<Warning> {
    let Ok(node) = json::parse(document, Config::MAX_DEPTH) else { return Vec::new() };
    let offsets = ValueOffsets::new(&node);
    let found = identity::of_sources(&console.identity, "/console/identity").into_iter();
    let mut warnings: Vec<Warning> =
        found.map(|(lint, pointer, message)| Warning { lint, at: offsets.at(&pointer), pointer, message }).collect();
    warnings.sort_by_key(|warning| warning.at);
    warnings
}

/// The warnings on a configuration that so many Envoys run, in the order of the text: what each of them keeps on its own.
#[must_use]
pub fn check_replicas(config: &Config, document: &[u8], count: u32) -> Vec<Warning> {
    if count < 2 { Vec::new() } else { run(config, document, |lints| replicas::check(lints, count)) }
}

/// The warnings on a configuration beside the tools that a server lists, in the order of the text.
#[must_use]
pub fn check_tools(config: &Config, document: &[u8], tools: &[ListedTool]) -> Vec<Warning> {
    run(config, document, |lints| tools::check(lints, tools))
}

/// Runs lints on each policy.
fn run(config: &Config, document: &[u8], check: impl Fn(&mut Lints<'_>)) -> Vec<Warning> {
    let Ok(node) = json::parse(document, Config::MAX_DEPTH) else { return Vec::new() };
    let each = config.policies.iter().flat_map(|named| {
        let view = PolicyView::new(config, named, &node, ValueOffsets::new(&node));
        let mut lints = Lints { view: &view, warnings: Vec::new() };
        check(&mut lints);
        lints.warnings
    });
    let mut warnings: Vec<Warning> = each.collect();
    warnings.sort_by(|one, other| (one.at, one.lint, &one.message).cmp(&(other.at, other.lint, &other.message)));
    // The lints of the whole configuration run once for each policy.
    warnings.dedup();
    warnings
}

/// The lints at work on one policy.
struct Lints<'v> {
    view: &'v PolicyView<'v>,
    warnings: Vec<Warning>,
}

impl Lints<'_> {
    fn add(&mut self, lint: Lint, pointer: impl Into<String>, message: impl Into<String>) {
        let pointer = pointer.into();
        let at = self.view.offsets.at(&pointer);
        self.warnings.push(Warning { lint, pointer, at, message: message.into() });
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(top level)" } else { &self.pointer };
        write!(f, "{}: {} [{}]", escape_invisible(pointer), self.message, self.lint)
    }
}

/// The author's words in a message, short.
fn quoted(text: &str) -> String {
    format!("`{}`", excerpt(text))
}
