//! Envoy's shared data: one table for all workers, without delete. Each write takes the next number of one counter, and
//! a write to a key that is missing succeeds whatever version it names.

use std::{
    collections::{BTreeSet, HashMap},
    mem,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};

use super::{Scheduler, Worker, host_state::status};

/// What all workers share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    table: Mutex<Table>,
    turns: Option<Arc<Scheduler>>,
}

#[derive(Clone, Debug, Default)]
struct Table {
    values: Values,
    /// What was there at first, which copies have in common.
    base: Arc<Values>,
    writes: u32,
}

type Values = HashMap<Vec<u8>, (Vec<u8>, u32)>;

/// What a canary makes, whatever its configuration.
static PREPARED: LazyLock<Shared> = LazyLock::new(|| {
    let shared = Arc::new(Shared::default());
    Worker::canary(&shared, r#"{"version":"1","default":"deny"}"#);
    let mut table = shared.table().clone();
    table.base = Arc::new(mem::take(&mut table.values));
    Shared { table: Mutex::new(table), turns: None }
});

impl Shared {
    /// Shared data as it is when a canary was configured.
    pub(crate) fn prepared() -> Self {
        PREPARED.copy()
    }

    /// The same, if workers reach it in turns.
    pub(crate) fn in_turns(self, turns: Arc<Scheduler>) -> Self {
        Self { turns: Some(turns), ..self }
    }

    /// A copy of what it holds now.
    pub(crate) fn copy(&self) -> Self {
        Self { table: Mutex::new(self.table().clone()), turns: None }
    }

    /// The value of a key, and its version.
    pub(crate) fn get(&self, key: &[u8]) -> Result<(Vec<u8>, u32), u32> {
        self.wait();
        self.table().find(key).cloned().ok_or(status::NOT_FOUND)
    }

    /// Writes; version 0 is any.
    pub(crate) fn set(&self, key: &[u8], value: &[u8], version: u32) -> u32 {
        self.wait();
        let mut table = self.table();
        if version != 0 && table.find(key).is_some_and(|(_, current)| *current != version) {
            return status::CAS_MISMATCH;
        }
        table.writes = table.writes.checked_add(1).unwrap_or(1);
        let writes = table.writes;
        table.values.insert(key.to_vec(), (value.to_vec(), writes));
        status::OK
    }

    /// All keys.
    pub(crate) fn keys(&self) -> BTreeSet<Vec<u8>> {
        let table = self.table();
        table.values.keys().chain(table.base.keys()).cloned().collect()
    }

    /// Has the counter of writes go on from `writes`.
    pub(crate) fn wind(&self, writes: u32) {
        self.table().writes = writes;
    }

    fn wait(&self) {
        if let Some(turns) = &self.turns {
            turns.wait();
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("no holder panics")
    }
}

impl Table {
    fn find(&self, key: &[u8]) -> Option<&(Vec<u8>, u32)> {
        self.values.get(key).or_else(|| self.base.get(key))
    }
}
