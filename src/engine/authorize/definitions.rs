//! The step that denies tools whose definition in some list differed from the pinned one.

use super::{Authorizer, Denial, MessageDenial, denial_text, lookup::ResolvedTarget, target::TargetKind};
use crate::{
    config::NamedPolicy,
    drift::{Configuration, DriftStore, Place},
    engine::trace::{Step, Tracer},
    policy::{Effect, OnDrift},
    store::Store,
};

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// No list of the server may have shown another definition of a tool than its pin. Before the first list nothing has been
    /// seen, and calls pass. Pins have no mode of their own, so this is a step of what is enforced.
    pub(super) fn check_definitions(
        &mut self,
        policy: &'p NamedPolicy,
        targets: &[ResolvedTarget<'p, '_>],
    ) -> Result<(), MessageDenial<'p>> {
        let Some(definitions) = policy.policy.definitions() else {
            return Ok(());
        };
        let mut is_pinned = false;
        for target in targets.iter().filter(|target| target.name.kind == TargetKind::Tool) {
            let Some((tool, pin)) = definitions.pin(target.name.name) else {
                if definitions.unpinned == Effect::Deny {
                    let denial = Denial::denied("/unpinned", denial_text::unpinned(&target.name));
                    self.tracer.step(|| denial.step());
                    return Err(denial.about(target.message));
                }
                continue;
            };
            is_pinned = true;
            if definitions.on_drift == OnDrift::Report {
                continue;
            }
            let denial = match DriftStore(self.store).read() {
                Err(_) => Denial::Internal,
                Ok(drifts) if drifts.is_empty() => continue,
                Ok(drifts) => {
                    let route = self.request.info.route.as_deref().unwrap_or_default();
                    let configuration = Configuration::new(&self.config.digest);
                    let place = Place { filter: self.filter, policy: &policy.name, route, configuration };
                    let is_denied = |key| drifts.denies(key, configuration, self.now);
                    if !is_denied(place.key(tool, &pin.digests)) && !is_denied(place.overflow_key()) {
                        continue;
                    }
                    Denial::denied(&*pin.pointer, denial_text::drifted(&target.name))
                }
            };
            self.tracer.step(|| denial.step());
            return Err(denial.about(target.message));
        }
        if is_pinned {
            self.tracer.step(|| Step::new("/definitions", "no list has shown another definition than the pinned one"));
        }
        Ok(())
    }
}
