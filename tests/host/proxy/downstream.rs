//! The way of an answer to the caller, by Envoy's rules: what is paused is buffered, what is continued goes on with all
//! that was buffered, and of a stream that was ended nothing goes on any more.

use super::{
    Pairs,
    host_state::{HostState, Reach},
};

/// An answer as it passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'b> {
    Head(&'b [(&'b str, &'b str)]),
    Body(&'b [u8]),
    Trailers,
}

/// What went on to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Downstream {
    pub(crate) head: Option<Pairs>,
    pub(crate) body: Vec<u8>,
    /// Whether it is complete.
    pub(crate) is_whole: bool,
    /// Whether the module ended the stream.
    pub(crate) is_ended: bool,
    /// Calls into the host that callbacks made which were not about the head.
    pub(crate) calls: u32,
    /// The head, while it is held.
    held: Option<Pairs>,
    /// The body that waits, while it is paused.
    buffer: Vec<u8>,
    /// The most bytes that a buffer has held which the module did not put there: Envoy has room for them.
    room: usize,
    is_paused: bool,
}

pub(super) const CONTINUE: u32 = 0;
pub(super) const PAUSE: u32 = 1;

impl Downstream {
    /// Makes a part readable; returns the callback for it, and its further arguments.
    pub(super) fn offer(&mut self, part: Part<'_>, is_end: bool, reach: &mut Reach) -> (&'static str, Vec<u32>) {
        let number = |number: usize| u32::try_from(number).expect("a small answer");
        match part {
            Part::Head(headers) => {
                let pairs = headers.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
                reach.response_headers = Some(pairs.collect());
                ("proxy_on_response_headers", vec![number(headers.len()), is_end.into()])
            }
            Part::Body(chunk) => {
                if !self.is_paused {
                    self.buffer.clear();
                }
                self.buffer.extend_from_slice(chunk);
                self.room = self.room.max(self.buffer.len());
                reach.response_body = Some(self.buffer.clone());
                ("proxy_on_response_body", vec![number(self.buffer.len()), is_end.into()])
            }
            Part::Trailers => {
                // What was continued is out of reach.
                reach.response_body = self.is_paused.then(|| self.buffer.clone());
                ("proxy_on_response_trailers", vec![1])
            }
        }
    }

    /// Lets go on what a callback let go on.
    pub(super) fn take(&mut self, part: Part<'_>, is_end: bool, action: u32, world: &mut HostState) {
        let reach = std::mem::take(&mut world.reach);
        assert!(action == CONTINUE || action == PAUSE, "an answer to {part:?}: {action}");
        assert!(!self.is_ended || action == PAUSE, "{part:?} goes on after the stream was ended");
        self.held = reach.response_headers.or(self.held.take());
        if let Part::Body(_) | Part::Trailers = part {
            // Envoy would end the stream in the middle of the host call, and call the module again from there.
            let size = reach.response_body.as_ref().map_or(0, Vec::len);
            assert!(!self.is_paused || size <= self.room, "{part:?}: the module puts {size} bytes into a held buffer");
            self.buffer = reach.response_body.unwrap_or_default();
            self.calls += world.made;
            self.is_paused = action == PAUSE;
        }
        if action == CONTINUE {
            self.head = self.held.take().or(self.head.take());
            self.body.append(&mut self.buffer);
            self.is_whole |= is_end || matches!(part, Part::Trailers);
        }
    }
}
