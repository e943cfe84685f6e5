//! What a regular expression's `^` and `$` hold on to.

use regex_syntax::{
    ParserBuilder,
    hir::{Hir, HirKind, Look, LookSet},
};

use crate::policy::condition::Clause;

use super::quoted;

/// How an expression matches more than it shows, if it does. To refuse more than it shows is harmless, so there only
/// anchors that bind less than they seem to are told.
pub(super) fn loose(regex: &str, side: Clause) -> Option<String> {
    let parsed = ParserBuilder::new().build().parse(regex).ok()?;
    let properties = parsed.properties();
    let (all, shown) = (properties.look_set(), quoted(regex));
    let start = properties.look_set_prefix().contains(Look::Start);
    let end = properties.look_set_suffix().contains(Look::End);
    if has_lines(all) {
        return Some(format!(
            "in {shown} `(?m)` makes `^` and `$` the ends of any line, so that a text of several lines matches by one \
             of them; leave `(?m)` out"
        ));
    }
    match (side, start, end) {
        (_, true, true) => None,
        _ if is_partly_anchored(&parsed) => Some(format!(
            "in {shown} an anchor binds one alternative only; put the alternatives into a group, as in `^(?:a|b)$`"
        )),
        (Clause::Deny, ..) => None,
        (Clause::Require, true, false) => {
            Some(format!("{shown} matches whatever follows a text that begins so; end it with `$`"))
        }
        (Clause::Require, false, true) => {
            Some(format!("{shown} matches whatever precedes a text that ends so; begin it with `^`"))
        }
        (Clause::Require, false, false) => {
            Some(format!("{shown} matches anywhere in a text, whatever stands around it; write `^(?:…)$`"))
        }
    }
}

/// Whether some of the alternatives at the top are anchored and others are not. Deeper down, as in `(^|/)etc`, that is a
/// way to say something.
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
