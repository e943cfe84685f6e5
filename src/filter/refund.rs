//! A call that was charged and went on: whether it gets something back is known when its answer comes.

use crate::{
    config::Refund,
    engine::refund::{self, Receipt},
    mcp::{ResponseFormat, call_result::CallResult},
};

use super::{host, shared_data::SharedData};

/// What a call was charged, until that is settled.
#[derive(Debug)]
pub(super) struct PendingRefund {
    receipt: Receipt,
    /// Listens to the server's answer, where that matters.
    outcome: Option<CallResult>,
}

impl PendingRefund {
    /// `None` where nothing can be given back.
    pub(super) fn new(refund: Refund, receipt: Receipt) -> Option<Self> {
        refund::is_refundable(refund, &receipt).then_some(Self { receipt, outcome: None })
    }

    /// The head of an answer: of the server's, or of Envoy's own, when the request found no server.
    pub(super) fn on_response_headers(mut self) -> Option<Self> {
        // Envoy's router says so where a server has answered; asking for more costs more.
        let is_servers = host::response_header("x-envoy-upstream-service-time").is_ok_and(|value| value.is_some());
        if !is_servers && never_sent() {
            return self.give_back();
        }
        if !self.receipt.reads_answer() || host::response_header("content-encoding").ok()?.is_some() {
            return None;
        }
        let form = ResponseFormat::of(&host::response_header("content-type").ok()??)?;
        self.outcome = Some(self.receipt.listen(form));
        Some(self)
    }

    /// A chunk of the answer passes; at its end it is settled.
    pub(super) fn on_response_body(mut self, size: usize, is_end: bool) -> Option<Self> {
        self.outcome.as_mut()?.push(&host::response_chunk(size)?);
        if is_end { self.on_response_complete() } else { Some(self) }
    }

    /// The answer is complete.
    pub(super) fn on_response_complete(mut self) -> Option<Self> {
        if self.outcome.take()?.has_failed() {
            self.receipt.refund_quota(&SharedData);
        }
        None
    }

    /// The stream ended, with or without an answer.
    pub(super) fn stream_ends(self) {
        if self.outcome.is_none() && never_sent() {
            self.give_back();
        }
    }

    fn give_back(self) -> Option<Self> {
        self.receipt.give_back(&SharedData, host::current_time);
        None
    }
}

/// Whether no byte can have reached a server. Where Envoy cannot tell, one may have.
fn never_sent() -> bool {
    host::delivery().is_some_and(|delivery| delivery.never_sent())
}
