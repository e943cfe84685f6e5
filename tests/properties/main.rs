//! Properties of all policies and calls, tested on random ones.
//!
//! | suite | shows |
//! |---|---|
//! | `explain_agrees` | the steps of a decision name its rule and its charges; a policy written out again decides the same |
//! | `formatting` | a decision never depends on key order, white space or escapes |
//! | `monotonicity` | adding a `require`, `deny_if` or `limits` entry, or a condition to `require`, never turns a refusal into an allow |
//! | `history` | a condition on a counter sees all calls before; a limit without `max` refuses nothing |
//! | `precedence` | exactly one entry decides, in any order of the entries |
//! | `lists` | only hidden list entries are removed from an answer, however it is cut into chunks |
//! | `charges` | a request is charged the sum of its calls, and a counter that two rules of one call name once |
//! | `approvals` | no more calls pass than were approved, and no more are pending than the bounds allow |
//! | `compare` | where a call is decided otherwise under another policy, `compare` says so, in its direction |
//! | `coverage` | the random calls reach every kind of decision |
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that finds something else than it expects should stop and say so"
)]

mod approvals;
mod charges;
mod compare;
mod coverage;
mod explain_agrees;
mod fixture;
mod formatting;
mod history;
mod lists;
mod monotonicity;
mod policies;
mod precedence;
mod requests;
mod text;
