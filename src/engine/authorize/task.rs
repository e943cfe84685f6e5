//! Whether the task that a message names is the caller's: option `tasks.owner`.

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
            let Target::Task(task) = &request.target else { continue };
            let (filter, policy, owned) = (self.filter, &*policy.name, Owned::Task(task));
            let ownership = Ownership { filter, policy, grant: grant.id(), owned };
            match Counters::new(self.store, Capacity::NONE).is_owner(ownership, self.now) {
                Ok(true) => self.tracer.step(|| Step::new("(unknown task)", "the task is the caller's")),
                Ok(false) => {
                    let denial = Denial::UnknownTask { reason: denial_text::unknown_task(task) };
                    self.tracer.step(|| denial.step());
                    return Err(denial.about(index));
                }
                Err(_) => return Err(Denial::Internal.about(index)),
            }
        }
        Ok(())
    }
}
