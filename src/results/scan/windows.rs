//! The expressions of policies: places where the text is that is beside a match, and the windows around them that are searched. All of
//! it is charged.

use std::{ops::Range, sync::Arc};

use crate::{
    budget::{TooMuchWork, Work},
    policy::Expression,
};

use super::{Find, Pass, Triggers};
use crate::results::{find::has, inspection::insert};

/// Which expressions have a byte as the first, second or third one of `near`: a bit each, since the rules of one mode have at most 64 (an
/// answer under those of both modes has two for a bit). So a byte of a text costs the same however many expressions begin with it.
pub(super) type Places = [[u64; 256]; 3];

/// Bytes that an expression sees before and behind the first byte of a place.
const BEFORE: usize = 64;
const BEHIND: usize = 256;
/// Bytes that an expression sees at once, if several places are near each other; product contract, section 13.
const WINDOW: usize = 512;
/// The part of a window's work that each search behind a match in it is charged: so all of them take at most so many times what
/// was charged, and expressions with many short matches can be searched in answers of some length.
const AGAIN: usize = 8;

/// The first three bytes of each expression's `near`.
pub(super) fn places(expressions: &[(Arc<Expression>, usize)]) -> Box<Places> {
    let mut places = Box::new([[0_u64; 256]; 3]);
    for (index, (expression, _)) in expressions.iter().enumerate() {
        for (masks, byte) in places.iter_mut().zip(expression.near.as_bytes()) {
            if let Some(mask) = masks.get_mut(usize::from(*byte)) {
                *mask |= 1 << (index % 64);
            }
        }
    }
    places
}

fn search_work(expression: &Expression, bytes: usize) -> usize {
    expression.regex.search_work(bytes)
}

/// The work that an expression takes at most at one place, in units of [`Work`].
#[cfg(not(target_os = "wasi"))]
#[must_use]
pub fn window_work(expression: &Expression) -> usize {
    search_work(expression, BEFORE.saturating_add(BEHIND))
}

impl Triggers {
    /// The expressions whose `near` begins with the three bytes at a place, as in [`Places`].
    fn could_begin(&self, text: &[u8], at: usize) -> u64 {
        let three = text.get(at..at.saturating_add(3)).unwrap_or_default();
        let Some(places) = self.places.as_deref().filter(|_| three.len() == 3) else { return 0 };
        places
            .iter()
            .zip(three)
            .fold(u64::MAX, |all, (masks, byte)| all & masks.get(usize::from(*byte)).copied().unwrap_or(0))
    }
}

impl Pass<'_> {
    /// Notes the places of the expressions' texts. Places that are near each other are searched together, in one window.
    pub(super) fn note_places(&mut self, at: usize, work: &Work) -> Result<(), TooMuchWork> {
        let mut left = self.triggers.could_begin(self.text, at);
        while left != 0 {
            let first = usize::try_from(left.trailing_zeros()).unwrap_or_default();
            left &= left.wrapping_sub(1);
            for index in (first..self.triggers.expressions.len()).step_by(64) {
                self.note_place(index, at, work)?;
            }
        }
        Ok(())
    }

    /// Notes the place of one expression's text, if it is here.
    fn note_place(&mut self, index: usize, at: usize, work: &Work) -> Result<(), TooMuchWork> {
        let Some((expression, _)) = self.triggers.expressions.get(index) else { return Ok(()) };
        // Many expressions may have a text that is nearly here, at every byte.
        work.charge(expression.near.len())?;
        if !has(self.text, at, expression.near.as_bytes()) {
            return Ok(());
        }
        if self.windows.is_empty() {
            self.windows.resize(self.triggers.expressions.len(), None);
        }
        let Some(window) = self.windows.get(index).cloned() else { return Ok(()) };
        let end = at.saturating_add(BEHIND).min(self.text.len());
        let next = match window {
            Some(window) if end.saturating_sub(window.start) <= WINDOW => window.start..end,
            Some(window) => {
                self.search(index, &window, work)?;
                at.saturating_sub(BEFORE)..end
            }
            None => at.saturating_sub(BEFORE)..end,
        };
        if let Some(window) = self.windows.get_mut(index) {
            *window = Some(next);
        }
        Ok(())
    }

    /// Searches the windows that are left.
    pub(super) fn search_rest(&mut self, work: &Work) -> Result<(), TooMuchWork> {
        for index in 0..self.windows.len() {
            if let Some(window) = self.windows.get(index).cloned().flatten() {
                self.search(index, &window, work)?;
            }
        }
        Ok(())
    }

    fn search(&mut self, index: usize, window: &Range<usize>, work: &Work) -> Result<(), TooMuchWork> {
        let Some((expression, number)) = self.triggers.expressions.get(index) else { return Ok(()) };
        let (start, end) = (char_start(self.text, window.start), char_start(self.text, window.end));
        let window = self.text.get(start..end).unwrap_or_default();
        work.charge(search_work(expression, window.len()))?;
        // What a disguise decodes to need not be UTF-8: what follows bytes that are not is cut off.
        let text = match std::str::from_utf8(window) {
            Ok(text) => text,
            Err(error) => {
                std::str::from_utf8(window.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
        };
        for range in expression.regex.ranges(text) {
            // The search for the next match mostly ends with it, but may read all of the window again, and find one byte.
            work.charge(search_work(expression, text.len().saturating_sub(range.end)) / AGAIN)?;
            if range.is_empty() {
                continue;
            }
            let range = start.saturating_add(range.start)..start.saturating_add(range.end);
            // The windows of two places may overlap.
            let is_known =
                |find: &Find| find.finder == *number && find.range.start <= range.start && range.end <= find.range.end;
            if !self.scanned.finds.iter().rev().take(8).any(is_known) {
                // Finds of other expressions in the same window come behind it.
                work.charge(insert(&mut self.scanned.finds, Find { range, finder: *number }))?;
            }
        }
        Ok(())
    }
}

/// The first place at or behind this one at which a character begins.
fn char_start(text: &[u8], at: usize) -> usize {
    let inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (at..at.saturating_add(4)).find(|at| !inside(at)).unwrap_or(at)
}
