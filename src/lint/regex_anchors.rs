//! What the anchors of a regular expression bind.

use regex_syntax::{
    ParserBuilder,
    hir::{Hir, HirKind, Look, LookSet, literal::Extractor},
};

use crate::policy::condition::Clause;

use super::quoted;

/// How an expression matches more than it seems to, if it does. A denial that matches more is harmless, so a denial gets
/// only the warnings on anchors that bind less than they seem to.
pub(super) fn describe_loose_regex(regex: &str, clause: Clause) -> Option<String> {
    let parsed = ParserBuilder::new().build().parse(regex).ok()?;
    let properties = parsed.properties();
    let (looks, shown) = (properties.look_set(), quoted(regex));
    let start = properties.look_set_prefix().contains(Look::Start);
    let end = properties.look_set_suffix().contains(Look::End);
    if has_lines(looks) {
        return Some(format!(
            "in {shown} `(?m)` lets `^` and `$` match at every line, so one line of a text is enough; remove `(?m)`"
        ));
    }
    match (clause, start, end) {
        (_, true, true) => None,
        _ if is_partly_anchored(&parsed) => {
            Some(format!("in {shown} an anchor binds only one alternative; group the alternatives, as in `^(?:a|b)$`"))
        }
        (Clause::Deny, ..) => None,
        (Clause::Require, true, false) => {
            Some(format!("{shown} matches only the start of a text, and any text may follow; end it with `$`"))
        }
        (Clause::Require, false, true) => {
            Some(format!("{shown} matches only the end of a text, and any text may precede it; begin it with `^`"))
        }
        (Clause::Require, false, false) => {
            Some(format!("{shown} matches anywhere in a text, and any text may surround it; write `^(?:…)$`"))
        }
    }
}

/// Every text that an expression matches begins with one of these; none if some may begin in another way.
pub(super) fn starts_of(regex: &str) -> Vec<String> {
    let Ok(parsed) = ParserBuilder::new().build().parse(regex) else { return Vec::new() };
    if !parsed.properties().look_set_prefix().contains(Look::Start) {
        return Vec::new();
    }
    let starts = Extractor::new().extract(&parsed);
    let starts = starts.literals().unwrap_or_default().iter().map(|start| std::str::from_utf8(start.as_bytes()));
    starts.map(|start| start.map(str::to_owned)).collect::<Result<_, _>>().unwrap_or_default()
}

/// Whether some alternatives at the top are anchored and others are not. Deeper down, as in `(^|/)etc`, authors intend
/// that.
fn is_partly_anchored(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(group) => is_partly_anchored(&group.sub),
        HirKind::Alternation(alternatives) => {
            let starts = |hir: &&Hir| hir.properties().look_set_prefix().contains(Look::Start);
            let ends = |hir: &&Hir| hir.properties().look_set_suffix().contains(Look::End);
            let some = |count: usize| count > 0 && count < alternatives.len();
            some(alternatives.iter().filter(starts).count()) || some(alternatives.iter().filter(ends).count())
        }
        _ => false,
    }
}

fn has_lines(looks: LookSet) -> bool {
    [Look::StartLF, Look::EndLF, Look::StartCRLF, Look::EndCRLF].into_iter().any(|look| looks.contains(look))
}
