//! A call's arguments, and the walk along a path.

use std::{cell::Cell, collections::HashMap};

use crate::{
    budget::{TooMuchWork, Work},
    json::{Member, Node, Value, find_folded_twin, fold},
    policy::path::{Path, Segment},
};

/// Of up to this many members with so many bytes of names, the outcome of comparing their names is not kept; above, it is, for the
/// next condition that enters the object. Arguments can hold a hundred thousand members, a
/// policy many paths.
const FEW: usize = 16;
const FEW_BYTES: usize = 512;
/// Up to this many are compared each with each at once.
const FEW_PAIRS: usize = 4;

/// Units of [`Work`] for a place that a path leads to.
const VISIT: usize = 20;
/// For a member of an object that a path enters, and for a byte of its name.
const MEMBER: usize = 10;
/// For comparing a name with one key of the path.
const COMPARE: usize = 4;
/// For a member whose folded name is compared with many others, and for a byte of it.
const FOLD_MEMBER: usize = 100;
const FOLD_BYTE: usize = 8;

/// The arguments of one call.
pub struct Args<'a> {
    /// The arguments as sent; an error if they hold more values than rules read.
    root: Result<Option<&'a Node<'a>>, TooMuchWork>,
    /// What rules may still do for the request; `None` if that is not counted.
    work: Option<&'a Work>,
    /// For each large object by its address: which member resembles another, if one does.
    twins: Cell<HashMap<usize, Option<usize>>>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf<'a> {
    /// A value other than `null`.
    Found(&'a Node<'a>),
    /// Nothing, or `null`, there or on the way.
    Missing,
    /// An array without elements, if the path says `[*]`.
    Empty,
    /// A value on the way that is neither `null` nor of the type that the path needs.
    TypeMismatch {
        /// The value.
        found: &'a Node<'a>,
        /// What the path needs there.
        wanted: &'static str,
    },
}

/// A member name on which servers may disagree. It denies the call, whatever else a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ambiguous<'a> {
    /// The name as the caller wrote it.
    pub name: &'a str,
}

/// Why a walk along a path ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfollowed<'a> {
    /// Servers may disagree on a name.
    Ambiguous(Ambiguous<'a>),
    /// It takes more work than one request may.
    TooMuch,
}

impl<'a> Args<'a> {
    /// The arguments as sent; `None` if there are none, which is the same as an empty object, as is `null`. The work that
    /// conditions on them take is not counted.
    #[must_use]
    pub fn new(arguments: Option<&'a Node<'a>>) -> Self {
        Self { root: Ok(arguments), work: None, twins: Cell::default() }
    }

    /// The same, or that they hold more values than rules read; what conditions on them take is charged to `work`.
    #[must_use]
    pub fn counted(arguments: Result<Option<&'a Node<'a>>, TooMuchWork>, work: &'a Work) -> Self {
        Self { root: arguments, work: Some(work), twins: Cell::default() }
    }

    /// Charges work that is about to be done.
    ///
    /// # Errors
    /// It is not left.
    pub fn charge(&self, units: usize) -> Result<(), TooMuchWork> {
        self.work.map_or(Ok(()), |work| work.charge(units))
    }

    /// Walks along `path` and calls `visit` with each place that it leads to, and the index for each `[*]` of the path.
    /// It visits at least one place.
    ///
    /// # Errors
    /// A member of an object on the way whose name equals a key of the path, or another member, only after Unicode
    /// simple case folding or but for control characters: some servers read it (Go's `encoding/json` and C#'s web
    /// defaults do the one, go-sdk 1.3.1 to 1.4.0 the other). Also an exact duplicate, should the reader have let it
    /// through. What was visited before counts for nothing then. Or more work than is left, which `visit` may report, too.
    pub fn follow<V>(&self, path: &Path, visit: V) -> Result<(), Unfollowed<'a>>
    where
        V: FnMut(Leaf<'a>, &[usize]) -> Result<(), TooMuchWork>,
    {
        let mut walk = Walk { args: self, path, are_sent: true, indexes: Vec::new(), visit };
        match self.root? {
            None => Ok((walk.visit)(Leaf::Missing, &[])?),
            Some(root) => walk.step(root, path.segments()),
        }
    }

    /// Walks along a path into an object that no server reads, as [`Args::follow`] does: what Envoy says of the caller. Names are
    /// compared exactly.
    pub(super) fn follow_fact<V>(&self, root: &'a Node<'a>, path: &Path, visit: V) -> Result<(), Unfollowed<'a>>
    where
        V: FnMut(Leaf<'a>, &[usize]) -> Result<(), TooMuchWork>,
    {
        Walk { args: self, path, are_sent: false, indexes: Vec::new(), visit }.step(root, path.segments())
    }

    /// The one place that a path without `[*]` leads to; the first one of any other path.
    ///
    /// # Errors
    /// As [`Args::follow`].
    pub fn find_one(&self, path: &Path) -> Result<Leaf<'a>, Unfollowed<'a>> {
        let mut first = None;
        self.follow(path, |leaf, _| {
            first = first.or(Some(leaf));
            Ok(())
        })?;
        Ok(first.unwrap_or(Leaf::Missing))
    }

    /// A member of this object, whose names have so many bytes, that resembles another one.
    fn folded_member(&self, members: &'a [Member<'a>], bytes: usize) -> Result<Option<&'a str>, TooMuchWork> {
        if members.len() <= FEW && bytes <= FEW_BYTES {
            self.charge(bytes.saturating_mul(members.len()))?;
            if members.len() > FEW_PAIRS && twin(members, bytes).is_none() {
                return Ok(None);
            }
            let alike = |(index, one): (usize, &'a Member<'a>)| {
                let mut later = members.iter().skip(index.saturating_add(1));
                later.find(|other| fold::same_but_control(&one.name, &other.name)).map(|other| &*other.name)
            };
            return Ok(members.iter().enumerate().find_map(alike));
        }
        let (mut twins, key) = (self.twins.take(), members.as_ptr().addr());
        let known = twins.get(&key).copied();
        let index = match known {
            Some(index) => Ok(index),
            None => self.charge(fold_cost(members, bytes)).map(|()| twin(members, bytes)),
        };
        twins.extend(index.map(|index| (key, index)));
        self.twins.set(twins);
        Ok(index?.and_then(|index| members.get(index)).map(|member| &*member.name))
    }
}

