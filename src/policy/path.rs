//! Where a rule looks: in a call's arguments (`args.order.items[*].price`), at its caller (`caller.claims.groups`) or at its time
//! (`now.hour`).
//!
//! * a [`Root`] comes first; `args` means the arguments, an object
//! * `.key` is a member of an object
//! * `["a.b"]` is a member whose name needs quotes; the quotes hold a JSON string
//! * `[0]` is an element of an array, counted from 0
//! * `[*]` is every element of an array

use std::fmt;

use crate::{
    bytes::whole_number,
    json::{Reader, quoted},
    text::excerpt,
};

mod root;

#[cfg(test)]
mod tests;

pub use self::root::Root;

/// More steps than a call's arguments can sensibly nest; keeps the walk's recursion short.
const MAX_SEGMENTS: usize = 32;

/// A place in what a call says or in what is known of it, or several of them where it says `[*]`.
///
/// Invariant: it has 1 to 32 segments, the first is a key, since every root is an object, and a root whose members are known has
/// this member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    root: Root,
    segments: Vec<Segment>,
}

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The member of this name.
    Key(String),
    /// The element at this index.
    Index(usize),
    /// Every element.
    Every,
}

/// Why a text is not a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    text: String,
    at: usize,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NoRoot,
    OtherRoot(Root),
    NoMember(Root),
    NoClaim,
    NoKey,
    Whole,
    Dotless,
    DottedBracket,
    Unquoted,
    Bracket,
    Quote,
    Index,
    NotObject,
    TooLong,
}

// === impl Path ===

impl Path {
    /// Reads a path as a policy writes it.
    ///
    /// # Errors
    /// The first offset at which the text is not a path, and what is allowed there.
    pub fn new(text: &str) -> Result<Self, PathError> {
        let fail = |rest: &str, reason| PathError::new(text, text.len().saturating_sub(rest.len()), reason);
        let (root, mut rest) = Root::split(text).ok_or_else(|| fail(text, Reason::NoRoot))?;
        let members = rest;
        let mut segments = Vec::new();
        while !rest.is_empty() {
            let (segment, behind) = step(rest).map_err(|(at, reason)| fail(at, reason))?;
            if segments.is_empty() && !matches!(segment, Segment::Key(_)) {
                return Err(fail(rest, if root == Root::Args { Reason::NotObject } else { Reason::NoMember(root) }));
            }
            if segments.len() >= MAX_SEGMENTS {
                return Err(fail(rest, Reason::TooLong));
            }
            segments.push(segment);
            rest = behind;
        }
        match root.check_members(&segments) {
            Some(reason) => Err(fail(members, reason)),
            None => Ok(Self { root, segments }),
        }
    }

    /// Reads a path into the arguments.
    ///
    /// # Errors
    /// As [`Self::new`], or that it leads elsewhere.
    pub fn into_args(text: &str) -> Result<Self, PathError> {
        let path = Self::new(text)?;
        if path.root == Root::Args { Ok(path) } else { Err(PathError::new(text, 0, Reason::OtherRoot(path.root))) }
    }

    /// What it starts from.
    #[must_use]
    pub fn root(&self) -> Root {
        self.root
    }

    /// The steps, outermost first.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The names of the members that the path goes through.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) | Segment::Every => None,
        })
    }

    /// Whether the path means one place at most: it does not say `[*]`.
    #[must_use]
    pub fn is_single(&self) -> bool {
        !self.segments.contains(&Segment::Every)
    }
}

