//! One pass over a text. A table says of each byte whether anything could begin there; most bytes cost no more than that.

mod windows;

use std::{ops::Range, sync::Arc};

use crate::{
    budget::{TooMuchWork, Work},
    policy::{BuiltIn, Expression},
};

#[cfg(not(target_os = "wasi"))]
pub use self::windows::window_work;
use self::windows::{Places, places};
use super::find::{
    KeyEnd, before, byte, find_aws_key, find_bearer, find_card, find_email, find_github, find_grant, find_iban,
    find_jwt, find_key, find_slack,
};
use super::inspection::insert;

/// A find in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Find {
    /// Where it is, in bytes.
    pub(super) range: Range<usize>,
    /// What found it, by its number in the inspection.
    pub(super) finder: usize,
}

/// What one pass over a text stops at: what the formats and expressions that are looked for could begin with.
#[derive(Clone, Debug)]
pub(super) struct Triggers {
    /// What could begin at each byte: bits of [`bit`].
    table: Box<[u16; 256]>,
    /// The numbers of the formats in use, in the order of [`BuiltIn::ALL`].
    numbers: [Option<usize>; BuiltIn::ALL.len()],
    /// The expressions, with their numbers.
    expressions: Vec<(Arc<Expression>, usize)>,
    /// Where they could be.
    places: Option<Box<Places>>,
}

/// What one pass has found.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) finds: Vec<Find>,
    /// Whether the text has signs of another spelling, in which it is looked at, too.
    pub(super) is_disguised: bool,
    /// Whether the text ends inside a private key.
    pub(super) is_key_open: bool,
}

/// What could begin at a byte.
mod bit {
    pub(super) const AT: u16 = 1;
    pub(super) const DIGIT: u16 = 1 << 1;
    pub(super) const HYPHEN: u16 = 1 << 2;
    pub(super) const UNDERSCORE: u16 = 1 << 3;
    pub(super) const THIRD_OF_JWT: u16 = 1 << 4;
    pub(super) const AWS: u16 = 1 << 5;
    pub(super) const BEARER: u16 = 1 << 6;
    pub(super) const EXPRESSION: u16 = 1 << 7;
    pub(super) const DISGUISE: u16 = 1 << 8;
}

impl Triggers {
    /// Stops at what these formats and expressions could begin with.
    pub(super) fn new(
        numbers: [Option<usize>; BuiltIn::ALL.len()],
        expressions: Vec<(Arc<Expression>, usize)>,
    ) -> Self {
        let mut table = Box::new([0_u16; 256]);
        let mut mark = |bytes: &[u8], bit: u16| {
            for byte in bytes {
                if let Some(bits) = table.get_mut(usize::from(*byte)) {
                    *bits |= bit;
                }
            }
        };
        for (built_in, _) in
            BuiltIn::ALL.iter().map(|(_, built_in)| *built_in).zip(numbers).filter(|(_, on)| on.is_some())
        {
            match built_in {
                BuiltIn::Email => mark(b"@", bit::AT),
                BuiltIn::CreditCard | BuiltIn::Iban => mark(b"0123456789", bit::DIGIT),
                BuiltIn::PrivateKey | BuiltIn::SlackToken => mark(b"-", bit::HYPHEN),
                BuiltIn::Jwt => mark(b"J", bit::THIRD_OF_JWT),
                BuiltIn::GithubToken | BuiltIn::McpGrant => mark(b"_", bit::UNDERSCORE),
                BuiltIn::AwsKey => {
                    mark(b"A", bit::AWS);
                    mark(b"_", bit::UNDERSCORE);
                }
                BuiltIn::BearerToken => mark(b"Bb", bit::BEARER),
            }
        }
        for (expression, _) in &expressions {
            mark(expression.near.as_bytes().get(..1).unwrap_or_default(), bit::EXPRESSION);
        }
        // The first bytes of what `disguise` decodes.
        mark(b"&%\\\xE2\xEF\xC2\xE1", bit::DISGUISE);
        let places = (!expressions.is_empty()).then(|| places(&expressions));
        Self { table, numbers, expressions, places }
    }

