//! One pass over a text, which writes its canonical form.

use super::{
    ChoosePart, Part, Writer,
    order::{Member, Names, sort},
};
use crate::json::{
    decimal, escape, names,
    string::{Escapes, Span, plain, scan_accepted, unescape_into},
};

/// One pass over a text.
pub(super) struct Pass<'t, 'w> {
    text: &'t [u8],
    at: usize,
    /// What lies between here and `at` is canonical, and has not been written yet.
    from: usize,
    out: &'w mut Vec<u8>,
    buffers: &'w mut Writer,
    depth_left: u32,
    values_left: usize,
}

/// How many of an object's members are written, whole or in part.
type Written = usize;

impl<'t, 'w> Pass<'t, 'w> {
    pub(super) fn new(
        text: &'t [u8],
        max_depth: u32,
        max_values: usize,
        buffers: &'w mut Writer,
        out: &'w mut Vec<u8>,
    ) -> Self {
        Self { text, at: 0, from: 0, out, buffers, depth_left: max_depth, values_left: max_values }
    }

    /// Writes the one value of the text.
    pub(super) fn write(mut self, choose: Option<ChoosePart>) -> Option<()> {
        self.value(choose)?;
        let is_whole = self.next().is_none();
        self.flush(self.at);
        is_whole.then_some(())
    }

    /// Writes the next value. Only of an object parts can be chosen.
    fn value(&mut self, choose: Option<ChoosePart>) -> Option<Written> {
        self.values_left = self.values_left.checked_sub(1)?;
        match self.next()? {
            b'"' => self.string(false).map(drop)?,
            b'{' => return self.object(choose),
            b'[' => self.array()?,
            b't' | b'n' => self.go(4),
            b'f' => self.go(5),
            _ => self.number()?,
        }
        Some(1)
    }

    fn array(&mut self) -> Option<()> {
        self.enter()?;
        if self.next()? == b']' {
            self.go(1);
        } else {
            while {
                self.value(None)?;
                self.goes_on(b']')?
            } {}
        }
        self.leave();
        Some(())
    }

    fn object(&mut self, choose: Option<ChoosePart>) -> Option<Written> {
        self.enter()?;
        let inside = self.position();
        let (first, decoded) = (self.buffers.members.len(), self.buffers.decoded.len());
        let mut is_whole = true;
        if self.next()? == b'}' {
            self.go(1);
        } else {
            while {
                is_whole &= self.member(choose)?;
                self.goes_on(b'}')?
            } {}
        }
        let written = self.buffers.members.len().wrapping_sub(first);
        if written > 1 || !is_whole {
            self.order(first, inside, is_whole)?;
        }
        self.buffers.members.truncate(first);
        self.buffers.decoded.truncate(decoded);
        self.leave();
        Some(written)
    }

    /// Writes a member, and answers whether anything of it is written.
    fn member(&mut self, choose: Option<ChoosePart>) -> Option<bool> {
        self.next()?;
        let start = self.position();
        let name = self.string(true)?;
        if self.next()? != b':' {
            return None;
        }
        self.go(1);
        let written = match choose.map_or(Part::Whole, |choose| choose(self.names().get(name))) {
            Part::Whole => self.value(None).map(|_| 1)?,
            Part::Nothing => self.value(None).map(|_| 0)?,
            Part::Members(choose) => self.value(Some(choose))?,
        };
        if written == 0 {
            self.flush(self.at);
            self.out.truncate(start);
        } else {
            self.buffers.members.push(Member { name, start, end: self.position() });
        }
        Some(written > 0)
    }

    /// Puts the members of an object in order, unless they are: those from `first` on, which are written from `inside` on. If not all
    /// are, only those stay.
    #[inline(never)]
    fn order(&mut self, first: usize, inside: usize, is_whole: bool) -> Option<()> {
        let names = Names { text: self.text, decoded: self.buffers.decoded.as_bytes() };
        let is_moved = sort(self.buffers.members.get_mut(first..)?, names, &mut self.buffers.spare_members);
        if is_whole && !is_moved {
            return Some(());
        }
        self.flush(self.at);
        let Writer { members, spare_bytes, .. } = &mut *self.buffers;
        spare_bytes.clear();
        for (index, member) in members.get(first..)?.iter().enumerate() {
            if index > 0 {
                spare_bytes.push(b',');
            }
            spare_bytes.extend_from_slice(self.out.get(member.start..member.end)?);
        }
        spare_bytes.push(b'}');
        self.out.truncate(inside);
        self.out.extend_from_slice(spare_bytes);
        Some(())
    }

