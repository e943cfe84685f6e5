//! Whose tasks are whose: option `tasks.owner`; product contract, section 13.

use crate::{
    config::Config,
    limit::Owned,
    mcp::{Body, MethodClass, created_task::CreatedTask, requests},
    store::Store,
    time::Timestamp,
};

use super::{BoundRequest, owner::Owner};

/// The caller who owns the tasks that a response creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskWatch(Owner);

/// Who owns the tasks that the answer to a request creates; `None` if it creates none, or without the option.
pub(super) fn watch_for(config: &Config, request: &BoundRequest, body: &Body<'_>, filter: &str) -> Option<TaskWatch> {
    if !config.tasks.owner {
        return None;
    }
    let is_call = |class| matches!(class, MethodClass::Tool | MethodClass::Prompt | MethodClass::Resource);
    let mut calls = requests(body.messages()).filter_map(|request| request.known);
    if calls.any(|known| is_call(known.class)) { Owner::new(config, request, filter).map(TaskWatch) } else { None }
}

impl TaskWatch {
    /// Remembers whose a task is. One for which there is no room has no owner: it is refused as an unknown one.
    pub fn keep<S: Store>(&self, task: &CreatedTask, store: &S, now: Timestamp) {
        self.0.keep(Owned::Task(&task.id), task.ttl_ms, store, now);
    }
}
