//! Regular expressions on paths, URLs, hosts and statements that match more than they seem to, each shown by a text that
//! it matches.

use regex_lite::Regex;
use regex_syntax::{
    ParserBuilder,
    hir::{Hir, Look},
};

use crate::policy::condition::Condition;

use super::{
    content::{ArgumentName, Content, is_host, is_private},
    loose_text::{RuleKind, WHOLE},
    quoted,
    regex_sample::Recipe,
};

/// How many of several alternatives are tried.
const MAX_ALTERNATIVES: usize = 8;

/// What makes another host of one, before it.
const LONGER: &str = "not";

/// What a condition with this expression matches beside what its author means, and what to write instead.
pub(super) fn describe_loose_match(regex: &str, condition: &Condition, kind: RuleKind) -> Option<String> {
    let expression = ParserBuilder::new().build().parse(regex).ok()?;
    let engine = Regex::new(regex).ok()?;
    let argument = ArgumentName::of(condition);
    (0..MAX_ALTERNATIVES).find_map(|alternative| {
        let search = Search { expression: &expression, engine: &engine, shown: quoted(regex), argument, alternative };
        search.find_loose(kind)
    })
}

/// A look for a text that one alternative of an expression matches.
struct Search<'s> {
    expression: &'s Hir,
    engine: &'s Regex,
    shown: String,
    argument: ArgumentName,
    alternative: usize,
}

impl Search<'_> {
    fn find_loose(&self, kind: RuleKind) -> Option<String> {
        let shown = &self.shown;
        let literals =
            Recipe { fill: "", alternative: self.alternative, only_literals: true }.make(self.expression).text;
        if let Some(found) = self.find_dot() {
            return Some(found);
        }
        match Content::of(&literals, self.argument).or_else(|| self.content_of_url(&literals))? {
            Content::Path if self.argument != ArgumentName::Path && !self.is_anchored(Look::Start) => None,
            Content::Path => {
                let found = self.first_match(&["../x", "/../x", "x/../../x"], |text| text.contains("/../"))?;
                Some(format!("{shown} matches `{found}`, too; use `path_within`, which resolves `..`"))
            }
            Content::WindowsPath => {
                let fills = [r"..\x", r"\..\x", "../x", "/../x"];
                let found = self.first_match(&fills, |text| text.contains(r"\..\") || text.contains("/../"))?;
                let why = "and `path_within` knows only paths that begin with `/`";
                Some(format!("{shown} matches `{found}`, too, {why}; {WHOLE}"))
            }
            // The URI of a resource has no dot segment.
            Content::FileUrl if kind == RuleKind::Resource => None,
            Content::FileUrl => {
                let found = self.first_match(&["../x", "/../x"], |text| text.contains("/../"))?;
                Some(format!("{shown} matches `{found}`, too, and no operator compares `file:` URLs; {WHOLE}"))
            }
            Content::Url => {
                let fills = [".example.net", "x.example.net", "example.net/", "example.net?", "@example.net"];
                let found = self.first_match(&fills, |text| is_elsewhere(host_of(text)))?;
                Some(format!("{shown} matches `{found}`, too; use `url_host_in`, which compares the host"))
            }
            Content::Host => {
                let is_longer = |text: &str| {
                    text.strip_prefix(LONGER).is_some_and(|rest| is_host(rest, |_| true) && !rest.starts_with('.'))
                        || text.ends_with("x.example.net")
                };
                let found = self.first_match(&[LONGER, "x.example.net", ".x.example.net"], is_longer)?;
                let advice = match self.argument {
                    ArgumentName::Url => "use `url_host_in`, which compares the host",
                    _ => "write the allowed hosts with `in`",
                };
                Some(format!("{shown} matches `{found}`, too; {advice}"))
            }
            Content::Statement => {
                let found = self.first_match(&["; DROP TABLE x", " 1; DROP TABLE x"], |text| text.contains(';'))?;
                Some(format!("{shown} matches `{found}`, too; write `[^;]*` for what follows"))
            }
        }
    }

    /// The content of an expression such as `^https://.*\.example\.com/.*$`, whose URL names a host behind what is free.
    fn content_of_url(&self, literals: &str) -> Option<Content> {
        let (_, rest) = literals.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        is_host(host, is_private).then_some(Content::Url)
    }

    /// The first text with one of these in place of what may be repeated that the expression matches, and that is of a kind.
    fn first_match(&self, fills: &[&str], is_loose: impl Fn(&str) -> bool) -> Option<String> {
        let plain = Recipe { fill: "", alternative: self.alternative, only_literals: false }.make(self.expression).text;
        fills.iter().find_map(|fill| {
            let recipe = Recipe { fill, alternative: self.alternative, only_literals: false };
            let text = self.with_ends(recipe.make(self.expression).text, fill);
            (text != plain && is_loose(&text) && self.engine.is_match(&text)).then_some(text)
        })
    }

    /// A text with what may precede and follow where the expression has no anchor.
    fn with_ends(&self, text: String, fill: &str) -> String {
        let is_before = fill == LONGER;
        let before = if self.is_anchored(Look::Start) || !is_before { "" } else { fill };
        let after = if self.is_anchored(Look::End) || is_before { "" } else { fill };
        [before, &text, after].concat()
    }

    fn is_anchored(&self, end: Look) -> bool {
        let properties = self.expression.properties();
        let looks = if end == Look::Start { properties.look_set_prefix() } else { properties.look_set_suffix() };
        looks.contains(end)
    }

    /// A `.` in a host, which matches any character.
    fn find_dot(&self) -> Option<String> {
        let recipe = Recipe { fill: "", alternative: self.alternative, only_literals: false };
        let sample = recipe.make(self.expression);
        let start = sample.text.find("://").map_or(0, |at| at.saturating_add(3));
        let end = sample
            .text
            .get(start..)?
            .find(['/', '?', '#', ':'])
            .map_or(sample.text.len(), |at| at.saturating_add(start));
        let is_inside = |dot: &usize| (start.saturating_add(1)..end.saturating_sub(1)).contains(dot);
        let is_host_name = start > 0 || matches!(self.argument, ArgumentName::Host | ArgumentName::Url);
        let meant: String =
            sample.text.char_indices().map(|(at, c)| if sample.dots.contains(&at) { '.' } else { c }).collect();
        let is_loose = is_host_name
            && sample.dots.iter().any(is_inside)
            && is_host(meant.get(start..end)?, is_private)
            && self.engine.is_match(&sample.text);
        let (shown, text) = (&self.shown, &sample.text);
        is_loose.then(|| {
            let is_bare = start == 0 && self.argument == ArgumentName::Host;
            let other = if is_bare { "list the hosts with `in`" } else { "use `url_host_in`" };
            format!(r"in {shown} a `.` matches any character, so `{text}` matches, too; write `\.`, or {other}")
        })
    }
}

/// Whether a host lies under the domain of the examples, and is one.
fn is_elsewhere(host: &str) -> bool {
    host.ends_with("example.net") && !host.contains("..")
}

/// The host of a URL as a client reads it: what precedes an `@` is a user's name.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}
