//! Approvals: the call that each is bound to, what the approver decided, and that one approval lets one call pass. Product
//! contract, section 7.
//!
//! Transitions are pure: bytes and a timestamp in, bytes out. The store writes them back only if no other worker has
//! written in between, so each transition happens once, whichever workers take part.
//!
//! * [`ApprovalKey`]: everything that an approval is bound to, and its [`Fingerprint`]
//! * `canonical`: parameters as bytes that do not depend on their spelling
//! * [`Approvals`]: all approvals that are pending or decided
//! * [`ApprovalDetails`]: what the approver reads, and who decided
//! * [`ApprovalStore`]: both in a store
//! * [`ToolNotes`]: what servers say of the tools
//! * [`etcd`]: the same for a fleet of Envoys

pub(crate) mod canonical;
mod details;
pub mod etcd;
mod key;
mod registry;
mod store;
mod tool_note;

pub use self::{
    canonical::INPUT_REQUEST,
    details::{ApprovalDetails, ApproverNote},
    key::{ApprovalKey, Fingerprint, GrantDigest, MAX_PARAMS, parse_id},
    registry::{Approval, Approvals, NotPending, Pending, State, TooManyPending},
    store::{ApprovalStore, ApproverDecision, DecideError, RequestError, Requested},
    tool_note::{NotedTool, ToolNote, ToolNotes},
};
