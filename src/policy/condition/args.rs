//! A call's arguments, and the walk along a path.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use crate::{
    json::{Member, Node, Value, fold},
    policy::path::{Path, Segment},
};

/// Up to this many members are compared each with each; above, their folded names go into a set, and the outcome is kept
/// for the next condition that enters the object. Arguments can hold a hundred thousand members, a policy many paths.
const FEW: usize = 16;

/// The arguments of one call.
#[derive(Default)]
pub struct Args<'a> {
    root: Option<&'a Node<'a>>,
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
    /// An array without elements, where the path says `[*]`.
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

impl<'a> Args<'a> {
    /// The arguments as sent; `None` where there are none, which is the same as an empty object, as is `null`.
    #[must_use]
    pub fn new(arguments: Option<&'a Node<'a>>) -> Self {
        Self { root: arguments, twins: Cell::default() }
    }

    /// Walks along `path` and calls `visit` with each place that it leads to, and the index for each `[*]` of the path.
    /// It visits at least one place.
    ///
    /// # Errors
    /// A member of an object on the way whose name equals a key of the path, or another member, only after Unicode
    /// simple case folding or but for control characters: some servers read it (Go's `encoding/json` and C#'s web
    /// defaults do the one, go-sdk 1.3.1 to 1.4.0 the other). Also an exact duplicate, should the reader have let it
    /// through. What was visited before counts for nothing then.
    pub fn follow<V: FnMut(Leaf<'a>, &[usize])>(&self, path: &Path, visit: V) -> Result<(), Ambiguous<'a>> {
        let mut walk = Walk { args: self, path, indexes: Vec::new(), visit };
        match self.root {
            None => {
                (walk.visit)(Leaf::Missing, &[]);
                Ok(())
            }
            Some(root) => walk.step(root, path.segments()),
        }
    }

    /// The one place that a path without `[*]` leads to; the first one of any other path.
    ///
    /// # Errors
    /// As [`Args::follow`].
    pub fn find_one(&self, path: &Path) -> Result<Leaf<'a>, Ambiguous<'a>> {
        let mut first = None;
        self.follow(path, |leaf, _| first = first.or(Some(leaf)))?;
        Ok(first.unwrap_or(Leaf::Missing))
    }

    /// A member of this object that resembles another one.
    fn folded_member(&self, members: &'a [Member<'a>]) -> Option<&'a str> {
        if members.len() <= FEW {
            let alike = |(index, one): (usize, &'a Member<'a>)| {
                let mut later = members.iter().skip(index.saturating_add(1));
                later.find(|other| fold::same_but_control(&one.name, &other.name)).map(|other| &*other.name)
            };
            return members.iter().enumerate().find_map(alike);
        }
        let mut twins = self.twins.take();
        let index = *twins.entry(members.as_ptr().addr()).or_insert_with(|| folded_member_among_many(members));
        self.twins.set(twins);
        members.get(index?).map(|member| &*member.name)
    }
}

/// The index of a name that equals an earlier one after folding and but for control characters; does not compare each
/// with each.
pub(super) fn folded_member_among_many(members: &[Member<'_>]) -> Option<usize> {
    let mut seen = HashSet::new();
    members.iter().position(|member| {
        let mut bare = String::new();
        fold::fold_into(&member.name, &mut bare);
        !seen.insert(bare)
    })
}

/// A walk under way.
struct Walk<'w, 'a, V> {
    args: &'w Args<'a>,
    path: &'w Path,
    indexes: Vec<usize>,
    visit: V,
}

impl<'a, V: FnMut(Leaf<'a>, &[usize])> Walk<'_, 'a, V> {
    /// Goes on from `node`. As deep as the path is long, which has a bound.
    fn step(&mut self, node: &'a Node<'a>, rest: &[Segment]) -> Result<(), Ambiguous<'a>> {
        let leaf = match (rest.split_first(), &node.value) {
            (_, value) if super::is_missing(value) => Leaf::Missing,
            (None, _) => Leaf::Found(node),
            (Some((Segment::Key(key), rest)), Value::Object(members)) => {
                self.check_names(members)?;
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
        (self.visit)(leaf, &self.indexes);
        Ok(())
    }

    fn visit_elements(&mut self, elements: &'a [Node<'a>], rest: &[Segment]) -> Result<(), Ambiguous<'a>> {
        for (index, element) in elements.iter().enumerate() {
            self.indexes.push(index);
            self.step(element, rest)?;
            self.indexes.pop();
        }
        Ok(())
    }

    /// Looks for ambiguous names in an object that the path enters. *A key of the path* is any of its keys, not only
    /// the one looked up here: as the contract says it, and a name that is like a deeper key is rare in honest calls.
    fn check_names(&self, members: &'a [Member<'a>]) -> Result<(), Ambiguous<'a>> {
        let resembles = |name: &str| self.path.keys().any(|key| fold::is_folded_match(name, key));
        let lookalike = members.iter().map(|member| &*member.name).find(|name| resembles(name));
        lookalike.or_else(|| self.args.folded_member(members)).map_or(Ok(()), |name| Err(Ambiguous { name }))
    }
}