    /// Writes the next string. A `name` is kept decoded if it has escapes.
    #[inline(always)]
    fn string(&mut self, is_name: bool) -> Option<Span> {
        match plain(self.text, self.at) {
            Some(span) => {
                self.at = span.end.wrapping_add(1);
                Some(span)
            }
            None => self.string_at_length(is_name),
        }
    }

    #[inline(never)]
    fn string_at_length(&mut self, is_name: bool) -> Option<Span> {
        let start = self.at;
        let (span, escapes) = scan_accepted(self.text, start)?;
        self.at = span.end.wrapping_add(1);
        if escapes == Escapes::Other || span.escaped && is_name {
            return Some(self.rewrite_string(start, span, is_name));
        }
        Some(span)
    }

    /// Writes the string that began at `start` with the escapes of the canonical form. Where it is decoded, if that `is_kept`.
    #[inline(never)]
    fn rewrite_string(&mut self, start: usize, span: Span, is_kept: bool) -> Span {
        self.flush(start);
        let Writer { decoded, spare_text, .. } = &mut *self.buffers;
        let before = decoded.len();
        unescape_into(names::content(self.text, span), decoded);
        spare_text.clear();
        escape::push_quoted(decoded.get(before..).unwrap_or_default(), spare_text);
        self.out.extend_from_slice(spare_text.as_bytes());
        let name = Span { start: before, end: decoded.len(), escaped: true };
        if !is_kept {
            decoded.truncate(before);
        }
        name
    }

    fn number(&mut self) -> Option<()> {
        let (rest, start) = (self.text.get(self.at..)?, self.at);
        let whole = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
        let has_more = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        // A double keeps a whole number of so many digits.
        if matches!(whole, 1..=15) && !rest.get(whole).is_some_and(has_more) && !rest.starts_with(b"-0") {
            self.go(whole);
            return Some(());
        }
        let length = rest.iter().take_while(|byte| has_more(byte)).count();
        let number = std::str::from_utf8(rest.get(..length)?).ok().filter(|number| !number.is_empty())?;
        self.go(length);
        self.flush(start);
        self.out.extend_from_slice(decimal::ecmascript(number).as_bytes());
        Some(())
    }

    /// Where the next byte will be written.
    #[inline(always)]
    fn position(&self) -> usize {
        self.out.len().wrapping_add(self.at).wrapping_sub(self.from)
    }

    /// Writes what lies before `end` and has not been written; what comes next begins at `at`.
    fn flush(&mut self, end: usize) {
        self.out.extend_from_slice(self.text.get(self.from..end).unwrap_or_default());
        self.from = self.at;
    }

    #[inline(always)]
    fn names(&self) -> Names<'_> {
        Names { text: self.text, decoded: self.buffers.decoded.as_bytes() }
    }

    #[inline(always)]
    fn enter(&mut self) -> Option<()> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        self.go(1);
        Some(())
    }

    #[inline(always)]
    fn leave(&mut self) {
        self.depth_left = self.depth_left.wrapping_add(1);
    }

    /// Passes what follows a member or an element: a comma, upon which another one comes, or `end`.
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let next = self.next()?;
        if next != b',' && next != end {
            return None;
        }
        self.go(1);
        Some(next == b',')
    }

    /// The next byte that is not white space; that is left out.
    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        match self.text.get(self.at)? {
            b' ' | b'\t' | b'\n' | b'\r' => self.drop_space(),
            byte => Some(*byte),
        }
    }

    #[inline(never)]
    fn drop_space(&mut self) -> Option<u8> {
        let start = self.at;
        let rest = self.text.get(start..)?;
        let length = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.go(length);
        self.flush(start);
        rest.get(length).copied()
    }

    /// Passes some bytes.
    #[inline(always)]
    fn go(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }
}
