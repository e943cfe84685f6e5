//! Approvals: what a call was bound to when a person was asked, what the person said, and that a yes is used once.
//! Product contract, section 7.
//!
//! Pure: bytes and moments in, bytes out. Whoever keeps the bytes writes them back only if nobody else has meanwhile, so each
//! step here happens once, on whatever thread.
//!
//! * [`Question`]: everything that an approval is bound to, and its [`Fingerprint`]
//! * `canonical`: parameters without what spelling they have
//! * [`Book`]: all questions that wait, and those that were answered
//! * [`Text`]: what a question says
//! * [`Desk`]: book and texts in a store, one step at a time whatever the thread

mod book;
mod canonical;
mod desk;
mod question;
mod text;

pub use self::{
    book::{Book, Entry, Full, Garbage, NotPending, State},
    desk::{Answer, Desk, NotAnswered, NotAsked},
    question::{Fingerprint, MAX_PARAMS, Question, digest, id},
    text::Text,
};
