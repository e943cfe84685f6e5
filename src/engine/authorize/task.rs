//! Whether the task that a message names is the caller's: option `tasks.owner`.

use std::{borrow::Cow, slice};

use crate::{
    config::NamedPolicy,
    engine::trace::{Step, Tracer},
    identity::Grant,
    limit::{Counters, Owned, Ownership, totals::Capacity},
    mcp::{Message, Target},
    store::Store,
};

use super::{Authorizer, Denial, MessageDenial, denial_text};

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Checks the tasks that messages name.
    ///
    /// # Errors
    /// One is not the caller's, or the table of owners cannot be read.
    pub(super) fn check_tasks(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &Grant,
        messages: &[Message<'_>],
    ) -> Result<(), MessageDenial<'p>> {
        if !self.config.tasks.owner {
            return Ok(());
        }
        for (index, message) in messages.iter().enumerate() {
            let Message::Request(request) = message else { continue };
            let tasks = match &request.target {
                Target::Task(task) => slice::from_ref(task),
                // A server tells its client how these go on, and what comes of them.
                Target::Subscriptions { tasks, .. } => tasks,
                _ => &[],
            };
            let check = |task: &Cow<'_, str>| self.check_task(policy, grant, task);
            tasks.iter().try_for_each(check).map_err(|denial| denial.about(index))?;
        }
        Ok(())
    }

    fn check_task(&mut self, policy: &NamedPolicy, grant: &Grant, task: &str) -> Result<(), Denial<'p>> {
        let (filter, policy, owned) = (self.filter, &*policy.name, Owned::Task(task));
        let ownership = Ownership { filter, policy, grant: grant.id(), owned };
        match Counters::new(self.store, Capacity::NONE).is_owner(ownership, self.now) {
            Ok(true) => {
                self.tracer.step(|| Step::new("(unknown task)", "the task is the caller's"));
                Ok(())
            }
            Ok(false) => {
                let denial = Denial::UnknownTask { reason: denial_text::unknown_task(task) };
                self.tracer.step(|| denial.step());
                Err(denial)
            }
            Err(_) => Err(Denial::Internal),
        }
    }
}