/// Reads the step at the front of `rest`, which is not empty; an error comes with the rest of the text from its place on.
fn step(rest: &str) -> Result<(Segment, &str), (&str, Reason)> {
    if let Some(inner) = rest.strip_prefix('[') {
        return bracket(inner);
    }
    let Some(dotted) = rest.strip_prefix('.') else { return Err((rest, Reason::Dotless)) };
    let key = dotted.split(['.', '[']).next().unwrap_or_default();
    if key.is_empty() {
        let reason = if dotted.starts_with('[') { Reason::DottedBracket } else { Reason::NoKey };
        return Err((dotted, reason));
    }
    let behind = dotted.get(key.len()..).unwrap_or_default();
    // Syntax of some other path language must not become a key by accident: `args.*`, `args.a b`, `args.a]`.
    match key.find(|c: char| c.is_whitespace() || c.is_control() || "]*\"'\\".contains(c)) {
        Some(at) => Err((dotted.get(at..).unwrap_or_default(), Reason::Unquoted)),
        None => Ok((Segment::Key(key.to_owned()), behind)),
    }
}

/// Reads the rest of a step that starts with `[`.
fn bracket(inner: &str) -> Result<(Segment, &str), (&str, Reason)> {
    if inner.starts_with('"') {
        let mut reader = Reader::new(inner.as_bytes(), 1).map_err(|_| (inner, Reason::Quote))?;
        let key = reader.string().map_err(|_| (inner, Reason::Quote))?;
        let behind = inner.get(reader.position()..).unwrap_or_default();
        let behind = behind.strip_prefix(']').ok_or((behind, Reason::Bracket))?;
        return Ok((Segment::Key(key.into_owned()), behind));
    }
    let (index, behind) = inner.split_once(']').ok_or((inner, Reason::Index))?;
    if index == "*" {
        return Ok((Segment::Every, behind));
    }
    // One spelling only: no sign, no leading zero. Nine digits fit a `usize` on every target.
    let canonical = (index == "0" || !index.starts_with('0')) && index.len() <= 9;
    let number = whole_number(index.as_bytes()).and_then(|number| usize::try_from(number).ok());
    number.filter(|_| canonical).map(|number| (Segment::Index(number), behind)).ok_or((inner, Reason::Index))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.name())?;
        self.segments.iter().try_for_each(|segment| segment.fmt(f))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => match step(&format!(".{key}")) {
                Ok((Self::Key(plain), "")) if plain == *key => write!(f, ".{key}"),
                _ => write!(f, "[{}]", quoted(key)),
            },
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Every => f.write_str("[*]"),
        }
    }
}

// === impl PathError ===

impl PathError {
    fn new(text: &str, at: usize, reason: Reason) -> Self {
        Self { text: text.to_owned(), at, reason }
    }

    /// Offset in bytes of the first thing that does not fit.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = excerpt(&self.text);
        let hint = match self.reason {
            Reason::NoRoot => "a path starts with `args`, `caller` or `now`; write an argument as `args.name`",
            Reason::OtherRoot(_) => "only the arguments are read here; write a path such as `args.name`",
            Reason::NoMember(Root::Caller) => {
                "expected `caller.grant`, `caller.source`, `caller.authenticated` or `caller.claims` and the name of a claim"
            }
            Reason::NoMember(_) => "expected `now.weekday`, `now.hour`, `now.time` or `now.date`",
            Reason::NoClaim => "it names no claim; write a name behind `caller.claims`, as in `caller.claims.groups`",
            Reason::NoKey => "a key is missing; write one, or `[\"\"]` for the empty key",
            Reason::Whole => "it names no argument; write a key behind `args`, as in `args.name`",
            Reason::Dotless => "expected `.` or `[`; write `.` before a key",
            Reason::DottedBracket => "a `.` cannot precede `[`; remove it",
            Reason::Unquoted => "this character needs quotes in a key; write `[\"…\"]`, or `[*]` for every element",
            Reason::Bracket => "expected `]` behind the quoted key",
            Reason::Quote => "the quoted key is not a JSON string; write `[\"…\"]`",
            Reason::Index => {
                "expected an index such as `[0]`, `[*]` for every element, or a quoted key such as `[\"a.b\"]`"
            }
            Reason::NotObject => "the arguments are an object; write a key behind `args`, as in `args.name[0]`",
            Reason::TooLong => "more than 32 steps; name a place that is less deep",
        };
        write!(f, "`{text}` is not a path: at offset {}, {hint}", self.at)
    }
}

impl std::error::Error for PathError {}
