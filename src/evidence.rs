//! What logs of the gateway prove and teach: records are found in any log of JSON lines, checked as chains, decided on again, and
//! made a policy. Product contract, section 14.
//!
//! * [`log_line`]: the record in a line of a log, whatever the line holds besides
//! * [`record`]: what a record says
//! * [`verify`]: whether the chains of a log have all their records, unchanged and in order
//! * [`replay`]: what another policy would have decided on the calls of a log
//! * [`usage`]: a policy for what passed
//!
//! Nothing here opens a file or reads a clock: a caller hands over one line after the other, and each of them needs memory for
//! what it counts, never for the log.

pub mod log_line;
mod ordered;
pub mod record;
pub mod replay;
pub mod usage;
pub mod verify;