    /// Looks at a text. `in_key` if the text before it has ended inside a private key.
    ///
    /// # Errors
    /// The expressions take more work than is left.
    pub(super) fn scan(&self, text: &[u8], in_key: bool, work: &Work) -> Result<Scanned, TooMuchWork> {
        let (windows, scanned) = (Vec::new(), Scanned::default());
        let mut pass = Pass { triggers: self, text, done: [0; BuiltIn::ALL.len()], windows, scanned };
        if let (true, Some(number)) = (in_key, self.number(BuiltIn::PrivateKey)) {
            let (end, how) = super::find::key_body(text, 0);
            pass.scanned.is_key_open = how == KeyEnd::Open;
            pass.add(BuiltIn::PrivateKey, number, 0..end);
        }
        for (at, byte) in text.iter().enumerate() {
            let bits = self.table.get(usize::from(*byte)).copied().unwrap_or(0);
            if bits != 0 {
                pass.look(at, bits);
                if bits & bit::EXPRESSION != 0 {
                    pass.note_places(at, work)?;
                }
            }
        }
        pass.search_rest(work)?;
        Ok(pass.scanned)
    }

    fn number(&self, built_in: BuiltIn) -> Option<usize> {
        self.numbers.get(built_in as usize).copied().flatten()
    }
}

/// One pass over one text.
struct Pass<'t> {
    triggers: &'t Triggers,
    text: &'t [u8],
    /// Where the last find of each format ends: the same bytes are not looked at twice.
    done: [usize; BuiltIn::ALL.len()],
    /// What each expression is to be searched in next. Empty up to the first place.
    windows: Vec<Option<Range<usize>>>,
    scanned: Scanned,
}

impl Pass<'_> {
    fn look(&mut self, at: usize, bits: u16) {
        let text = self.text;
        match bits & !(bit::EXPRESSION | bit::DISGUISE) {
            0 => {}
            bit::AT => self.try_find(BuiltIn::Email, at, |_| find_email(text, at)),
            bit::DIGIT if !before(text, at).is_ascii_digit() => {
                self.try_find(BuiltIn::CreditCard, at, |_| find_card(text, at));
                self.try_find(BuiltIn::Iban, at, |_| find_iban(text, at));
            }
            bit::HYPHEN => {
                self.look_for_slack(at);
                // Nearly all hyphens are alone.
                if byte(text, at.saturating_add(1)) == b'-' && before(text, at) != b'-' {
                    self.look_for_key(at);
                }
            }
            bit::UNDERSCORE => {
                self.try_find(BuiltIn::GithubToken, at, |_| find_github(text, at));
                self.try_find(BuiltIn::McpGrant, at, |_| find_grant(text, at));
                if matches!(before(text, at), b't' | b'T') {
                    self.try_find(BuiltIn::AwsKey, at, |_| find_aws_key(text, at.saturating_add(1)));
                }
            }
            bit::THIRD_OF_JWT => self.try_find(BuiltIn::Jwt, at, |_| find_jwt(text, at)),
            bit::AWS => self.try_find(BuiltIn::AwsKey, at, |_| find_aws_key(text, at)),
            bit::BEARER => self.try_find(BuiltIn::BearerToken, at, |_| find_bearer(text, at)),
            _ => {}
        }
        if bits & bit::DISGUISE != 0 && !self.scanned.is_disguised {
            self.scanned.is_disguised = super::disguise::starts_at(text, at);
        }
    }

    fn look_for_key(&mut self, at: usize) {
        let Some(number) = self.triggers.number(BuiltIn::PrivateKey) else { return };
        let from = self.done.get(BuiltIn::PrivateKey as usize).copied().unwrap_or(0);
        if at < from {
            return;
        }
        if let Some((range, end)) = find_key(self.text, at, from) {
            self.scanned.is_key_open = end == KeyEnd::Open;
            self.add(BuiltIn::PrivateKey, number, range);
        }
    }

    fn look_for_slack(&mut self, at: usize) {
        let Some(number) = self.triggers.number(BuiltIn::SlackToken) else { return };
        let Some(done) = self.done.get_mut(BuiltIn::SlackToken as usize).filter(|done| at >= **done) else { return };
        match find_slack(self.text, at) {
            Ok(range) => self.add(BuiltIn::SlackToken, number, range),
            Err(next) => *done = next,
        }
    }

    fn try_find(&mut self, built_in: BuiltIn, at: usize, find: impl FnOnce(usize) -> Option<Range<usize>>) {
        let Some(number) = self.triggers.number(built_in) else { return };
        let from = self.done.get(built_in as usize).copied().unwrap_or(0);
        if at >= from
            && let Some(range) = find(from)
        {
            self.add(built_in, number, range);
        }
    }

    fn add(&mut self, built_in: BuiltIn, number: usize, range: Range<usize>) {
        if let Some(done) = self.done.get_mut(built_in as usize) {
            *done = range.end;
        }
        if !range.is_empty() {
            insert(&mut self.scanned.finds, Find { range, finder: number });
        }
    }
}
