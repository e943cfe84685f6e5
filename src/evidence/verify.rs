//! Whether the chains of a log have all their records, unchanged and in order; see [`crate::audit::chain`].
//!
//! A record is confirmed by the link of the next one, or by a head in another log. So the last record of a chain may have
//! been changed, and records after it may be missing, unless a head counts them. What a line holds besides its record, such as
//! the time, is in no chain.

mod chain_state;
mod fault;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;

use std::collections::BTreeMap;

use crate::audit::chain::{self, Head};

use self::chain_state::ChainState;
pub use self::{
    chain_state::{ChainReport, Place},
    fault::{Fault, FaultKind},
};

use super::log_line::{self, Found};

/// Checks a log, line by line.
#[derive(Debug, Default)]
pub struct Verifier {
    chains: BTreeMap<String, ChainState>,
    /// The heads of each chain that its records have not reached, by their numbers.
    heads: BTreeMap<String, BTreeMap<u64, Head>>,
    lines: u64,
    unlinked: Lines,
    unreadable: Lines,
    beyond: Lines,
}

/// How many lines there are of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many.
    pub count: u64,
    /// The number of the first one, from 1; 0 if there is none.
    pub first: u64,
}

/// What the check of a whole log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The lines of the log.
    pub lines: u64,
    /// Each chain, in the order of their first lines; those that are known by heads alone come last.
    pub chains: Vec<ChainReport>,
    /// Records without a link.
    pub unlinked: Lines,
    /// Lines that look like records and are not JSON: a part of them was lost.
    pub unreadable: Lines,
    /// Records of further chains than the check has room for.
    pub beyond: Lines,
}

/// Each chain takes a kilobyte; a fleet of 100 Envoys with eight workers that starts each hour makes so many in three days.
const MAX_CHAINS: usize = 65_536;
/// Heads that are kept of all chains together; the oldest of a chain is reached first.
const MAX_HEADS: usize = 1 << 20;

impl Lines {
    fn add(&mut self, line: u64) {
        self.count = self.count.saturating_add(1);
        if self.first == 0 {
            self.first = line;
        }
    }
}

impl Verifier {
    /// Takes a line of Envoy's log, which may hold the head of a chain; call it before the first [`Self::add_line`].
    pub fn add_head(&mut self, line: &str) {
        let Some(head) = fault::read_head(line) else { return };
        if self.heads.values().map(BTreeMap::len).sum::<usize>() < MAX_HEADS {
            self.heads.entry(head.worker.clone()).or_default().insert(head.seq, head);
        }
    }

    /// Takes the next line of the log.
    pub fn add_line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        let number = self.lines;
        match log_line::find(line) {
            Found::Records(found) => found.iter().for_each(|found| self.add_record(&found.record, number)),
            Found::Nothing => {}
            Found::Unreadable => self.unreadable.add(number),
        }
    }

    /// Takes the next record, which is on this line.
    fn add_record(&mut self, record: &str, number: u64) {
        let Some((digest, link)) = chain::take_apart(record) else { return self.unlinked.add(number) };
        if !self.chains.contains_key(link.worker) {
            if self.chains.len() >= MAX_CHAINS {
                return self.beyond.add(number);
            }
            self.chains.insert(link.worker.to_owned(), ChainState::default());
        }
        let Some(state) = self.chains.get_mut(link.worker) else { return };
        state.add(&digest, &link, number);
        if let Some(head) = self.heads.get_mut(link.worker).and_then(|heads| heads.remove(&link.seq)) {
            state.compare_head(&head, &digest, number);
        }
    }

    /// Takes a line that is too long to be a record's.
    pub fn skip_line(&mut self) {
        self.lines = self.lines.saturating_add(1);
        self.unreadable.add(self.lines);
    }

    /// The log has ended. If it is `complete`, each chain begins with its first record.
    #[must_use]
    pub fn finish(mut self, complete: bool) -> Report {
        let mut heads = self.heads;
        let mut chains: Vec<ChainReport> = Vec::new();
        for (worker, state) in std::mem::take(&mut self.chains) {
            let newest = heads.remove(&worker).and_then(|mut heads| heads.pop_last());
            chains.push(state.finish(worker, newest.map(|(_, head)| head).as_ref(), complete));
        }
        chains.sort_by_key(|chain| chain.first.line);
        for (worker, mut missing) in heads {
            let Some((seq, _)) = missing.pop_last() else { continue };
            chains.push(ChainReport::missing(worker, seq));
        }
        Report { lines: self.lines, chains, unlinked: self.unlinked, unreadable: self.unreadable, beyond: self.beyond }
    }
}

impl Report {
    /// Whether each chain is whole, as far as the log can show it, and there is one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let is_readable = self.unreadable.count == 0 && self.beyond.count == 0;
        is_readable && !self.chains.is_empty() && self.chains.iter().all(|chain| chain.fault.is_none())
    }
}
