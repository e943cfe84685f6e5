//! Approvals: what a call was bound to when a person was asked, what the person said, and that a yes is used once.
//! Product contract, section 7.
//!
//! Pure: bytes and moments in, bytes out. Whoever keeps the bytes writes them back only if nobody else has meanwhile, so each
//! step here happens once, on whatever thread.
//!
//! * [`ApprovalKey`]: everything that an approval is bound to, and its [`Fingerprint`]
//! * `canonical`: parameters without what spelling they have
//! * [`Approvals`]: all questions that wait, and those that were answered
//! * [`ApprovalDetails`]: what a question says
//! * [`ApprovalStore`]: book and texts in a store, one step at a time whatever the thread

mod canonical;
mod details;
mod key;
mod registry;
mod store;

pub use self::{
    details::ApprovalDetails,
    key::{ApprovalKey, Fingerprint, MAX_PARAMS, digest, id},
    registry::{Approval, Approvals, CorruptRegistry, NotPending, State, TooManyPending},
    store::{ApprovalStore, ApproverDecision, DecideError, RequestError},
};