fn fold_cost(members: &[Member<'_>], bytes: usize) -> usize {
    members.len().saturating_mul(FOLD_MEMBER).saturating_add(bytes.saturating_mul(FOLD_BYTE))
}

/// Whether a text has neither control characters nor any but ASCII ones, so that another like it differs only in case.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The index of a member that resembles an earlier one; their names have so many bytes.
fn twin(members: &[Member<'_>], bytes: usize) -> Option<usize> {
    find_folded_twin(members.iter().map(|member| &*member.name), bytes)
}

/// A walk under way.
struct Walk<'w, 'a, V> {
    args: &'w Args<'a>,
    path: &'w Path,
    /// Whether a server reads the values, too.
    are_sent: bool,
    indexes: Vec<usize>,
    visit: V,
}

impl<'a, V: FnMut(Leaf<'a>, &[usize]) -> Result<(), TooMuchWork>> Walk<'_, 'a, V> {
    /// Goes on from `node`. As deep as the path is long, which has a bound.
    fn step(&mut self, node: &'a Node<'a>, rest: &[Segment]) -> Result<(), Unfollowed<'a>> {
        let leaf = match (rest.split_first(), &node.value) {
            (_, value) if super::is_missing(value) => Leaf::Missing,
            (None, _) => Leaf::Found(node),
            (Some((Segment::Key(key), rest)), Value::Object(members)) => {
                if self.are_sent {
                    self.check_names(members)?;
                } else {
                    self.args.charge(members.len().saturating_mul(MEMBER))?;
                }
                match members.iter().find(|member| member.name == *key) {
                    Some(member) => return self.step(&member.node, rest),
                    None => Leaf::Missing,
                }
            }
            (Some((Segment::Index(index), rest)), Value::Array(elements)) => match elements.get(*index) {
                Some(element) => return self.step(element, rest),
                None => Leaf::Missing,
            },
            (Some((Segment::Every, rest)), Value::Array(elements)) if !elements.is_empty() => {
                return self.visit_elements(elements, rest);
            }
            (Some((Segment::Every, _)), Value::Array(_)) => Leaf::Empty,
            (Some((Segment::Key(_), _)), _) => Leaf::TypeMismatch { found: node, wanted: "an object" },
            (Some((Segment::Index(_) | Segment::Every, _)), _) => {
                Leaf::TypeMismatch { found: node, wanted: "an array" }
            }
        };
        self.args.charge(VISIT)?;
        Ok((self.visit)(leaf, &self.indexes)?)
    }

    fn visit_elements(&mut self, elements: &'a [Node<'a>], rest: &[Segment]) -> Result<(), Unfollowed<'a>> {
        for (index, element) in elements.iter().enumerate() {
            self.indexes.push(index);
            self.step(element, rest)?;
            self.indexes.pop();
        }
        Ok(())
    }

    /// Looks for ambiguous names in an object that the path enters. *A key of the path* is any of its keys, not only
    /// the one looked up here: as the contract says it, and a name that is like a deeper key is rare in honest calls.
    fn check_names(&self, members: &'a [Member<'a>]) -> Result<(), Unfollowed<'a>> {
        self.args.charge(members.len())?;
        let bytes = members.iter().fold(0, |sum: usize, member| sum.saturating_add(member.name.len()));
        let each = self.path.keys().count().saturating_mul(COMPARE).saturating_add(MEMBER);
        self.args.charge(members.len().saturating_mul(each).saturating_add(bytes))?;
        let are_plain = self.path.keys().all(is_plain);
        for member in members {
            if self.resembles_a_key(&member.name, are_plain)? {
                return Err(Unfollowed::Ambiguous(Ambiguous { name: &member.name }));
            }
        }
        match self.args.folded_member(members, bytes)? {
            Some(name) => Err(Unfollowed::Ambiguous(Ambiguous { name })),
            None => Ok(()),
        }
    }

    /// Whether some server reads `name` as a key of the path, which it is not. `are_plain` says that all keys are plain.
    fn resembles_a_key(&self, name: &str, are_plain: bool) -> Result<bool, TooMuchWork> {
        let mut keys = self.path.keys();
        // As nearly every name.
        if are_plain && is_plain(name) {
            return Ok(keys.any(|key| name.eq_ignore_ascii_case(key) && name != key));
        }
        self.args.charge(name.len().saturating_mul(self.path.keys().count()).saturating_mul(FOLD_BYTE))?;
        Ok(keys.any(|key| fold::is_folded_match(name, key)))
    }
}

impl From<TooMuchWork> for Unfollowed<'_> {
    fn from(_: TooMuchWork) -> Self {
        Self::TooMuch
    }
}
