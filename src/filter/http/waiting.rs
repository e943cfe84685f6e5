//! A request that is held while an approval service is asked about it; product contract, section 7.

use std::{cell::RefCell, mem};

use crate::{
    engine::{
        self, Call,
        ruling::{Inquiry, Ruling},
    },
    mcp::answer,
};

use super::{Http, Phase, SharedTable};
use crate::filter::host::{self, Action};

/// Requests of one worker that wait at the same time; each is held with its body.
const MAX_WAITING: usize = 256;

thread_local! {
    /// The streams that wait, by the number of the call that asks for them. Where a client does not wait, its entry goes when
    /// the call is over, as each is by its timeout.
    static WAITING: RefCell<Vec<(u32, u32)>> = const { RefCell::new(Vec::new()) };
}

/// The stream that waited for a call, which is over.
pub(in crate::filter) fn over(call: u32) -> Option<u32> {
    WAITING.with_borrow_mut(|waiting| {
        let index = waiting.iter().position(|(other, _)| *other == call)?;
        Some(waiting.swap_remove(index).1)
    })
}

impl Http {
    /// Asks the approval service about a request, which waits.
    pub(super) fn ask(&mut self, inquiry: Inquiry, body: Vec<u8>) -> Action {
        let Phase::Body { call, .. } = mem::replace(&mut self.phase, Phase::Stopped) else {
            return self.answer(&answer::failed());
        };
        let service = self.filter.as_ref().and_then(|filter| filter.config.approvals.service.as_ref());
        match service.filter(|_| has_room()).and_then(|service| host::ask(service, &inquiry.body).ok()) {
            Some(asked) => {
                WAITING.with_borrow_mut(|waiting| waiting.push((asked, self.id)));
                self.phase = Phase::Waiting { call, body, inquiry };
                Action::Pause
            }
            None => self.rule(call, &body, Ruling::Failed),
        }
    }

    /// Hears what the service says.
    pub(super) fn hear(&mut self, said: Option<(Vec<u8>, Vec<u8>)>) {
        match mem::replace(&mut self.phase, Phase::Stopped) {
            Phase::Waiting { call, body, inquiry } => {
                let ruling = said.map_or(Ruling::Failed, |(status, said)| inquiry.ruling(&status, &said));
                let passes = matches!(self.rule(call, &body, ruling), Action::Continue);
                if passes && host::continue_request().is_err() {
                    log::error!("an approved request could not go on; it stays paused");
                }
            }
            other => self.phase = other,
        }
    }

    /// Judges a request anew, with what was said of it.
    fn rule(&mut self, call: Call, body: &[u8], ruling: Ruling) -> Action {
        let (Some(filter), Some(now)) = (&self.filter, host::now()) else { return self.answer(&answer::failed()) };
        let call = Call { ruling: Some(ruling), ..call };
        let judgement = engine::judge(&filter.config, &call, body, &filter.name, now, &SharedTable);
        self.settle(judgement, Some(now))
    }
}

fn has_room() -> bool {
    WAITING.with_borrow(Vec::len) < MAX_WAITING
}
