//! Approvals: what a call was bound to when a person was asked, what the person said, and that a yes is used once.
//! Product contract, section 7.
//!
//! Pure: bytes and moments in, bytes out. Whoever keeps the bytes writes them back only if nobody else has meanwhile, so each
//! step here happens once, on whatever thread.
//!
//! * [`Question`]: everything that an approval is bound to, and its [`Fingerprint`]
//! * `canonical`: parameters without what spelling they have
//! * [`Book`]: all questions that wait, and those that were answered

mod book;
mod canonical;
mod question;

pub use self::{
    book::{Asked, Book, Entry, Full, Garbage, NotPending, State},
    question::{Fingerprint, MAX_PARAMS, Question},
};
