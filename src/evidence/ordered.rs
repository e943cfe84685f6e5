//! The records of a log in the order in which their requests came. A log has them in the order of their ends.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::time::Timestamp;

use super::{log_line::Context, record::Record};

/// Records that wait for earlier ones.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    waiting: BinaryHeap<Dated>,
    /// The latest time so far.
    newest: Timestamp,
    pushed: u64,
}

/// A record, and when its request came.
#[derive(Debug)]
pub(super) struct Dated {
    pub(super) at: Timestamp,
    /// Records of one millisecond keep their order.
    number: u64,
    pub(super) record: Record,
    pub(super) context: Context,
}

/// How many records wait; each takes a kilobyte, or five with its arguments. The request of a stream that was open while more
/// came and went is late.
const MAX_WAITING: usize = 8192;

impl Ordered {
    /// Takes the next record, and returns the earliest of those that wait once there are many. A record without a time came when
    /// the newest one did.
    pub(super) fn push(&mut self, record: Record, context: Context) -> Option<Dated> {
        let at = context.time.unwrap_or(self.newest);
        self.newest = self.newest.max(at);
        self.pushed = self.pushed.saturating_add(1);
        self.waiting.push(Dated { at, number: self.pushed, record, context });
        if self.waiting.len() > MAX_WAITING { self.pop() } else { None }
    }

    /// The earliest of those that wait.
    pub(super) fn pop(&mut self) -> Option<Dated> {
        self.waiting.pop()
    }
}

impl Ord for Dated {
    /// The earliest is the greatest, since a heap returns that first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Dated {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Dated {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Dated {}
