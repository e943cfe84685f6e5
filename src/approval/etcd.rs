//! Approvals of a fleet, in etcd: every Envoy and every console sees the same ones, and they survive restarts. Product
//! contract, section 15.
//!
//! Each step is pure: an answer of etcd in, the next question or the outcome out. What must happen once is one transaction of
//! etcd's, which compares revisions; whichever Envoys take part, one of them succeeds.
//!
//! * [`CallApproval`]: what one call does: finds its approval and uses it, or files a request
//! * [`UsedApproval`]: an approval that let a call pass, until it is clear whether it goes back
//! * [`Query`]: what a console does: lists, reads details, decides
//! * `entry`: an approval as etcd keeps it
//! * `keys`: under which keys
//! * `messages`: the messages of etcd's `KV` and `Lease` services
//!
//! # What lies in etcd
//!
//! | key | value |
//! |---|---|
//! | `<prefix>v1/approvals/<fingerprint>` | who asked, when it expires, what was decided by whom |
//! | `<prefix>v1/details/<fingerprint>` | what an approver reads: the caller, the tool, the parameters, in plain text |
//!
//! An entry expires by its own deadline, which every Envoy compares with its own clock. Both keys have a lease, which removes
//! what no Envoy reads any more; a new leader of etcd renews all leases, so no rule relies on it.

mod call;
mod console;
mod entry;
mod keys;
mod messages;
mod used;

#[cfg(test)]
pub(crate) mod tests;

pub use self::{
    call::{CallApproval, Outcome},
    console::{Details, MAX_DETAILS, Query, QueryResult},
    entry::StoredApproval,
    messages::{MAX_RESPONSE_BYTES, Method, Rpc},
    used::UsedApproval,
};
