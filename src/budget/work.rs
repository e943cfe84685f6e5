//! The work that rules may do for one request; product contract, section 3.1.

use std::cell::Cell;

/// What rules may still do for one request. Each step is charged before it is taken, by its worst case: the bytes of a text
/// times the states of an expression, the bytes of a name times the patterns. So no policy and no body makes a worker spend
/// more than about ten milliseconds on rules.
#[derive(Debug)]
pub struct Work {
    left: Cell<usize>,
}

/// The work is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuchWork;

/// The work of one request. A unit takes about a nanosecond in V8 on the machine of `tests/bench/README.md`.
pub const MAX_WORK: usize = 10_000_000;

/// More work for each byte of a list whose entries are looked up: the reader may take about as long for a byte.
pub const LIST_BYTE: usize = 25;

/// The values in a call's arguments that rules read at most: what the tree of a longer list takes is no longer bounded by
/// the bytes of the body.
pub const MAX_VALUES: usize = 250_000;

impl Default for Work {
    fn default() -> Self {
        Self { left: Cell::new(MAX_WORK) }
    }
}

impl Work {
    /// The work of one list with so many bytes.
    #[must_use]
    pub fn of_list(bytes: usize) -> Self {
        Self { left: Cell::new(bytes.saturating_mul(LIST_BYTE).saturating_add(MAX_WORK)) }
    }

    /// Charges so many units.
    ///
    /// # Errors
    /// They are not left, and nothing is any more: a later, smaller step would make the verdict depend on the order of rules.
    pub fn charge(&self, units: usize) -> Result<(), TooMuchWork> {
        let left = self.left.get().checked_sub(units);
        self.left.set(left.unwrap_or(0));
        left.map(drop).ok_or(TooMuchWork)
    }

    /// Leaves no more than is left of other work.
    pub fn limit_to(&self, other: &Self) {
        self.left.set(self.left.get().min(other.left.get()));
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{MAX_WORK, TooMuchWork, Work};

    #[test]
    fn once_the_work_is_used_up_no_step_is_taken() {
        let work = Work::default();
        assert_eq!(work.charge(MAX_WORK - 1), Ok(()));
        assert_eq!(work.charge(1), Ok(()));
        assert_eq!(work.charge(0), Ok(()));
        let work = Work::default();
        assert_eq!(work.charge(usize::MAX), Err(TooMuchWork));
        assert_eq!(work.charge(1), Err(TooMuchWork));
    }

    #[test]
    fn limited_work_has_no_more_left_than_the_other() {
        let (work, other) = (Work::default(), Work::default());
        other.charge(MAX_WORK - 5).unwrap();
        work.limit_to(&other);
        assert_eq!((work.charge(5), work.charge(1)), (Ok(()), Err(TooMuchWork)));
        other.limit_to(&Work::default());
        assert_eq!(other.charge(5), Ok(()), "it gets nothing back");
    }
}
