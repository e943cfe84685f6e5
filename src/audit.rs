//! What is written down about requests. It records what was decided, and decides nothing.
//!
//! * [`decision_log`]: the newest refusals, for the console
//! * [`log_throttle`]: how many lines a second go into Envoy's log

pub mod decision_log;
pub mod log_throttle;
