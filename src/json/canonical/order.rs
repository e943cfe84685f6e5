//! The order of an object's members: by the UTF-16 code units of their names. RFC 8785, section 3.2.3.

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

/// Sorts members; those of one name stay as they are. Halves are sorted and merged; the standard sorts would add 11 KB to the module.
pub(super) fn sort(members: &mut [Member], names: Names<'_>, spare: &mut Vec<Member>) {
    let middle = members.len() / 2;
    let Some((front, back)) = members.split_at_mut_checked(middle).filter(|_| middle > 0) else { return };
    sort(front, names, spare);
    sort(back, names, spare);
    spare.clear();
    spare.extend_from_slice(front);
    let (mut front, mut back) = (spare.iter().peekable(), middle);
    for place in 0..members.len() {
        let Some(one) = front.peek().copied() else { return };
        let other = members.get(back).filter(|other| names.is_before(other, one)).copied();
        match other {
            Some(_) => back = back.wrapping_add(1),
            None => drop(front.next()),
        }
        members.get_mut(place).into_iter().for_each(|place| *place = other.unwrap_or(*one));
    }
}
