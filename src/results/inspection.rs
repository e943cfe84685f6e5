//! What is looked for in one answer by the rules that apply to it, and what becomes of finds.

use std::{ops::Range, sync::Arc};

use crate::{
    budget::{TooMuchWork, Work},
    policy::{BuiltIn, Expression, Finder, MergedResults, ResultRules, Treatment},
};

use super::{
    disguise::{self, Undone},
    report::ResultDenial,
    scan::{Find, Triggers},
};

/// Finds in one run of base64 that are kept: one of each finder would do.
const MAX_FINDS_IN_RUN: usize = 64;
/// Bytes of the shortest text that has a format: an e-mail address.
const MIN_FORMAT: usize = 6;
/// What goes on of a message may be so many times as long as `max_bytes`: a replacement of up to 64 bytes may be for one byte.
const GROWTH: usize = 2;
/// However small `max_bytes` is, so many bytes may go on, so that a small message can have long replacements.
const MIN_REWRITTEN: usize = 64 * 1024;

/// What is looked for in an answer, and what becomes of finds.
#[derive(Clone, Debug)]
pub struct Inspection {
    treatments: Vec<Treatment>,
    triggers: Triggers,
    /// The bytes of the shortest text in which anything is looked for.
    min_text: usize,
    /// A longer message is refused, in bytes.
    pub max_bytes: usize,
    /// The entry of the policy that says so.
    pub max_pointer: Box<str>,
}

/// The finds in one text, in order and apart from each other.
#[derive(Debug, Default)]
pub(super) struct TextFinds {
    pub(super) finds: Vec<Find>,
    /// Whether the text ends inside a private key.
    pub(super) is_key_open: bool,
}

impl Inspection {
    /// Takes rules together; `None` if there are none.
    #[must_use]
    pub fn new<'r>(rules: impl IntoIterator<Item = &'r ResultRules>) -> Option<Self> {
        let MergedResults { treatments, max_bytes, max_pointer } = MergedResults::new(rules)?;
        let mut numbers = [None; BuiltIn::ALL.len()];
        let mut expressions: Vec<(Arc<Expression>, usize)> = Vec::new();
        for (number, treatment) in treatments.iter().enumerate() {
            match &treatment.finder {
                Finder::BuiltIn(built_in) => {
                    if let Some(slot) = numbers.get_mut(*built_in as usize) {
                        *slot = Some(number);
                    }
                }
                Finder::Expression(expression) => expressions.push((Arc::clone(expression), number)),
            }
        }
        let shortest = expressions.iter().map(|(expression, _)| expression.near.len());
        let min_text = shortest.fold(MIN_FORMAT, usize::min);
        let triggers = Triggers::new(numbers, expressions);
        Some(Self { triggers, treatments, min_text, max_bytes, max_pointer })
    }

    /// The bytes of the shortest text in which anything could be found: a format, or what is beside `near`.
    pub(super) fn min_text(&self) -> usize {
        self.min_text
    }

    /// The bytes that may go on in place of a message of at most `max_bytes`, its replacements included.
    pub(super) fn max_rewritten(&self) -> usize {
        self.max_bytes.saturating_mul(GROWTH).max(MIN_REWRITTEN)
    }

    /// Whether anything is looked for; else only the size counts.
    #[must_use]
    pub fn has_finders(&self) -> bool {
        !self.treatments.is_empty()
    }

    /// What is looked for: the finder's name in records and statistics, and the entry of the policy.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.treatments.iter().map(|treatment| (treatment.finder.name(), &*treatment.pointer))
    }

    /// The number of the finder of this format, if it is looked for.
    pub(super) fn number_of(&self, built_in: BuiltIn) -> Option<usize> {
        let is_it = |treatment: &Treatment| matches!(&treatment.finder, Finder::BuiltIn(known) if *known == built_in);
        self.treatments.iter().position(is_it)
    }

    /// The finder with this number.
    pub(super) fn finder(&self, number: usize) -> Option<&Finder> {
        self.treatments.get(number).map(|treatment| &treatment.finder)
    }

    /// What takes the place of a find; `None` if it refuses the answer.
    pub(super) fn replacement(&self, number: usize) -> Option<&str> {
        self.treatments.get(number).and_then(|treatment| treatment.replace.as_deref())
    }

    /// The denial by a find.
    pub(super) fn denial(&self, number: usize) -> Option<ResultDenial> {
        let Treatment { finder, pointer, on_deny, .. } = self.treatments.get(number)?;
        Some(ResultDenial { pointer: pointer.clone(), finder: finder.name(), on_deny: on_deny.clone() })
    }

    /// Finds what a text holds, in each of its spellings.
    ///
    /// # Errors
    /// The expressions take more work than is left.
    pub(super) fn find(&self, text: &[u8], in_key: bool, work: &Work) -> Result<TextFinds, TooMuchWork> {
        let scanned = self.triggers.scan(text, in_key, work)?;
        let mut found = TextFinds { finds: scanned.finds, is_key_open: scanned.is_key_open };
        if scanned.is_disguised {
            let undone = Undone::new(text);
            let mut inside = self.triggers.scan(&undone.text, in_key, work)?;
            inside.finds.iter_mut().for_each(|find| find.range = undone.source(&find.range));
            found.is_key_open |= inside.is_key_open;
            found.finds = merge(found.finds, inside.finds);
        }
        let mut encoded = Vec::new();
        for run in disguise::base64_runs(text) {
            let mut inside = self.triggers.scan(&run.text, false, work)?.finds;
            // All of them mean the whole run.
            inside.truncate(MAX_FINDS_IN_RUN);
            inside.iter_mut().for_each(|find| find.range = run.range.clone());
            encoded.append(&mut inside);
        }
        found.finds = self.apart(merge(found.finds, encoded));
        Ok(found)
    }

    /// Makes one of finds that overlap: one that refuses the answer counts first, then the first.
    fn apart(&self, finds: Vec<Find>) -> Vec<Find> {
        let mut apart: Vec<Find> = Vec::with_capacity(finds.len());
        for find in finds {
            match apart.last_mut() {
                Some(last) if find.range.start < last.range.end => {
                    last.range.end = last.range.end.max(find.range.end);
                    if self.replacement(find.finder).is_none() {
                        last.finder = find.finder;
                    }
                }
                _ => apart.push(find),
            }
        }
        apart
    }
}

/// Adds a find to those in order, and returns how many come behind it; it comes near their end. (To sort them takes more code in the
/// module.)
pub(super) fn insert(finds: &mut Vec<Find>, find: Find) -> usize {
    let after = finds.iter().rev().position(|other| other.range.start <= find.range.start).unwrap_or(finds.len());
    finds.insert(finds.len().saturating_sub(after), find);
    after
}

/// Two lists, each in order, as one.
fn merge(one: Vec<Find>, other: Vec<Find>) -> Vec<Find> {
    if other.is_empty() {
        return one;
    }
    let mut merged = Vec::with_capacity(one.len().saturating_add(other.len()));
    let mut rest = other.into_iter().peekable();
    for find in one {
        while let Some(first) = rest.next_if(|first| first.range.start < find.range.start) {
            merged.push(first);
        }
        merged.push(find);
    }
    merged.extend(rest);
    merged
}

/// The part of a range that is inside another one; `None` if they do not meet.
pub(super) fn intersect(one: &Range<usize>, other: &Range<usize>) -> Option<Range<usize>> {
    let both = one.start.max(other.start)..one.end.min(other.end);
    (both.start < both.end).then_some(both)
}
