//! Pinned definitions: what a list shows of each tool, compared with its pin, and what calls become after a drift. Product
//! contract, section 12.
//!
//! * [`ListedDefinitions`] judges the tools of the lists in one response
//! * [`DefinitionMemo`] remembers the lists before, so that the same bytes are not digested again

mod memo;

#[cfg(test)]
mod tests;

use std::cell::RefCell;

use crate::{
    budget::Work,
    config::Config,
    digest::Digest,
    drift::{Configuration, DriftStore, Drifts, Listed, Place, Sighting},
    mcp::list::{
        ENTRIES_AT_ONCE, ListedEntry,
        definition::{self, DefinitionDigests},
    },
    policy::{Definitions, Effect, OnDrift, Pin},
    store::Store,
    time::Timestamp,
};

pub use self::memo::DefinitionMemo;

/// Whose list it is, and from which server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOrigin {
    /// The name of Envoy's route; empty if it has none.
    pub route: String,
    /// The caller, without secrets.
    pub grant: String,
}

/// What a list shows that no pin admits, or what became of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An entry that is wrong.
    Entry {
        /// The pinned tool.
        tool: Box<str>,
        /// What is wrong.
        kind: FindingKind,
    },
    /// What the list shows could not be stored for other workers.
    NotStored,
}

/// What is wrong with an entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The definition differs from the pin.
    Changed,
    /// The list has a second entry of this name.
    Repeated,
    /// The entry of another name, this one, looks like the pinned tool.
    LookAlike(Box<str>),
}

/// Findings that one response keeps: each is a line in Envoy's log, which has ten a second.
const MAX_FINDINGS: usize = 64;

/// Judges the tools of the lists in one response.
#[derive(Debug)]
pub struct ListedDefinitions<'c, S> {
    definitions: &'c Definitions,
    place: Place<'c>,
    /// The digest of the configuration.
    config: &'c str,
    grant: &'c str,
    store: &'c S,
    now: Timestamp,
    memo: RefCell<&'c mut DefinitionMemo>,
    digests: RefCell<DefinitionDigests>,
    list: RefCell<ListState<'c>>,
    findings: RefCell<Vec<Finding>>,
}

/// What is known of the list that is being read.
#[derive(Debug, Default)]
struct ListState<'c> {
    /// How often it has shown each pinned tool, by the number of the pin.
    listed: Vec<TimesListed>,
    /// What goes to the store.
    sightings: Vec<OwnedSighting<'c>>,
    /// The drifts at its beginning; `None` if they cannot be read.
    drifts: Option<Drifts>,
    /// For what names look like.
    work: Work,
}

/// How often a list has shown a pinned tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimesListed {
    Never,
    Once,
    /// With another definition, or twice.
    Drifted,
}

/// A pinned tool that a list shows.
#[derive(Clone, Copy, Debug)]
struct PinnedTool<'c> {
    name: &'c str,
    pin: &'c Pin,
    /// Whether the pin has admitted this very entry before.
    was_admitted: bool,
}

#[derive(Debug)]
struct OwnedSighting<'c> {
    tool: &'c str,
    pin: &'c Pin,
    listed: Listed,
    /// The definition that was shown, and the pinned one before; empty if it is pinned.
    definitions: [String; 2],
}

impl ListState<'_> {
    fn drifted(&mut self, pin: &Pin) {
        if let Some(listed) = self.listed.get_mut(pin.number) {
            *listed = TimesListed::Drifted;
        }
    }
}

impl<'c, S: Store> ListedDefinitions<'c, S> {
    /// Judges by the definitions of this policy; `None` if it pins none.
    pub fn new(
        config: &'c Config,
        policy: &'c str,
        filter: &'c str,
        origin: &'c ListOrigin,
        memo: &'c mut DefinitionMemo,
        now: Timestamp,
        store: &'c S,
    ) -> Option<Self> {
        let definitions = config.policy(policy)?.definitions()?;
        let configuration = Configuration::new(&config.digest);
        Some(Self {
            definitions,
            place: Place { filter, policy, route: &origin.route, configuration },
            config: &config.digest,
            grant: &origin.grant,
            store,
            now,
            memo: RefCell::new(memo),
            digests: RefCell::default(),
            list: RefCell::default(),
            findings: RefCell::default(),
        })
    }

    /// Begins a list of tools.
    pub fn begin_list(&self) {
        let drifts = DriftStore(self.store).read().ok();
        let listed = vec![TimesListed::Never; self.definitions.count()];
        *self.list.borrow_mut() = ListState { listed, drifts, ..ListState::default() };
    }

