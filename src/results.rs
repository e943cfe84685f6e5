//! What an answer holds that it must not: finds secrets and personal data in the texts of a message, and writes the message
//! with other texts in their place. Product contract, section 13.
//!
//! Pure functions over the bytes of one complete message, and a pure state machine over the chunks of a response. Which rules
//! apply is decided in `engine`.
//!
//! * [`Inspection`]: the rules that apply to one answer, taken together
//! * `scan`: one pass over a text, which stops only at bytes at which something could begin
//! * `find`: the formats that are known, each a function of a text and a place in it
//! * `disguise`: other spellings of a text in which it is looked at, too
//! * `walk`: every text of a message, by the strict reader; `media`: images, audio and other data, which it passes over
//! * `joined`: texts that a reader sees one after the other, such as two blocks of content
//! * `edit`: the message with the replacements
//! * [`ResultStream`]: the chunks of one response; `events` finds the messages of an event stream
//! * `located`: where the finds are, for people who ask why
//! * [`RefusalReply`]: what takes the place of an answer that is refused
//!
//! This finds formats. It does not understand a text, and it does not detect prompt injection.

mod disguise;
mod edit;
mod events;
mod find;
mod inspected;
mod inspection;
mod joined;
mod judge;
#[cfg(not(target_os = "wasi"))]
mod located;
mod media;
mod observer;
mod refusal;
mod report;
mod scan;
mod stream;
mod walk;

#[cfg(test)]
mod tests;

pub use self::{
    inspected::{Inspected, MessageKind, Outcome},
    inspection::Inspection,
    judge::{Inspections, ResultReport},
    observer::MessagePart,
    refusal::{RefusalReply, ResultRefusal},
    report::{FinderCounts, ResultDenial},
    stream::{ResultRequest, ResultStream},
};
#[cfg(not(target_os = "wasi"))]
pub use self::{
    located::{FindPlace, LocatedFinds},
    scan::window_work,
};
