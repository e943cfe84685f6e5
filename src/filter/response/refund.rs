//! Gives back what a call was charged: all of it if it did not reach a server, the quota if it failed there.

use proxy_wasm::types::Status;

use crate::{
    config::Refund,
    engine::refund::{self, Receipt},
    filter::{host, shared_data::SharedData},
    mcp::call_result::CallResult,
};

use super::head::ResponseHead;

/// What a call was charged, until it is clear whether it is given back.
#[derive(Debug)]
pub(super) struct PendingRefund {
    receipt: Receipt,
    /// Listens to the response, if its content matters.
    result: Option<Box<CallResult>>,
}

impl PendingRefund {
    /// `None` if nothing can be given back.
    pub(super) fn new(refund: Refund, receipt: Receipt) -> Option<Self> {
        refund::is_refundable(refund, &receipt).then_some(Self { receipt, result: None })
    }

    /// The head of a response has come: a server's, or Envoy's own if the request did not reach one. `None` if that settles
    /// it.
    pub(super) fn on_headers(self) -> Option<Self> {
        // Envoy's router sets this if a server has answered; other attributes cost more to read.
        let is_servers = host::response_header("x-envoy-upstream-service-time").is_ok_and(|value| value.is_some());
        if !is_servers && never_sent() {
            self.give_back();
            return None;
        }
        self.receipt.reads_response().then_some(self)
    }

    /// Listens to the body of the response; `None` if it cannot be read.
    pub(super) fn listen(self, head: &ResponseHead) -> Option<Self> {
        let format = head.format.filter(|_| head.is_plain)?;
        Some(Self { result: Some(Box::new(self.receipt.read_result(format))), ..self })
    }

    /// Takes a chunk, and holds up to `room` bytes of it; `None` if it is settled.
    pub(super) fn on_body(mut self, chunk: &[u8], room: usize, is_last: bool) -> Option<Self> {
        self.result.as_mut()?.push(chunk, room);
        if is_last { self.on_complete() } else { Some(self) }
    }

    /// The bytes that are held of the response.
    pub(super) fn held(&self) -> usize {
        self.result.as_ref().map_or(0, |result| result.held())
    }

    /// The response is complete, which settles it.
    pub(super) fn on_complete(mut self) -> Option<Self> {
        if self.result.take()?.has_failed() {
            self.receipt.refund_quota(&SharedData);
        }
        None
    }

    /// The stream has ended, with or without a response.
    pub(super) fn on_stream_end(self) {
        if self.result.is_none() && never_sent() {
            self.give_back();
        }
    }

    fn give_back(self) {
        if let Some((store, rpc)) = self.receipt.give_back(&SharedData, host::current_time) {
            // If this fails, the approval is lost.
            let _: Result<u32, Status> = host::dispatch_etcd_call(&store, &rpc);
        }
    }
}

/// Whether no byte of the request can have reached a server. If Envoy does not say, one may have.
fn never_sent() -> bool {
    host::delivery().is_some_and(|delivery| delivery.never_sent())
}
