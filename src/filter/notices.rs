//! Announces new requests for approval to the webhook of `approvals.notify`: one POST each, from the root, so that no call waits for
//! one, and a client that leaves takes none with it.

use std::cell::RefCell;

use log::Level;
use proxy_wasm::types::{MetricType, Status};

use crate::{
    audit::metric,
    config::Config,
    engine::{
        callout::CalloutResponse,
        notice::{INTERVAL_MS, NoticeQueue},
    },
};

use super::{audit, host, metrics, tick};

/// The notices of one filter on one worker.
#[derive(Debug, Default)]
pub(super) struct Notices(RefCell<NoticeQueue>);

/// The time from a request to its notice, in milliseconds.
const SOON_MS: u32 = 1;

impl Notices {
    /// Takes a notice, for the root's next tick.
    #[cold]
    pub(super) fn push(&self, notice: String) {
        let mut queue = self.0.borrow_mut();
        let is_first = queue.waiting() == 0;
        if !queue.push(notice) {
            fail(1, "too many wait");
        } else if is_first {
            // Of this very root, since another one sends no notice of this filter. If this fails, a later tick sends it.
            let _: Result<(), Status> = host::set_tick_period(SOON_MS);
        }
    }

    /// Sends the notice whose time has come.
    pub(super) fn on_tick(&self, config: &Config) {
        let Some(webhook) = &config.approvals.notify else { return };
        let Some(now) = host::current_time() else { return };
        let due = self.0.borrow_mut().take_due(now);
        if let Some(notice) = due
            && host::post_notice(webhook, &notice).is_err()
        {
            fail(1, "Envoy cannot call the cluster");
        }
        if self.0.borrow().waiting() > 0 {
            // If this fails, the next tick sends it.
            let _: Result<(), Status> = tick::request(INTERVAL_MS);
        }
    }
}

/// A configuration goes, and with it the notices that wait.
impl Drop for Notices {
    fn drop(&mut self) {
        match self.0.get_mut().waiting() {
            0 => {}
            count => fail(count, "their configuration is no longer in force"),
        }
    }
}

/// Takes the webhook's response; `None` if there is none.
pub(super) fn on_response(response: Option<&CalloutResponse>) {
    match response.map(|response| &*response.status) {
        Some([b'2', _, _]) => metrics::add_to_series(MetricType::Counter, metric::NOTICES_SENT, &[], 1),
        Some(_) => fail(1, "the webhook did not accept it"),
        None => fail(1, "the webhook did not answer"),
    }
}

#[cold]
fn fail(count: usize, why: &str) {
    metrics::add_to_series(MetricType::Counter, metric::NOTICES_FAILED, &[], i64::try_from(count).unwrap_or(i64::MAX));
    let what = ["a request for approval was not announced: ", why].concat();
    audit::log_line(Level::Warn, &what);
}
