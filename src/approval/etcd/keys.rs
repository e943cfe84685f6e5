//! The keys under which approvals lie in etcd.

use std::sync::Arc;

use crate::approval::Fingerprint;

use super::messages::{Method, Rpc, range_between};

/// The keys of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys(pub(super) Arc<str>);

const APPROVALS: &str = "v1/approvals/";
/// The first key behind all that begin with [`APPROVALS`].
const APPROVALS_END: &str = "v1/approvals0";
const DETAILS: &str = "v1/details/";

/// The largest number of approvals that are read at once: those that are alive, and those that have expired and whose leases
/// have not.
const MAX_LISTED: u64 = 768;

impl Keys {
    pub(super) fn approval(&self, fingerprint: Fingerprint) -> String {
        [&self.0, APPROVALS, &*fingerprint.0.to_string()].concat()
    }

    pub(super) fn details(&self, fingerprint: Fingerprint) -> String {
        [&self.0, DETAILS, &*fingerprint.0.to_string()].concat()
    }

    /// The `RangeRequest` for all approvals.
    pub(super) fn all_approvals(&self) -> crate::protobuf::wire::Message {
        let [first, end] = [APPROVALS, APPROVALS_END].map(|key| [&*self.0, key].concat());
        range_between(&first, &end, MAX_LISTED)
    }

    /// The question for all approvals.
    pub(super) fn list(&self) -> Rpc {
        Rpc { method: Method::Range, message: self.all_approvals().finish() }
    }
}
