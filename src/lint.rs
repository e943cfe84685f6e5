//! What is legal in a configuration and probably wrong.
//!
//! * [`Lint`]: everything that is looked for, by the name that people give to `mcp-policy check --allow`
//! * `view`: a configuration with its entries in the order of the text, and what keeps calls from reaching them
//! * `whole`, `identity`, `bindings`, `keys`, `reach`, `limits`, `counters`, `predicates`, `anchors` and `approvals`: what to
//!   look for
//! * [`changes`]: what becomes of counts when one configuration replaces another
//!
//! Advice is for people who write policies: nothing of this is compiled into the module.

mod approvals;
mod bindings;
mod changes;
mod counters;
mod global;
mod identity;
mod keys;
mod kind;
mod limits;
mod offsets;
mod predicates;
mod reachability;
mod regex_anchors;
mod view;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::{config::Config, json};

pub use self::{
    changes::{Change, CounterChange, changes},
    kind::Lint,
};
use self::{offsets::Places, view::PolicyView};

/// One thing that is probably wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What was looked for.
    pub kind: Lint,
    /// Where: a JSON pointer into the configuration.
    pub pointer: String,
    /// Where in the text, in bytes: the value, or the key of an object or a list.
    pub at: usize,
    /// What is found, why it is probably wrong, and what to do.
    pub message: String,
}

/// All that is probably wrong with a configuration, in the order of the text that it was loaded from. There is none on
/// a text that is no JSON: nobody writes the protobuf form by hand.
#[must_use]
pub fn on(config: &Config, document: &[u8]) -> Vec<Advice> {
    let Ok(node) = json::parse(document, Config::MAX_DEPTH) else { return Vec::new() };
    let each = config.policies.iter().flat_map(|named| {
        let view = PolicyView::new(config, named, &node, Places::new(&node));
        let mut found = Lints { view: &view, advice: Vec::new() };
        global::look(&mut found);
        identity::look(&mut found);
        bindings::look(&mut found);
        keys::look(&mut found);
        reachability::look(&mut found);
        limits::look(&mut found);
        counters::look(&mut found);
        predicates::look(&mut found);
        approvals::look(&mut found);
        found.advice
    });
    let mut advice: Vec<Advice> = each.collect();
    advice.sort_by(|one, other| (one.at, one.kind, &one.message).cmp(&(other.at, other.kind, &other.message)));
    // What is said of the whole configuration is found with each policy.
    advice.dedup();
    advice
}

/// Takes advice down.
struct Lints<'v> {
    view: &'v PolicyView<'v>,
    advice: Vec<Advice>,
}

impl Lints<'_> {
    fn add(&mut self, kind: Lint, pointer: impl Into<String>, message: impl Into<String>) {
        let pointer = pointer.into();
        let at = self.view.places.at(&pointer);
        self.advice.push(Advice { kind, pointer, at, message: message.into() });
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(top level)" } else { &self.pointer };
        write!(f, "{}: {} [{}]", printable(pointer), self.message, self.kind)
    }
}

/// The author's words in a message, short.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 64;
    let shown: String = text.chars().take(LONGEST).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("`{}{more}`", printable(&shown))
}

/// The author's words without what could forge a line of output, or move the cursor.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
