//! A request that is held while a service is asked about it: whether it is approved (product contract, section 7), or
//! whether its limits have room in the whole fleet (section 6).

use std::{cell::RefCell, mem};

use crate::{
    engine::{
        self, Disposition, RequestInfo,
        callout::{Callout, CalloutResponse, Understood},
    },
    mcp::answer,
};

use super::{Http, Phase, SharedTable};
use crate::filter::{
    host::{self, Action, Metric},
    metrics,
    root::Filter,
};

/// Requests of one worker that wait at the same time.
const MAX_WAITING: usize = 1024;
/// What their bodies may hold together, in bytes: each is held as a copy.
const MAX_HELD: usize = 64 << 20;

/// A stream that waits.
struct Waiting {
    /// The call that asks for it, by Envoy's number.
    call: u32,
    stream: u32,
    /// The size of its body, in bytes.
    held: usize,
}

thread_local! {
    /// Where a client does not wait, its entry goes when the call is over, as each is by its timeout.
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

/// The stream that waited for a call, which is over.
pub(in crate::filter) fn over(call: u32) -> Option<u32> {
    WAITING.with_borrow_mut(|waiting| {
        let index = waiting.iter().position(|other| other.call == call)?;
        Some(waiting.swap_remove(index).stream)
    })
}

impl Http {
    /// Asks a service about a request, which waits.
    pub(super) fn ask(&mut self, call: RequestInfo, body: Vec<u8>, ask: Callout) -> Action {
        let held = body.len();
        let asked = self.filter.as_ref().filter(|_| has_room(held)).and_then(|filter| send(filter, &ask));
        let Some(asked) = asked else { return self.go_on(call, body, &ask, None) };
        WAITING.with_borrow_mut(|waiting| waiting.push(Waiting { call: asked, stream: self.id, held }));
        self.phase = Phase::Waiting { call, body, ask };
        Action::Pause
    }

    /// Hears what the service says.
    pub(super) fn hear(&mut self, said: Option<&CalloutResponse>) {
        match mem::replace(&mut self.phase, Phase::Stopped) {
            Phase::Waiting { call, body, ask } => {
                let passes = matches!(self.go_on(call, body, &ask, said), Action::Continue);
                if passes && host::continue_request().is_err() {
                    log::error!("a request that waited could not go on; it stays paused");
                }
            }
            other => self.phase = other,
        }
    }

    /// Judges a request anew, with what was said of it. There may be more to ask; each answer leaves less of it.
    fn go_on(&mut self, mut call: RequestInfo, body: Vec<u8>, ask: &Callout, said: Option<&CalloutResponse>) -> Action {
        let (Some(filter), Some(now)) = (&self.filter, host::now()) else { return self.answer(&answer::failed()) };
        if call.callouts.record(ask, said) == Understood::No {
            metrics::add(Metric::Counter, ask.unanswered_metric(), &[], 1);
        }
        let judgement = engine::authorize(&filter.config, &call, &body, &filter.name, now, &SharedTable);
        match judgement.answer {
            Disposition::Callout(ask) => self.ask(call, body, ask),
            _ => self.settle(judgement, Some(now)),
        }
    }
}

/// Asks, and answers the number of the call.
fn send(filter: &Filter, ask: &Callout) -> Option<u32> {
    match ask {
        Callout::Approval(inquiry) => host::ask(filter.config.approvals.service.as_ref()?, &inquiry.body).ok(),
        Callout::Charge { message, .. } => host::count(filter.config.limits.service.as_ref()?, message).ok(),
    }
}

fn has_room(more: usize) -> bool {
    WAITING.with_borrow(|waiting| {
        let held = waiting.iter().fold(more, |all, other| all.saturating_add(other.held));
        waiting.len() < MAX_WAITING && held <= MAX_HELD
    })
}
