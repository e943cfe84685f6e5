//! End to end: the built module inside a real Envoy with two worker threads, between a client that repairs nothing and
//! a server that writes down whatever reaches it. `./build.sh test` prepares both the module and Envoy.
//!
//! | suite | shows |
//! |---|---|
//! | `across_windows` | the example policies' limits reset each minute; long streams stay open without delay |
//! | `example_policies` | the sample policies as they are pasted; the answer to a call too many; whose calls count together |
//! | `catalog` | every policy of the catalogue decides its cases as it does natively |
//! | `identity` | subjects of tokens and names in certificates count and are judged apart; no header forges one |
//! | `credential` | the server sees its own credential, which no caller holds, and no token of a caller |
//! | `dynamic` | another policy takes over in a running Envoy: streams, counts and the other callers go on |
//! | `approvals` | a call that needs approval passes once, after a person at the console or a service has approved it |
//! | `fleet_approvals` | an etcd keeps the approvals of several Envoys: one lets one call pass, whichever Envoy it is repeated at and whatever fails |
//! | `rate_limit_service` | a service counts for several Envoys, exactly; where it does not, calls are refused or counted by each |
//! | `bindings` | the policy is that of the route, host, path and caller; what is not inspected passes untouched |
//! | `budgets` | one hostile client or server takes neither memory nor the worker from the others |
//! | `concurrency` | limits are exact over all workers |
//! | `flood` | 200,000 made-up callers, or values of a key, use bounded memory, and no quota of others |
//! | `metrics` | statistics count what happened, exactly, and no caller makes a series |
//! | `audit` | records and log lines say who, what and why, in bounded space, and no secret |
//! | `observability` | labels, rules and dashboard that are shipped fit the gateway that is shipped; a real Prometheus reads it |
//! | `forwarding` | what is refused never reaches the server, what is allowed reaches it byte for byte |
//! | `configuration` | mistakes are named and rejected, good updates forget nothing |
//! | `corpus` | the shared attack and decision cases |
//! | `definitions` | what a server changes of a pinned tool is not listed, and denied on both workers, until a person accepts it |
//! | `lists` | lists show only what may be called, on every stream, and nothing else is touched or held back |
//! | `legacy` | the transport of 2024-11-05 works by option only |
//! | `otlp` | an OpenTelemetry collector gets the record of each request, with attributes by name |
//! | `pages` | web pages read what a gateway on loopback or with listed origins answers; others reach nothing |
//! | `kubernetes` | what is rendered for Istio, Envoy Gateway and sidecars fits its schemas, reads back as it was written, and enforces |
//! | `refund` | quota comes back when a call cannot have reached a server, and only then |
//! | `run` | the commands that `./build.sh run` prints do what it says, for every shipped policy, up to an approved call |
//! | `sdk_servers` | real servers of every SDK: without the gateway the attacks bite, through it none does; sessions, progress, resumed streams |
//! | `soak` | under mixed load, pushes of configurations and failing servers no honest call is lost or wrong, for minutes or hours |
//! | `clients` | real clients, bridges and agent frameworks: a refusal costs a call, and the model is given the reason |
//! | `harness` | the suite's own tools, without the filter |
//!
//! Each Envoy leaves its configuration and its log in `target/e2e/<name>/`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that finds something else than it expects should stop and say so"
)]

mod across_windows;
mod answer;
mod approvals;
mod attack;
mod audit;
mod bindings;
mod budgets;
mod catalog;
mod client;
mod clients;
mod clock;
mod command;
mod concurrency;
mod configuration;
mod corpus;
mod credential;
mod definitions;
mod dynamic;
mod example_policies;
mod fleet_approvals;
mod flood;
mod forwarding;
mod gateway;
mod harness;
mod identity;
mod kubernetes;
mod legacy;
mod lists;
mod metrics;
mod observability;
mod otlp;
mod pages;
mod prerequisites;
mod process;
mod rate_limit_service;
mod refund;
mod run;
mod runtime;
mod sdk_servers;
#[path = "../soak/soak.rs"]
mod soak;
mod upstream;
mod version;
