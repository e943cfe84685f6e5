//! The built module in a proxy-wasm host of our own, which keeps Envoy's rules where they matter and can break every
//! one of them: calls that fail with any status, callbacks in any order, workers interleaved step by step.
//!
//! What Envoy can do never traps, and upon anything else nothing is forwarded: a request is refused, or the VM traps. The
//! table of what Envoy can return is in `machine/fault.rs`.
//!
//! `./build.sh wasm` builds the module.
//!
//! | suite | shows |
//! |---|---|
//! | `interface` | what the module asks of an Envoy, and what it offers it |
//! | `cost` | work and memory grow with what was sent, not with its square |
//! | `contexts` | each stream has its own root's policy; a callback that Envoy never makes traps |
//! | `lawful` | by Envoy's rules, each request ends as the engine says natively |
//! | `any_order` | in any order, with anything failing: no second reply, nothing unjudged goes on, no trap by Envoy's rules |
//! | `asked` | a call that a service is asked about goes on whole and once when it says so, and never else |
//! | `counted` | the same of a call that a service counts; where it does not, calls are refused or counted here |
//! | `console` | a console that fails approves nothing, and strangers never do |
//! | `used_once` | one yes lets one call pass, whatever order workers come in |
//! | `answers` | lists are trimmed whatever fails, other answers pass without a call into the host |
//! | `fails_closed` | what becomes of a request when one call fails |
//! | `configuring` | what becomes of a configuration when one call fails; arbitrary configurations |
//! | `exact` | limits are exact whatever order workers come in |
//! | `refund` | quota comes back only where Envoy says that nothing was sent |
//! | `shown` | the console shows what was decided, a quarter second later at most |
//! | `logging` | lines in the host's log: their level, the number of their stream, no secret |
//! | `statistics` | what is counted, and what that costs a request |
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that finds something else than it expects should stop and say so"
)]

mod answers;
mod any_order;
mod asked;
mod cases;
mod configuring;
mod console;
mod contexts;
mod cost;
mod counted;
mod exact;
mod fails_closed;
mod fleet;
mod interface;
mod lawful;
mod logging;
mod machine;
mod oracle;
mod refund;
mod request;
mod service;
mod shown;
mod statistics;
mod used_once;
