//! Whose tasks are whose: option `tasks.owner`; product contract, section 13.

use std::sync::Arc;

use crate::{
    config::Config,
    limit::{Counters, Owned, Ownership, totals::Capacity},
    mcp::{Body, MethodClass, created_task::CreatedTask, requests},
    store::Store,
    time::Timestamp,
};

use super::BoundRequest;

/// The caller who owns the tasks that a response creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskWatch {
    filter: Box<str>,
    policy: Arc<str>,
    grant: Box<str>,
    is_verified: bool,
    max_counters: u32,
}

/// Who owns the tasks that the answer to a request creates; `None` if it creates none, or without the option.
pub(super) fn watch_for(config: &Config, request: &BoundRequest, body: &Body<'_>, filter: &str) -> Option<TaskWatch> {
    if !config.tasks.owner {
        return None;
    }
    let (named, grant) = (request.policy()?, request.info.grant.as_ref().ok()?);
    let is_call = |class| matches!(class, MethodClass::Tool | MethodClass::Prompt | MethodClass::Resource);
    let mut calls = requests(body.messages()).filter_map(|request| request.known);
    calls.any(|known| is_call(known.class)).then(|| TaskWatch {
        filter: filter.into(),
        policy: Arc::clone(&named.name),
        grant: grant.id().into(),
        is_verified: grant.is_verified(),
        max_counters: config.limits.max_counters,
    })
}

impl TaskWatch {
    /// Remembers whose a task is. One for which there is no room has no owner: it is refused as an unknown one.
    pub fn keep<S: Store>(&self, task: &CreatedTask, store: &S, now: Timestamp) {
        let Self { filter, policy, grant, is_verified, max_counters } = self;
        let ownership = Ownership { filter, policy, grant, owned: Owned::Task(&task.id) };
        let counters = Counters::new(store, Capacity::new(*max_counters));
        // A task that is not kept is refused.
        let _: Result<(), _> = counters.remember_owner(ownership, task.ttl_ms, *is_verified, now);
    }
}
