//! What one request may take from the others: places of open streams, memory that they hold, and work that rules do; product
//! contract, section 3.1.
//!
//! Of memory, counted is what stays between two callbacks, in this module or in Envoy on its behalf: headers that are kept,
//! bodies that are not judged yet, responses that are being read, calls that wait for a service. What one decision needs
//! besides is there once in a worker, which judges one request at a time: a copy of the body, and a tree of its arguments.
//!
//! A stream that holds nothing still takes a connection, or a part of one, to the client and to the server. So open streams are
//! counted, too, from their head to their end.
//!
//! * [`OpenStreams`] counts the streams and their bytes, by [`Caller`] and in classes; [`Share`] is what one stream holds
//! * [`Work`] counts what the rules do for one request
//! * [`Discarded`] says how long the reply to a body that is too large waits for its end

mod discarded;
mod open_streams;
mod work;

#[cfg(test)]
mod tests;

pub use self::{
    discarded::{Discarded, MAX_DISCARDED},
    open_streams::{
        BYTES_PER_STREAM, Caller, MIN_STREAMS, OpenStreams, Part, Share, ShareExhausted, max_bytes_per_caller,
        max_streams,
    },
    work::{LIST_BYTE, MAX_VALUES, MAX_WORK, TooMuchWork, Work},
};
