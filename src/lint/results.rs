//! Lints on what answers may hold.

use crate::{
    budget::{self, MAX_WORK},
    policy::{Finder, ResultRules, Rule},
};

use super::{Lint, Lints, quoted};

/// Places of `near` in one answer that an expression should bear.
const PLACES: usize = 32;

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    let rules: Vec<&Rule> = view.reachable_rules().map(|reachable| reachable.rule).collect();
    let mut results: Vec<&ResultRules> = rules.into_iter().flat_map(Rule::results).collect();
    // A shared rule has one place, whatever entries use it.
    results.sort_by_key(|results| &results.pointer);
    results.dedup_by_key(|results| &results.pointer);
    let share = budget::max_bytes_per_caller(view.config.protocol.max_held_bytes);
    for results in results.iter().filter(|results| results.max_bytes > share) {
        let message = format!(
            "one caller may hold {share} bytes (an eighth of `protocol.max_held_bytes`), so a larger answer becomes an error even if this \
             permits it; set `protocol.max_held_bytes` to at least {}, or lower this",
            results.max_bytes.saturating_mul(8)
        );
        lints.add(Lint::SizeOverShare, view.text.absolute(&format!("{}/max_bytes", results.pointer)), message);
    }
    for results in &results {
        let redact = results.redact.iter().map(|redaction| &redaction.finder).enumerate();
        let redact = redact.map(|(index, finder)| (finder, format!("{}/redact/{index}/regex", results.pointer)));
        let deny_if = results.deny_if.iter().enumerate();
        let deny_if = deny_if.map(|(index, finder)| (finder, format!("{}/deny_if/{index}/regex", results.pointer)));
        for (finder, pointer) in redact.chain(deny_if) {
            check_cost(lints, finder, &pointer);
        }
    }
    if let (true, Some(first)) = (view.config.reads_route(), results.first()) {
        let message = "a binding names a route, so the gateway leaves `accept-encoding` in these calls, and an answer that the \
                       server compresses is refused; remove that header in the route, as `mcp-policy render` does";
        lints.add(Lint::CompressedResults, view.text.absolute(&first.pointer), message);
    }
}

fn check_cost(lints: &mut Lints<'_>, finder: &Finder, pointer: &str) {
    let Finder::Expression(expression) = finder else { return };
    let places = MAX_WORK / crate::results::window_work(expression).max(1);
    if places < PLACES {
        let near = quoted(&expression.near);
        let often = match places {
            0 => String::new(),
            1 => " more than once".to_owned(),
            _ => format!(" more than {places} times"),
        };
        let message = format!(
            "an answer that contains {near}{often} can be refused, since the expression may take too much work at \
             each place; repeat its parts less often, or choose a rarer `near`"
        );
        lints.add(Lint::CostlyFinder, lints.view.text.absolute(pointer), message);
    }
}
