//! The class of a tool, from its words and its annotations.
//!
//! 1. The words of its name, its titles and its description each suggest a class; the strictest wins. Words are clear (a verb
//!    that only means one thing) or unclear (a word that may be a noun, a verb that the lexicon does not have).
//! 2. `readOnlyHint: true` outweighs unclear words, and never a clear one: annotations are the server's own claims.
//!    `readOnlyHint: false` makes a tool write at least.
//! 3. `destructiveHint: true` means that a tool does more than add. Where its words say that it changes, runs or pays, that is
//!    said already; if they say that it reads or adds, it is destructive.
//! 4. A server that gives `destructiveHint: true` to every tool that does not read gives no information; then words alone count.
//! 5. A tool without any known word may do anything: it executes.

use crate::tools::Tool;

use super::{
    class::{Class, Finding},
    heuristics::{self, Words},
};

/// What the annotations of a server's tools say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// How many tools have `destructiveHint: true`, if that is every tool that does not read.
    stamped: Option<usize>,
}

/// Fewer tools may all be destructive.
const MIN_STAMPED: usize = 5;

impl Hints {
    /// Looks at all tools of a server.
    pub(super) fn of(tools: &[Tool]) -> Self {
        let others: Vec<&Tool> = tools.iter().filter(|tool| tool.read_only != Some(true)).collect();
        let stamped = others.iter().filter(|tool| tool.destructive == Some(true)).count();
        let all = others.len() >= MIN_STAMPED && stamped == others.len();
        Self { stamped: all.then_some(stamped) }
    }

    /// A remark for the user.
    pub(super) fn remark(self) -> Option<String> {
        let count = self.stamped?;
        Some(format!(
            "all {count} tools that change anything have `destructiveHint: true`, so `suggest` ignores the hint and uses names and \
             descriptions"
        ))
    }
}

/// Classifies a tool.
pub(super) fn classify(tool: &Tool, hints: Hints) -> Finding {
    let Words { clear, unclear, unknown } = heuristics::classify_words(tool);
    // What its words say of a tool that may destroy: an unknown verb says nothing.
    let is_known = |found: &Option<Finding>| found.as_ref().is_some_and(|found| found.class >= Class::Execute);
    let explained = is_known(&clear) || is_known(&unclear) || heuristics::changes(tool);
    let found = match (clear, tool.read_only) {
        (Some(clear), Some(true)) => clear,
        (None, Some(true)) => Finding::new(Class::Read, "`readOnlyHint: true`, and no clear word contradicts it"),
        (clear, _) => {
            let found = clear.into_iter().chain(unclear).chain(unknown).reduce(Finding::or_stricter);
            found.unwrap_or_else(|| Finding::new(Class::Execute, "no known word describes it, so it may do anything"))
        }
    };
    let is_destructive = tool.destructive == Some(true) && hints.stamped.is_none();
    if is_destructive && !explained {
        return found.or_stricter(Finding::new(Class::Destructive, "`destructiveHint: true`"));
    }
    if tool.read_only == Some(false) || tool.destructive == Some(true) && hints.stamped.is_none() {
        return found.or_stricter(Finding::new(Class::Write, "`readOnlyHint: false`"));
    }
    found
}
