//! Real servers, of the SDKs that most MCP servers are built with, attacked with the corpus: without the gateway and
//! through it. Each has a tool `ok` and a tool `evil`, and counts how often `evil` has run. Beside them the reference
//! server, `everything`, which does what real ones do over time.
//!
//! | suite | shows |
//! |---|---|
//! | `exposed` | without the gateway the attacks bite: which of them run `evil`, on which server |
//! | `protected` | through the gateway none does, and what is permitted ends as without it |
//! | `permitted` | through the gateway an ordinary client is served, and lists show it what it may call |
//! | `results` | under `results` every answer is redacted or refused, in both forms, and clients parse it |
//! | `values` | what each server makes of values that a rule may look at, and that no rule is evaded by it |
//! | `everything` | so is one with a session and event streams, also resumed ones; nothing that a server tells over time waits |
//!
//! The programs are in `tests/servers/`; `./build.sh test` installs what they need.

mod everything;
mod exposed;
mod permitted;
mod protected;
mod results;
mod rust;
mod server;
mod values;

pub(crate) use everything::stays_open;

use crate::{prerequisites::find, runtime::run};
pub(crate) use server::Server;
use std::{
    io::{Write, stderr},
    sync::Arc,
};

/// Runs one test on servers of its own that answer with `json` or `events`, unless the caller has said to leave them out.
#[track_caller]
fn with_servers(test: &str, form: &str, body: impl AsyncFnOnce(Vec<Arc<Server>>)) {
    if let Some(place) = find("servers") {
        run(async { body(Server::start_all(test, &place, form).await).await });
    }
}

/// Says something that is seen of tests that pass, too.
fn report(line: &str) {
    let _ = writeln!(stderr(), "servers: {line}");
}
