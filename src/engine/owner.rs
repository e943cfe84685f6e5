//! The caller who owns what the server makes in its answer.

use std::sync::Arc;

use crate::{
    config::Config,
    limit::{Counters, Owned, Ownership, totals::Capacity},
    store::Store,
    time::Timestamp,
};

use super::BoundRequest;

/// The caller of a request, under the policy that the request is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    filter: Box<str>,
    policy: Arc<str>,
    grant: Box<str>,
    is_verified: bool,
    max_counters: u32,
}

impl Owner {
    /// The caller of a request; `None` without a policy or an identity.
    pub(super) fn new(config: &Config, request: &BoundRequest, filter: &str) -> Option<Self> {
        let (named, grant) = (request.policy()?, request.info.grant.as_ref().ok()?);
        Some(Self {
            filter: filter.into(),
            policy: Arc::clone(&named.name),
            grant: grant.id().into(),
            is_verified: grant.is_verified(),
            max_counters: config.limits.max_counters,
        })
    }

    /// Remembers that the caller owns this, for so many milliseconds or a day. What there is no room for has no owner.
    pub(super) fn keep<S: Store>(&self, owned: Owned<'_>, ttl_ms: Option<u64>, store: &S, now: Timestamp) {
        let Self { filter, policy, grant, is_verified, max_counters } = self;
        let counters = Counters::new(store, Capacity::new(*max_counters));
        // What is not kept is refused, or gets the plain answer.
        let _: Result<(), _> =
            counters.remember_owner(Ownership { filter, policy, grant, owned }, ttl_ms, *is_verified, now);
    }
}
