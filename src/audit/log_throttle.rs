//! How many lines a second go into a log.

use crate::time::Timestamp;

/// Lines that one second has room for.
const LINES: u32 = 10;

/// Counts the lines of this second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogThrottle {
    second: u64,
    lines: u32,
    left_out: u32,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottledLine {
    /// It is written, after so many that were not.
    Line {
        /// Lines left out since the one before.
        left_out: u32,
    },
    /// It is left out.
    Suppress,
}

impl LogThrottle {
    /// No line yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { second: 0, lines: 0, left_out: 0 }
    }

    /// Asks for a line.
    pub fn admit(&mut self, now: Timestamp) -> ThrottledLine {
        let second = now.0 / 1000;
        if second != self.second {
            (self.second, self.lines) = (second, 0);
        }
        if self.lines >= LINES {
            self.left_out = self.left_out.saturating_add(1);
            return ThrottledLine::Suppress;
        }
        self.lines = self.lines.saturating_add(1);
        ThrottledLine::Line { left_out: std::mem::take(&mut self.left_out) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{LINES, LogThrottle, ThrottledLine, Timestamp};

    #[test]
    fn a_second_has_ten_lines_and_the_next_one_counts_what_was_left_out() {
        let mut pace = LogThrottle::new();
        let now = Timestamp(1_700_000_000_123);
        for _ in 0..LINES {
            assert_eq!(pace.admit(now), ThrottledLine::Line { left_out: 0 });
        }
        assert_eq!(pace.admit(now), ThrottledLine::Suppress);
        assert_eq!(pace.admit(Timestamp(now.0 + 800)), ThrottledLine::Suppress);
        assert_eq!(pace.admit(Timestamp(now.0 + 900)), ThrottledLine::Line { left_out: 2 });
        assert_eq!(pace.admit(now), ThrottledLine::Line { left_out: 0 }, "a clock that steps back");
    }
}
