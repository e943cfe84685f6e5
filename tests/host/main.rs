//! The built module in a simulated proxy-wasm host. It keeps Envoy's rules where they matter, and can break each of them:
//! host calls that fail with any status, callbacks in any order, workers interleaved step by step.
//!
//! Nothing that Envoy can do traps. Upon anything else the module refuses or traps, and forwards nothing. The table of
//! statuses that Envoy can return is in `proxy/fault.rs`.
//!
//! `./build.sh wasm` builds the module.
//!
//! | suite | shows |
//! |---|---|
//! | `abandoned` | a call that ends while a service is asked about it leaves a record |
//! | `abi` | what the module imports from Envoy, and what it exports to it |
//! | `agreement` | `explain`, `test` and the module have the same verdict, charges and message for a call |
//! | `approval_callout` | a call that an approval service must approve is forwarded whole and once if it does, and never else |
//! | `approval_single_use` | one approval lets one call pass, in whatever order workers come |
//! | `concurrent_limits` | limits are exact in whatever order workers come |
//! | `configuring` | what becomes of a configuration if one host call fails; arbitrary configurations |
//! | `conformance` | by Envoy's rules, each request ends as the engine decides natively, to the byte |
//! | `console` | a console whose host calls fail approves nothing, and only approvers approve |
//! | `contexts` | each stream has the policy of its own root; a callback that Envoy never makes traps |
//! | `cost` | work and memory grow with what was sent, not with its square |
//! | `decision_log` | the console lists decisions a quarter second later at most |
//! | `discarding` | a body that is too large is thrown away, and answered at its end or in time |
//! | `fails_closed` | what becomes of a request if one host call fails |
//! | `fleet_approvals` | a call whose approval etcd keeps is forwarded once if it was approved, in every order of answers, timeouts and resets |
//! | `fuzz_callbacks` | callbacks in any order while host calls fail: one reply at most, nothing is forwarded that was not judged |
//! | `held_bytes` | streams that never end hold a bounded part of a worker, and only their caller is refused |
//! | `hints` | the module tells V8 which way its branches go, by a section of the right form |
//! | `history` | a condition on a counter sees what every worker has let through before |
//! | `logging` | lines in the host's log: their level, the number of their stream, no secret |
//! | `rate_limit_callout` | a call that a rate-limit service counts is forwarded if it has room, and else refused or counted here |
//! | `refund` | quota comes back only if Envoy says that nothing was sent, or the server that the call failed |
//! | `response_filtering` | lists are filtered whatever fails; other responses pass without a host call |
//! | `results` | answers are redacted or refused by `results` whatever fails, recorded and counted; without, no byte is copied |
//! | `statistics` | which metrics count what, and how many host calls a request costs |
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that finds something else than it expects should stop and say so"
)]

mod abandoned;
mod abi;
mod agreement;
mod approval_callout;
mod approval_single_use;
mod cases;
mod concurrent_limits;
mod configuring;
mod conformance;
mod console;
mod contexts;
mod cost;
mod decision_log;
mod discarding;
#[path = "../support/etcd.rs"]
#[expect(dead_code, reason = "the unit tests use the rest")]
mod etcd;
mod fails_closed;
mod fleet_approvals;
mod fuzz_callbacks;
mod held_bytes;
mod hints;
mod history;
mod logging;
mod oracle;
#[path = "../properties/policies.rs"]
mod policies;
mod proxy;
mod rate_limit_callout;
mod rate_limit_service;
mod refund;
mod request;
#[path = "../properties/requests.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod requests;
mod response_filtering;
mod results;
mod service;
mod statistics;
mod ticks;
