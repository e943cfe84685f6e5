//! What Envoy tells of a stream, in the order in which it comes.

use super::host::Action;
use crate::engine::callout::CalloutResponse;

/// A request and its answer.
pub(super) trait Stream {
    /// The head of the request.
    fn on_request_headers(&mut self, end_of_stream: bool) -> Action;

    /// Its body, of which `size` bytes are there.
    fn on_request_body(&mut self, size: usize, end_of_stream: bool) -> Action;

    /// Its trailers, which end it: with them, the body callback never sees its end.
    fn on_request_trailers(&mut self) -> Action;

    /// The answer to a call of ours, if there is one.
    fn on_said(&mut self, said: Option<CalloutResponse>) {
        drop(said);
    }

    /// The head of the answer.
    fn on_response_headers(&mut self, end_of_stream: bool) -> Action {
        let _ = end_of_stream;
        Action::Continue
    }

    /// A chunk of its body, of `size` bytes.
    fn on_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let _ = (size, end_of_stream);
        Action::Continue
    }

    /// Its trailers.
    fn on_response_trailers(&mut self) -> Action {
        Action::Continue
    }

    /// All is over.
    fn on_log(&mut self) {}
}
