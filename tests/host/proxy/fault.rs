//! Calls that go wrong.

/// Which calls go wrong, and how.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The call's name; empty for all.
    pub(crate) call: &'static str,
    /// How many of these go well first.
    pub(crate) after: u32,
    /// How many then go wrong.
    pub(crate) times: u32,
    pub(crate) how: How,
}

/// How a call goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum How {
    /// It answers with this status and does nothing.
    Status(u32),
    /// It says that all went well, and sets nothing.
    Silence,
    /// It hands out these bytes.
    Garbage(Vec<u8>),
    /// It says that there are so many bytes, at no place.
    Nowhere(u32),
    /// It hands out what is right, and says of no version.
    Unversioned,
}

impl Fault {
    /// A call that always fails with this status.
    pub(crate) fn always(call: &'static str, status: u32) -> Self {
        Self { call, after: 0, times: u32::MAX, how: How::Status(status) }
    }

    /// Whether the SDK may trap upon it.
    pub(crate) fn may_trap(&self) -> bool {
        self.how.may_trap(self.call)
    }

    /// Whether this call is one of them; counts it.
    pub(super) fn strikes(&mut self, call: &str) -> bool {
        if !self.call.is_empty() && self.call != call {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        let strikes = self.times > 0;
        self.times = self.times.saturating_sub(1);
        strikes
    }
}

/// The statuses other than success that Envoy 1.36 to 1.40 can return to a call where the module makes it, by
/// `source/extensions/common/wasm/context.cc` and proxy-wasm-cpp-host `src/exports.cc`. A call that is not here succeeds.
///
/// The SDK hands these on; upon any other status it may trap.
const ENVOY_RETURNS: [(&str, &[u32]); 9] = [
    ("proxy_get_buffer_bytes", &[1]),
    ("proxy_get_header_map_value", &[1]),
    ("proxy_get_property", &[1, 3, 10]),
    ("proxy_get_shared_data", &[1]),
    ("proxy_grpc_call", &[4, 10]),
    ("proxy_http_call", &[2, 10]),
    ("proxy_increment_metric", &[1, 2]),
    ("proxy_record_metric", &[1, 2]),
    ("proxy_set_shared_data", &[8]),
];

/// The calls that the module makes without the SDK: no status traps.
const OWN_CALLS: [&str; 3] = ["proxy_get_header_map_pairs", "proxy_get_log_level", "proxy_send_local_response"];

/// Every status that the ABI knows but success, and some that it does not.
pub(crate) const STATUSES: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 64, 0x8000_0000, u32::MAX];

impl How {
    /// Whether the SDK may trap when this call goes wrong so: Envoy does none of that.
    pub(super) fn may_trap(&self, call: &str) -> bool {
        !OWN_CALLS.contains(&call) && !matches!(self, Self::Status(status) if envoy_returns(call, *status))
    }
}

/// Whether Envoy can return this status to this call.
pub(crate) fn envoy_returns(call: &str, status: u32) -> bool {
    ENVOY_RETURNS.iter().any(|(name, statuses)| *name == call && statuses.contains(&status))
}

/// Every call into the host that the module makes, by its name in the ABI.
pub(crate) const CALLS: [&str; 22] = [
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_grpc_call",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_remove_header_map_value",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];
