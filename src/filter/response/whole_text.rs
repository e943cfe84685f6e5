//! An answer that is read as a whole: one JSON text, which goes on with the chunk that completes it.
//!
//! It neither waits for the end of the stream nor in Envoy's buffer. Envoy lets nothing be added once the last chunk has passed, and
//! trailers may follow that. And what a filter puts into a buffer that Envoy holds for it counts against the limit of that buffer
//! (`per_connection_buffer_limit_bytes`, or the window of an HTTP/2 stream): beyond, Envoy ends the stream in the middle of the host
//! call, calls the module again from there, and the SDK panics.

use crate::json::EndFinder;

use super::ResponseAborted;

/// Whether something is refused or taken out, or only reported.
pub(super) type Enforced = bool;

/// Where the text ends.
#[derive(Debug)]
pub(super) struct WholeText {
    end: EndFinder,
    enforced: Enforced,
}

const AFTER_END: ResponseAborted = ResponseAborted("more of a response comes after its end; it was reset");

impl WholeText {
    /// By what the stages say that read the answer; `None` if none reads it as a whole.
    pub(super) fn of(stages: [Option<Enforced>; 2]) -> Option<Self> {
        let enforced = stages.into_iter().flatten().reduce(|one, other| one || other)?;
        Some(Self { end: EndFinder::default(), enforced })
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.end.has_ended()
    }

    /// Takes the next chunk, and answers whether it completes the text.
    pub(super) fn push(&mut self, chunk: &[u8]) -> bool {
        self.end.push(chunk)
    }

    /// Checks what follows the text, and passes on: it was not read.
    ///
    /// # Errors
    /// The response has to be reset, unless it is white space, or nothing is enforced.
    pub(super) fn check_rest(&self, chunk: &[u8]) -> Result<(), ResponseAborted> {
        let is_space = chunk.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        if is_space || !self.enforced { Ok(()) } else { Err(AFTER_END) }
    }
}
