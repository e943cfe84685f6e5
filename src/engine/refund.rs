//! What a charged call gets back, and when; product contract, section 1.5.

use std::sync::Arc;

use crate::{
    approval::{ApprovalStore, etcd::Rpc},
    config::{EtcdStore, Refund},
    limit::{self, Counters, totals::Capacity},
    mcp::{self, Body, ResponseFormat, call_result::CallResult},
    policy::ObservedCounter,
    store::Store,
    time::Timestamp,
};

use super::authorize::{Passed, Used};

/// What a call was charged, and the approval that it consumed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Receipt {
    charged: limit::Receipt,
    approval: Option<Used>,
    /// The ids of the calls, as they were sent, if their answers may bring a refund.
    calls: Vec<Box<str>>,
    /// The counters that conditions read: what a server has got counts, whatever it answers.
    observed: Vec<Box<str>>,
}

impl Receipt {
    /// The receipt of a request that costs nothing.
    pub const EMPTY: Self =
        Self { charged: limit::Receipt::EMPTY, approval: None, calls: Vec::new(), observed: Vec::new() };

    /// The receipt of a request that passes. `observed` are the counters that conditions read.
    pub(super) fn new(passed: Passed, refund: Refund, body: &Body<'_>, observed: &[ObservedCounter]) -> Self {
        let charged = passed.receipt;
        let observed = observed.iter().map(|counter| &counter.name);
        let observed = observed
            .filter(|name| charged.counters().iter().any(|charged| charged.counter == **name))
            .cloned()
            .collect();
        let calls = match refund {
            Refund::Failed if charged != limit::Receipt::EMPTY => {
                mcp::calls(body.messages()).map(|request| request.id.token().into()).collect()
            }
            _ => Vec::new(),
        };
        Self { charged, approval: passed.approval.and_then(|approved| approved.used), calls, observed }
    }

    /// The counters that were charged; none of those that a service counts.
    #[must_use]
    pub fn counters(&self) -> &[limit::Charged] {
        self.charged.counters()
    }

    /// Whether the server's answer may bring a refund.
    #[must_use]
    pub fn reads_response(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Listens to the answer that a server gives in this form.
    #[must_use]
    pub fn read_result(&self, form: ResponseFormat) -> CallResult {
        CallResult::new(form, &self.calls)
    }

    /// Gives the quota back, since the server says that the calls failed. An approval stays consumed, and a count that conditions
    /// read stays as it is: the calls were executed.
    pub fn refund_quota<S: Store>(&self, store: &S) {
        let is_kept = |charged: &limit::Charged| self.observed.contains(&charged.counter);
        Counters::new(store, Capacity::NONE).refund_unless(&self.charged, is_kept);
    }

    /// Whether it holds the approval that a fleet keeps.
    #[must_use]
    pub fn holds_stored_approval(&self) -> bool {
        matches!(self.approval, Some(Used::Stored(_)))
    }

    /// Gives everything back, since no server got the request. The clock is read if there is an approval. Returns what puts back
    /// the approval of a fleet.
    #[must_use]
    pub fn give_back<S: Store>(
        self,
        store: &S,
        now: impl FnOnce() -> Option<Timestamp>,
    ) -> Option<(Arc<EtcdStore>, Rpc)> {
        Counters::new(store, Capacity::NONE).refund(&self.charged);
        // Without the time it may have expired.
        match (self.approval?, now()?) {
            (Used::Local(approval), now) => {
                ApprovalStore(store).restore(*approval, now);
                None
            }
            (Used::Stored(held), now) => held.put_back(now),
        }
    }
}

/// What Envoy knows about a request's way to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How often it was sent; `None` if no router has sent it.
    pub attempts: Option<u64>,
    /// Whether a server was chosen.
    pub has_server: bool,
    /// Envoy's response flags, as bits.
    pub flags: u64,
}

/// No healthy upstream (UH), connection failure (UF), overflow (UO), no route (NR), no cluster (NC): Envoy's
/// `StreamInfo::CoreResponseFlag`, bits of `response.flags`. A reset after connecting has other flags.
const NEVER_SENT: u64 = 1 << 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 24;

/// The server was too slow (UT), the stream was reset (LR, UR), the connection ended (UC), the server broke the protocol (UPE): a
/// server may have read the request, whatever other flags say.
const MAY_HAVE_ARRIVED: u64 = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 23;

impl Delivery {
    /// Whether no byte of the request can have reached a server.
    #[must_use]
    pub fn never_sent(&self) -> bool {
        let was_not_sent = !self.has_server || self.flags & NEVER_SENT != 0;
        self.attempts.unwrap_or(0) <= 1 && self.flags & MAY_HAVE_ARRIVED == 0 && was_not_sent
    }
}

/// Whether a call that was charged may get something back.
#[must_use]
pub fn is_refundable(refund: Refund, receipt: &Receipt) -> bool {
    refund != Refund::Never && *receipt != Receipt::EMPTY
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Delivery;

    #[test]
    fn only_what_cannot_have_arrived_is_given_back() {
        let delivery = |attempts, has_server, flags| Delivery { attempts, has_server, flags };
        assert!(delivery(None, false, 0).never_sent(), "a later filter answered");
        assert!(delivery(Some(1), true, 0x20).never_sent(), "the connection failed");
        assert!(delivery(Some(0), false, 0x100).never_sent(), "there is no route");
        assert!(delivery(Some(1), false, 0x2).never_sent(), "no server is healthy");
        assert!(!delivery(Some(1), true, 0).never_sent(), "a server answered");
        assert!(!delivery(Some(1), true, 0x40).never_sent(), "the connection was reset after it was made");
        assert!(!delivery(Some(1), true, 0x4).never_sent(), "the server was too slow");
        assert!(!delivery(Some(2), true, 0x20).never_sent(), "an earlier attempt may have arrived");
        for other in [1 << 2, 1 << 3, 1 << 4, 1 << 6, 1 << 23] {
            for never_sent in [0x2, 0x20, 0x80, 0x100, 1 << 24] {
                assert!(delivery(Some(1), true, never_sent).never_sent(), "{never_sent:#x}");
                assert!(!delivery(Some(1), true, never_sent | other).never_sent(), "{other:#x} beside {never_sent:#x}");
            }
            assert!(!delivery(Some(1), false, other).never_sent(), "{other:#x} without a server");
        }
    }

    #[test]
    fn five_of_envoys_flags_say_that_a_server_got_nothing() {
        let says_so = |bit: &u32| Delivery { attempts: Some(1), has_server: true, flags: 1 << bit }.never_sent();
        assert_eq!((0..64).filter(says_so).collect::<Vec<_>>(), [1, 5, 7, 8, 24]);
    }
}
