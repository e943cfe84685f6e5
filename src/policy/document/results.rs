//! `results` as it is written; product contract, section 13.

use std::sync::Arc;

use crate::{
    json::cursor::{Cursor, Fields, Keys},
    policy::{
        condition::RegexMatcher,
        model::{BuiltIn, Expression, Finder},
    },
};

/// What a rule says about answers.
#[derive(Debug)]
pub struct Results<'w, 'a> {
    /// Its place.
    pub at: Cursor<'w, 'a>,
    /// `max_bytes`
    pub max_bytes: usize,
    /// `redact`: what is replaced, and by what.
    pub redact: Vec<(Finder, &'w str)>,
    /// `deny_if`
    pub deny_if: Vec<Finder>,
    /// `on_deny`
    pub on_deny: Option<&'w str>,
}

/// The keys of `results`.
pub const RESULTS_KEYS: Keys = Keys { known: &["max_bytes", "redact", "deny_if", "on_deny"] };
/// The keys of a finder in `deny_if`.
pub const FINDER_KEYS: Keys = Keys { known: &["find", "regex", "near"] };
/// The keys of a finder in `redact`.
pub const REDACTION_KEYS: Keys = Keys { known: &["find", "regex", "near", "replace"] };

/// The default of `max_bytes`.
pub const DEFAULT_MAX_RESULT_BYTES: usize = 4 << 20;
/// The default of `replace`.
pub const DEFAULT_REPLACEMENT: &str = "[redacted]";
/// The largest `max_bytes`: nothing longer is held for one stream, whatever its share.
const MAX_RESULT_BYTES: u64 = 64 << 20;
/// Entries of one list.
const MAX_FINDERS: usize = 32;
/// Bytes of `replace`: an answer with many finds grows by it for each.
const MAX_REPLACEMENT: usize = 64;
/// Bytes of `near`: shorter ones are found too often, and longer ones leave the expression too little.
const NEAR: std::ops::RangeInclusive<usize> = 3..=64;

impl<'w, 'a> Results<'w, 'a> {
    pub(super) fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        let fields = at.fields(RESULTS_KEYS)?;
        let max_bytes = fields.read("max_bytes", |bytes| bytes.integer(1, MAX_RESULT_BYTES));
        let max_bytes = max_bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(DEFAULT_MAX_RESULT_BYTES);
        let redact = read_list(&fields, "redact", REDACTION_KEYS, |item, fields| {
            let replace = fields.get("replace").map_or(Some(DEFAULT_REPLACEMENT), |replace| {
                let text = replace.string()?;
                if text.len() > MAX_REPLACEMENT {
                    replace.report(format!("the text is longer than {MAX_REPLACEMENT} bytes; write a shorter one"));
                }
                Some(text)
            });
            Some((read_finder(item, fields)?, replace?))
        });
        let deny_if = read_list(&fields, "deny_if", FINDER_KEYS, |item, fields| Some((read_finder(item, fields)?, "")));
        let deny_if = deny_if.into_iter().map(|(finder, _)| finder).collect();
        let on_deny = fields.get("on_deny").and_then(|text| text.string());
        Some(Self { at: *at, max_bytes, redact, deny_if, on_deny })
    }
}

/// Reads a list of finders, each with its replacement, and reports those that are repeated.
fn read_list<'w, 'a>(
    fields: &Fields<'w, 'a>,
    key: &str,
    keys: Keys,
    read: fn(&Cursor<'w, 'a>, &Fields<'w, 'a>) -> Option<(Finder, &'w str)>,
) -> Vec<(Finder, &'w str)> {
    let Some(list) = fields.get(key) else { return Vec::new() };
    let items = list.items().unwrap_or_default();
    if items.len() > MAX_FINDERS {
        list.report(format!("more than {MAX_FINDERS} entries; put several words into one expression: `a|b`"));
        return Vec::new();
    }
    let mut finders: Vec<(Finder, &'w str)> = Vec::new();
    for item in &items {
        let Some(read) = item.fields(keys).and_then(|fields| read(item, &fields)) else { continue };
        if finders.iter().any(|(other, _)| other.is_same(&read.0)) {
            item.report(format!("{} is repeated; keep one", read.0));
        }
        finders.push(read);
    }
    finders
}

fn read_finder(at: &Cursor<'_, '_>, fields: &Fields<'_, '_>) -> Option<Finder> {
    match (fields.get("find"), fields.get("regex")) {
        (Some(find), None) => {
            if let Some(near) = fields.get("near") {
                near.report("`near` belongs to `regex`; a format that is known needs none");
            }
            find.choice(&BuiltIn::ALL).map(Finder::BuiltIn)
        }
        (None, Some(regex)) => {
            let near = fields.required("near").and_then(|near| read_near(&near));
            let expression = RegexMatcher::new(regex.string()?);
            let expression =
                expression.map_err(|reason| regex.report(format!("the expression is not valid: {reason}")));
            let expression = expression.ok()?;
            expression.count(&regex)?;
            Some(Finder::Expression(Arc::new(Expression { regex: expression, near: near? })))
        }
        (Some(_), Some(_)) => at.report_expected("either `find` or `regex`, in two entries"),
        (None, None) => at.report_expected("`{\"find\": …}` or `{\"regex\": …, \"near\": …}`"),
    }
}

fn read_near(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    let near = at.string()?;
    if !NEAR.contains(&near.len()) {
        return at.report_expected("a text of 3 to 64 bytes that is always beside a match");
    }
    Some(near.into())
}
