//! What one request may take from the others: memory that open streams hold, and work that rules do; product contract,
//! section 3.1.
//!
//! Of memory, counted is what stays between two callbacks, in this module or in Envoy on its behalf: headers that are kept,
//! bodies that are not judged yet, responses that are being read, calls that wait for a service. What one judgement needs
//! besides is there once in a worker, which judges one request at a time: a copy of the body, and a tree of its arguments.
//!
//! * [`HeldBytes`] counts the bytes, by caller and in classes; [`Share`] is what one stream holds
//! * [`Work`] counts what the rules do for one request
//! * [`Discarded`] says how long the reply to a body that is too large waits for its end

mod discarded;
mod held_bytes;
mod work;

#[cfg(test)]
mod tests;

pub use self::{
    discarded::{Discarded, MAX_DISCARDED},
    held_bytes::{HeldBytes, Part, Share, ShareExhausted, most_of_one_caller},
    work::{MAX_VALUES, MAX_WORK, TooMuchWork, Work},
};
