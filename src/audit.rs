//! What is written down about requests: audit records, statistics, log lines. It records what was decided, and decides
//! nothing; it knows no policy's rules, and `engine` is not imported here.
//!
//! * [`record`]: one JSON object for each request
//! * [`chain`]: links between the records of one worker
//! * [`decision_log`]: the newest denials, for the console
//! * [`log_throttle`]: how many lines a second go into Envoy's log
//! * [`metric`]: the names and labels of Envoy's statistics

pub mod chain;
pub mod decision_log;
pub mod log_throttle;
pub mod metric;
pub mod record;

pub use self::record::{AuditRecord, Decision, LoggedArguments};
