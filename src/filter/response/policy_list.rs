//! Which entries of the lists in a response a caller may see, and what the lists hold.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use crate::{
    audit::Decision,
    config::Config,
    engine::{
        definitions::{ListOrigin, ListedDefinitions},
        lists::{self, UnlistedEntries},
    },
    filter::{listed, pinned, shared_data::SharedData, tool_notes},
    mcp::{
        ResponseFormat,
        list::{ListKind, ListStream, ListedEntry, Visibility},
    },
    policy::{CallerDenials, Policy},
};

use super::{ResponseAborted, record::ResponseRecord};

/// Filters lists by the policy of this name.
#[derive(Debug)]
pub(super) struct PolicyListStream {
    filter: ListStream,
    policy: Arc<str>,
    caller: CallerDenials,
    seen: ListStatistics,
    /// Whose list it is, if the policy pins definitions.
    origin: Option<Box<ListOrigin>>,
    /// Whether nothing is taken out.
    is_unchanged: bool,
    /// The name of the route, if approvers are to read what the list says of tools.
    noted_route: Option<Box<str>>,
}

/// What the lists in a response hold.
#[derive(Debug, Default)]
struct ListStatistics {
    /// What the last chunk listed, as far as the policy has entries for it.
    listed: RefCell<Vec<(ListKind, Box<str>)>>,
    /// How many entries were taken out.
    hidden: Cell<usize>,
    /// Pinned tools whose definition in the lists differs from the pin.
    drifts: RefCell<Vec<Box<str>>>,
    /// How many tools approvers may read about.
    noted: Cell<usize>,
}

/// Which entries a policy shows; notes what was asked.
struct PolicyVisibility<'c, 'd, 'l> {
    config: &'c Config,
    policy: Option<&'c Policy>,
    caller: &'c CallerDenials,
    seen: &'c ListStatistics,
    is_unchanged: bool,
    /// What judges definitions, if the policy pins them.
    definitions: Option<&'d ListedDefinitions<'l, SharedData>>,
    /// Whether the policy pins definitions and nothing can judge them: no tool is shown.
    is_blind: bool,
    /// The policy and the route, if approvers are to read what the list says of tools.
    noted: Option<(&'c str, &'c str)>,
}

/// Tools of one response that approvers may read about; there are no more notes.
const MAX_NOTED: usize = 64;

const UNREADABLE_LIST: ResponseAborted = ResponseAborted(
    "a list on a stream cannot be read, and it has no id that an error could name; the response was reset",
);

impl PolicyListStream {
    pub(super) fn new(lists: lists::ListFilter, format: ResponseFormat) -> Self {
        let lists::ListFilter { request, policy, caller, origin, noted_route, .. } = lists;
        let is_unchanged = request.is_unchanged;
        let filter = match format {
            ResponseFormat::Json => ListStream::json(request),
            ResponseFormat::Sse => ListStream::events(request),
        };
        Self { filter, policy, caller, seen: ListStatistics::default(), origin, is_unchanged, noted_route }
    }

    /// Whether nothing is taken out.
    pub(super) fn is_unchanged(&self) -> bool {
        self.is_unchanged
    }

    /// The bytes that are held.
    pub(super) fn held(&self) -> usize {
        self.filter.held()
    }

    /// Reads a chunk, and returns what goes on of it.
    pub(super) fn push(&mut self, config: &Config, chunk: &[u8], room: usize) -> Result<Vec<u8>, ResponseAborted> {
        let only_holds = self.filter.only_holds();
        self.read(config, only_holds, Some((chunk, room)))
    }

    /// Reads the end, and returns the rest.
    pub(super) fn end(&mut self, config: &Config) -> Result<Vec<u8>, ResponseAborted> {
        self.read(config, false, None)
    }

    /// Writes down in a record how many entries were taken out, which pinned tools differ from their pins, and whether a list was
    /// refused, if that is more than the record says.
    pub(super) fn record_lost(&self, config: &Config, record: &ResponseRecord) {
        let (hidden, drifts) = (self.seen.hidden.get(), self.seen.drifts.borrow());
        let refusal = self.filter.refusal().filter(|_| !record.read(|record| record.decision == Decision::Refused));
        let is_known = record.read(|record| (record.hidden_entries, record.drifts.len())) == (hidden, drifts.len());
        if is_known && refusal.is_none() {
            return;
        }
        record.change(|record| {
            record.hidden_entries = hidden;
            record.drifts = drifts.clone();
        });
        match refusal {
            Some(why) => record.refuse_list(config, why),
            None => record.write(),
        }
    }