    /// Marks which of some entries the list shows, as far as definitions tell.
    pub fn mark_shown(&self, entries: &mut [ListedEntry<'_>]) {
        let mut pinned = [None; ENTRIES_AT_ONCE];
        for (pinned, entry) in pinned.iter_mut().zip(&*entries) {
            *pinned = self.pinned(&entry.name, entry.bytes);
        }
        let mut digests = [None; ENTRIES_AT_ONCE];
        if pinned.iter().flatten().any(|pinned| self.is_compared(pinned)) {
            digests = self.digests.borrow_mut().of_accepted(|number| {
                pinned.get(number)?.filter(|pinned| self.is_compared(pinned))?;
                entries.get(number).map(|entry| entry.bytes)
            });
        }
        for ((entry, pinned), digest) in entries.iter_mut().zip(pinned).zip(digests) {
            entry.is_visible = self.judge(&entry.name, entry.bytes, pinned, digest);
        }
    }

    /// Whether the list shows this entry, as far as definitions tell.
    pub fn shows(&self, tool: &str, entry: &[u8]) -> bool {
        self.judge(tool, entry, self.pinned(tool, entry), None)
    }

    /// What is pinned of a tool.
    fn pinned(&self, tool: &str, entry: &[u8]) -> Option<PinnedTool<'c>> {
        let (name, pin) = self.definitions.pin(tool)?;
        Some(PinnedTool { name, pin, was_admitted: self.memo.borrow().is_known(pin.number, entry) })
    }

    /// Whether the digest of an entry will be needed.
    fn is_compared(&self, PinnedTool { pin, was_admitted, .. }: &PinnedTool<'_>) -> bool {
        match self.list.borrow().listed.get(pin.number) {
            Some(TimesListed::Never) => !was_admitted,
            listed => listed != Some(&TimesListed::Drifted),
        }
    }

    /// Whether the list shows this entry; `digest` is that of its definition, if it is known.
    fn judge(&self, tool: &str, entry: &[u8], pinned: Option<PinnedTool<'c>>, digest: Option<Digest>) -> bool {
        let list = &mut *self.list.borrow_mut();
        let Some(PinnedTool { name: tool, pin, was_admitted }) = pinned else {
            let Some(pinned) = self.definitions.look_alike(tool, &list.work) else {
                return self.definitions.unpinned == Effect::Allow;
            };
            self.record_entry(pinned, FindingKind::LookAlike(tool.into()));
            return false;
        };
        let is_kept = self.definitions.on_drift == OnDrift::Report;
        let before = list.listed.get_mut(pin.number).map(|listed| std::mem::replace(listed, TimesListed::Once));
        let is_repeated = before != Some(TimesListed::Never);
        if before == Some(TimesListed::Drifted) {
            // One sighting says it all.
            list.drifted(pin);
            return is_kept;
        }
        let memo = &mut **self.memo.borrow_mut();
        let is_known = !is_repeated && was_admitted;
        let digest = if is_known { None } else { digest.or_else(|| definition::digest(entry)) };
        let is_pinned = |digest: Digest| pin.digests.contains(&digest);
        if !is_known && !is_repeated && digest.is_some_and(is_pinned) {
            memo.remember(pin.number, entry);
        }
        let is_admitted = |digest| is_pinned(digest) || self.accepts(list, tool, pin, digest);
        if is_known || !is_repeated && digest.is_some_and(is_admitted) {
            // As nearly always, nothing has drifted, and there is nothing to mend.
            if list.drifts.as_ref().is_none_or(|drifts| !drifts.is_empty()) {
                let sighting = OwnedSighting { tool, pin, listed: Listed::Pinned, definitions: Default::default() };
                list.sightings.push(sighting);
            }
            return true;
        }
        self.record_entry(tool, if is_repeated { FindingKind::Repeated } else { FindingKind::Changed });
        list.drifted(pin);
        let listed = Listed::Other(digest.unwrap_or_else(|| Digest::of(entry)));
        let definitions = [Some(entry), memo.entry(pin.number)];
        let definitions = definitions.map(|text| text.and_then(definition::canonical).unwrap_or_default());
        list.sightings.push(OwnedSighting { tool, pin, listed, definitions });
        is_kept
    }

    /// Ends a list of tools: all workers know then what it showed.
    pub fn end_list(&self) {
        let ListState { sightings, .. } = &*self.list.borrow();
        let sightings: Vec<Sighting<'_>> = sightings
            .iter()
            .map(|seen| {
                let [shown, before] = &seen.definitions;
                Sighting {
                    tool: seen.tool,
                    key: self.place.key(seen.tool, &seen.pin.digests),
                    listed: seen.listed,
                    definitions: (seen.listed != Listed::Pinned).then_some((&**shown, &**before)),
                }
            })
            .collect();
        if sightings.is_empty() {
            return;
        }
        let pins = |tool: &str| self.definitions.pin(tool).map(|(_, pin)| &*pin.digests);
        if DriftStore(self.store).see(&self.place, self.config, self.grant, &sightings, &pins, self.now).is_err() {
            self.record(Finding::NotStored);
        }
    }

    /// What was found since the last time.
    pub fn take_findings(&self) -> Vec<Finding> {
        self.findings.take()
    }

    /// Whether an approver has accepted this definition.
    fn accepts(&self, list: &ListState<'_>, tool: &str, pin: &Pin, digest: Digest) -> bool {
        let Some(drifts) = list.drifts.as_ref().filter(|drifts| !drifts.is_empty()) else { return false };
        drifts.accepted(self.place.key(tool, &pin.digests), self.place.configuration) == Some(digest)
    }

    fn record_entry(&self, tool: &str, kind: FindingKind) {
        self.record(Finding::Entry { tool: tool.into(), kind });
    }

    fn record(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < MAX_FINDINGS {
            findings.push(finding);
        }
    }
}
