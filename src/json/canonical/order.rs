//! The order of an object's members: by the UTF-16 code units of their names. RFC 8785, section 3.2.3.

use std::mem;

use crate::json::string::Span;

/// A member that is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Its name; an escaped one is decoded elsewhere.
    pub(super) name: Span,
    /// Where it begins and ends in what is written.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Where the names are: those with escapes are decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'t> {
    pub(super) text: &'t [u8],
    pub(super) decoded: &'t [u8],
}

impl<'t> Names<'t> {
    pub(super) fn get(&self, name: Span) -> &'t [u8] {
        let source = if name.escaped { self.decoded } else { self.text };
        source.get(name.start..name.end).unwrap_or_default()
    }

    /// Whether one member comes before another one.
    pub(super) fn is_before(&self, one: &Member, other: &Member) -> bool {
        let (one, other) = (self.get(one.name), self.get(other.name));
        match one.iter().zip(other).find(|(one, other)| one != other) {
            None => one.len() < other.len(),
            Some((one, other)) => weight(*one) < weight(*other),
        }
    }
}

/// UTF-8 has the order of code points. In UTF-16, those beyond the basic plane, which begin with a byte from 0xF0 on, come before
/// those from U+E000 on, which begin with 0xEE or 0xEF.
fn weight(byte: u8) -> u8 {
    if matches!(byte, 0xEE | 0xEF) { byte | 0xF0 } else { byte }
}

/// Up to this many members are put in order one by one, as most objects have fewer.
const FEW: usize = 8;

/// Sorts members, and answers whether one had to move; those of one name stay as they are. Halves are sorted and merged; the standard
/// sorts would add 11 KB to the module.
pub(super) fn sort(members: &mut [Member], names: Names<'_>, spare: &mut Vec<Member>) -> bool {
    if members.len() <= FEW {
        return insert_each(members, names);
    }
    if members.is_sorted_by(|one, other| !names.is_before(other, one)) {
        return false;
    }
    let middle = members.len() / 2;
    let Some((front, back)) = members.split_at_mut_checked(middle) else { return true };
    sort(front, names, spare);
    sort(back, names, spare);
    spare.clear();
    spare.extend_from_slice(front);
    let (mut front, mut back) = (spare.iter().peekable(), middle);
    for place in 0..members.len() {
        let Some(one) = front.peek().copied() else { break };
        let other = members.get(back).filter(|other| names.is_before(other, one)).copied();
        match other {
            Some(_) => back = back.wrapping_add(1),
            None => drop(front.next()),
        }
        members.get_mut(place).into_iter().for_each(|place| *place = other.unwrap_or(*one));
    }
    true
}

/// Moves each member before those in front of it that it comes before, and answers whether one had to move.
fn insert_each(members: &mut [Member], names: Names<'_>) -> bool {
    let mut is_moved = false;
    for end in 1..members.len() {
        let mut at = end;
        while let Some([before, member]) = at.checked_sub(1).and_then(|start| members.get_mut(start..=at)) {
            if !names.is_before(member, before) {
                break;
            }
            mem::swap(before, member);
            (at, is_moved) = (at.wrapping_sub(1), true);
        }
    }
    is_moved
}
