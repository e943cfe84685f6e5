//! The class of a tool, from its words and its annotations.
//!
//! 1. The words of its name, its titles and its description each suggest a class; the strictest wins.
//! 2. Annotations make it stricter: `destructiveHint: true` is destructive, `readOnlyHint: false` at least writes.
//! 3. `readOnlyHint: true` makes it read only if no word suggests a class. Annotations are the server's own claims, so
//!    they never loosen what its words suggest.
//! 4. A tool without any known word may do anything: it executes.

use super::{
    heuristics,
    tool::{Class, Finding, Tool},
};

/// Classifies a tool.
pub(super) fn classify(tool: &Tool) -> Finding {
    let found = match (heuristics::classify_words(tool), tool.read_only) {
        (Some(by_words), _) => by_words,
        (None, Some(true)) => Finding::new(Class::Read, "`readOnlyHint: true`, and no word contradicts it"),
        (None, _) => Finding::new(Class::Execute, "no known word describes it, so it may do anything"),
    };
    let hinted = match (tool.destructive, tool.read_only) {
        (Some(true), _) => Finding::new(Class::Destructive, "`destructiveHint: true`"),
        (_, Some(false)) => Finding::new(Class::Write, "`readOnlyHint: false`"),
        _ => return found,
    };
    found.or_stricter(hinted)
}
