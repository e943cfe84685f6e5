//! What one worker keeps for each policy that it meets, until the policy's configuration is no longer in force, with a gauge of it.

use std::{cell::RefCell, sync::Arc, thread::LocalKey};

use proxy_wasm::types::MetricType;

use crate::{config::Config, policy::Policy};

use super::metrics;

/// What is kept for each policy.
#[derive(Debug)]
pub(super) struct PerPolicy<T>(Vec<Kept<T>>);

/// What is kept for one policy.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) state: T,
    pub(super) gauge: Gauge,
}

/// The share of one policy in a gauge of Envoy's statistics.
#[derive(Debug)]
pub(super) struct Gauge {
    name: &'static str,
    config: Arc<str>,
    pub(super) policy: Arc<str>,
    /// What the gauge has of it.
    reported: i64,
}

/// Policies for which something is kept on one worker; a configuration has at most as many.
const MAX_POLICIES: usize = 256;

impl<T> Default for PerPolicy<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Works on what is kept. Not under a borrow: what is done meanwhile makes host calls.
pub(super) fn with_policies<T, R>(
    kept: &'static LocalKey<RefCell<PerPolicy<T>>>,
    work: impl FnOnce(&mut PerPolicy<T>) -> R,
) -> R {
    let mut policies = kept.take();
    let out = work(&mut policies);
    kept.set(policies);
    out
}

impl<T> PerPolicy<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// What is kept for a policy: what `begin` returns for it, when it is met first. `None` if nothing is, or if there are too many.
    pub(super) fn of(
        &mut self,
        config: &Config,
        policy: &Arc<str>,
        gauge: &'static str,
        begin: impl FnOnce(&Policy) -> Option<T>,
    ) -> Option<&mut Kept<T>> {
        let known = self.0.iter().position(|kept| kept.gauge.is_of(config, policy));
        let index = match known {
            Some(index) => index,
            None => {
                let state = begin(config.policy(policy)?)?;
                if self.0.len() >= MAX_POLICIES {
                    return None;
                }
                self.0.push(Kept { state, gauge: Gauge::new(gauge, config, policy) });
                self.0.len().checked_sub(1)?
            }
        };
        self.0.get_mut(index)
    }

    /// All that is kept.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Kept<T>> {
        self.0.iter_mut()
    }

    /// Forgets a configuration that is no longer in force.
    pub(super) fn forget(&mut self, config: &Config) {
        self.0.retain_mut(|kept| !kept.gauge.end(config));
    }
}

impl Gauge {
    fn new(name: &'static str, config: &Config, policy: &Arc<str>) -> Self {
        Self { name, config: Arc::clone(&config.digest), policy: Arc::clone(policy), reported: 0 }
    }

    fn is_of(&self, config: &Config, policy: &str) -> bool {
        self.config == config.digest && *self.policy == *policy
    }

    /// Brings the gauge up to date.
    pub(super) fn set(&mut self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let by = count.saturating_sub(self.reported);
        if by != 0 {
            metrics::add_to_series(MetricType::Gauge, self.name, &[("policy", &self.policy)], by);
        }
        self.reported = count;
    }

    /// Takes the share of a policy of this configuration out of the gauge, and returns whether it is one.
    fn end(&mut self, config: &Config) -> bool {
        let is_of = self.config == config.digest;
        if is_of {
            self.set(0);
        }
        is_of
    }
}