    /// Reads a chunk and how much of it may be held, or the end.
    fn read(
        &mut self,
        config: &Config,
        only_holds: bool,
        chunk: Option<(&[u8], usize)>,
    ) -> Result<Vec<u8>, ResponseAborted> {
        let read = |filter: &mut ListStream, visibility: &dyn Visibility| match chunk {
            Some((chunk, room)) => filter.push(chunk, room, visibility),
            None => filter.end(visibility),
        };
        let Self { filter, policy, caller, seen, origin, is_unchanged, noted_route } = self;
        let noted = noted_route.as_ref().map(|route| (&**policy, &**route));
        let shown = || PolicyVisibility { noted, ..PolicyVisibility::new(config, policy, caller, seen, *is_unchanged) };
        let out = match origin.as_ref().filter(|_| !only_holds) {
            None => read(filter, &shown()),
            Some(origin) => pinned::with_definitions(config, policy, origin, &seen.drifts, |definitions| {
                let is_blind = definitions.is_none();
                read(filter, &PolicyVisibility { definitions, is_blind, ..shown() })
            }),
        };
        seen.take_listed(config, policy);
        out.map_err(|_| UNREADABLE_LIST)
    }
}

impl ListStatistics {
    /// Hands on what was listed since the last time.
    fn take_listed(&self, config: &Config, policy: &Arc<str>) {
        let entries = self.listed.take();
        if !entries.is_empty() {
            listed::record_listed(config, policy, &entries);
        }
    }
}

impl<'c> PolicyVisibility<'c, '_, '_> {
    /// By the policy of this name.
    fn new(
        config: &'c Config,
        policy: &str,
        caller: &'c CallerDenials,
        seen: &'c ListStatistics,
        is_unchanged: bool,
    ) -> Self {
        let policy = config.policy(policy);
        Self { config, policy, caller, seen, is_unchanged, definitions: None, is_blind: false, noted: None }
    }
}

impl PolicyVisibility<'_, '_, '_> {
    /// Whether an entry is visible that definitions admit, or not.
    fn is_visible(&self, kind: ListKind, name: &str, bytes: &[u8], is_admitted: bool) -> bool {
        let is_visible =
            self.policy.is_some_and(|policy| lists::is_visible_to(self.config, policy, self.caller, kind, name));
        if self.policy.is_some_and(|policy| UnlistedEntries::are_in(policy, kind)) {
            self.seen.listed.borrow_mut().push((kind, name.into()));
        }
        if kind == ListKind::Tools
            && let Some((policy, route)) = self.noted
            && self.seen.noted.get() < MAX_NOTED
            && self.policy.is_some_and(|policy| policy.asks_about_tool(name))
        {
            self.seen.noted.set(self.seen.noted.get().saturating_add(1));
            tool_notes::note_tool(policy, route, name, bytes);
        }
        if self.is_unchanged {
            return true;
        }
        let is_visible = is_visible && is_admitted;
        if !is_visible {
            self.count_hidden();
        }
        is_visible
    }

    fn count_hidden(&self) {
        self.seen.hidden.set(self.seen.hidden.get().saturating_add(1));
    }
}

impl Visibility for PolicyVisibility<'_, '_, '_> {
    fn mark_visible(&self, kind: ListKind, entries: &mut [ListedEntry<'_>]) {
        let definitions = self.definitions.filter(|_| kind == ListKind::Tools);
        match definitions {
            // Also of tools that this caller does not see: other callers may.
            Some(definitions) => definitions.mark_shown(entries),
            None => entries.iter_mut().for_each(|entry| entry.is_visible = kind != ListKind::Tools || !self.is_blind),
        }
        for entry in entries {
            entry.is_visible = self.is_visible(kind, &entry.name, entry.bytes, entry.is_visible);
        }
    }

    fn begin_list(&self, kind: ListKind) {
        if let (ListKind::Tools, Some(definitions)) = (kind, self.definitions) {
            definitions.begin_list();
        }
    }

    fn end_list(&self, kind: ListKind) {
        if let (ListKind::Tools, Some(definitions)) = (kind, self.definitions) {
            definitions.end_list();
        }
    }

    fn drop_unnamed(&self) {
        if !self.is_unchanged {
            self.count_hidden();
        }
    }

    fn work(&self, kind: ListKind, name: &str) -> usize {
        self.policy.map_or(0, |policy| lists::visibility_work(self.config, policy, kind, name))
    }
}
