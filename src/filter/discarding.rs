//! Replies of this worker that wait for the end of a body that is too large. The bounds are in [`crate::budget::Discarded`]; each
//! tick of a root looks at them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::{budget::Discarded, mcp::answer::Reply};

use super::{host, tick};

thread_local! {
    /// The numbers of their contexts. Each is an open stream, or one that ended since the last tick.
    static WAITING: RefCell<Vec<(u32, Rc<Waiting>)>> = const { RefCell::new(Vec::new()) };
}

/// The time between two looks at them, in milliseconds.
const TICK_MS: u32 = 250;

/// The reply to one stream.
#[derive(Debug)]
struct Waiting {
    /// `None` once it is sent, or its stream has ended.
    reply: RefCell<Option<Reply>>,
    body: Cell<Discarded>,
}

/// A reply that waits. Dropped, it is forgotten.
#[derive(Debug)]
pub(super) struct WaitingReply(Rc<Waiting>);

impl WaitingReply {
    /// Has the reply to a stream wait, whose body has `size` bytes so far.
    ///
    /// # Errors
    /// The reply, if Envoy does not tick or does not tell the time.
    pub(super) fn start(stream: u32, reply: Reply, size: usize) -> Result<Self, Reply> {
        let Some(now) = host::current_time() else { return Err(reply) };
        if tick::request(TICK_MS).is_err() {
            return Err(reply);
        }
        let body = Cell::new(Discarded::new(size, now));
        let waiting = Rc::new(Waiting { reply: RefCell::new(Some(reply)), body });
        WAITING.with_borrow_mut(|all| all.push((stream, Rc::clone(&waiting))));
        Ok(Self(waiting))
    }

    /// Counts more bytes of the body. Whether still more may come.
    pub(super) fn push(&self, size: usize) -> bool {
        let mut body = self.0.body.get();
        let may_go_on = body.push(size);
        self.0.body.set(body);
        may_go_on
    }

    /// Whether the reply has not been sent yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.reply.borrow().is_some()
    }

    /// Takes the reply; `None` if a tick has sent it.
    pub(super) fn take(&self) -> Option<Reply> {
        self.0.reply.take()
    }
}

impl Drop for WaitingReply {
    fn drop(&mut self) {
        self.take();
    }
}

/// Sends the replies that have waited long enough, in a callback of `root`.
pub(super) fn on_tick(root: u32, send: impl Fn(&Reply)) {
    let all = WAITING.take();
    let Some(now) = host::current_time().filter(|_| !all.is_empty()) else { return WAITING.set(all) };
    let (mut waiting, mut has_sent) = (Vec::new(), false);
    for (stream, one) in all {
        let Some(reply) = one.reply.take() else { continue };
        let mut body = one.body.get();
        let is_over = body.is_over(now);
        one.body.set(body);
        if is_over && host::set_effective_context(stream).is_ok() {
            has_sent = true;
            send(&reply);
        } else if !is_over {
            one.reply.replace(Some(reply));
            waiting.push((stream, one));
        }
    }
    if has_sent && host::set_effective_context(root).is_err() {
        log::error!("Envoy lost the context of a filter");
    }
    // What a reply's own callbacks have put there meanwhile comes with it.
    if !waiting.is_empty() && tick::request(TICK_MS).is_err() {
        log::error!("Envoy does not tick: replies wait for the end of their requests");
    }
    WAITING.with_borrow_mut(|all| all.append(&mut waiting));
}
