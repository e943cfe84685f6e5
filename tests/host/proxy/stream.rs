//! One request, taken through its callbacks by Envoy's rules.
//!
//! What is paused is buffered, and what is continued goes on with all that was buffered. After a reply nothing of the
//! request goes on, whatever a callback says, and the reply comes back through the response callbacks, unless the server's answer
//! has begun, which is then reset.

use super::{
    CallResponse, Downstream, Pairs, Part, ROOT, Reply, Worker,
    downstream::{CONTINUE, PAUSE},
    host_state::Reach,
};

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: u32,
    /// The request's headers, while they are held.
    held: Option<Pairs>,
    /// The body that waits, while it is paused.
    buffer: Vec<u8>,
    is_paused: bool,
    /// Whether its end has come.
    has_ended: bool,
    /// Whether Envoy has reset it, since a reply came when the server's answer had begun.
    pub(crate) is_reset: bool,
    pub(crate) went_on: WentOn,
    pub(crate) answer: Downstream,
    pub(crate) replies: Vec<Reply>,
    pub(crate) notes: Vec<Vec<u8>>,
}

/// What went on to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WentOn {
    pub(crate) headers: Option<Pairs>,
    pub(crate) body: Vec<u8>,
    /// Whether it is complete.
    pub(crate) is_whole: bool,
}

impl Stream {
    pub(crate) fn open(worker: &mut Worker) -> Self {
        let id = worker.open();
        Self::of(id)
    }

    /// The stream of a context.
    pub(crate) fn of(id: u32) -> Self {
        Self {
            id,
            held: None,
            buffer: Vec::new(),
            is_paused: false,
            has_ended: false,
            is_reset: false,
            went_on: WentOn::default(),
            answer: Downstream::default(),
            replies: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The request's headers come.
    pub(crate) fn headers(&mut self, worker: &mut Worker, headers: &Pairs, is_end: bool) {
        if self.held.is_none() && self.went_on.headers.is_none() {
            self.held = Some(headers.clone());
        }
        self.has_ended |= is_end;
        let count = u32::try_from(headers.len()).expect("few headers");
        if self.request(worker, "proxy_on_request_headers", &[count, is_end.into()], None) {
            self.went_on.is_whole |= is_end;
        }
    }

    /// A chunk of the request's body comes.
    pub(crate) fn body(&mut self, worker: &mut Worker, chunk: &[u8], is_end: bool) {
        if !self.is_paused {
            self.buffer.clear();
        }
        self.buffer.extend(chunk);
        self.has_ended |= is_end;
        let size = u32::try_from(self.buffer.len()).expect("a small body");
        let body = Some(self.buffer.clone());
        if self.request(worker, "proxy_on_request_body", &[size, is_end.into()], body) {
            self.went_on.is_whole |= is_end;
        }
    }

    /// The request's trailers come.
    pub(crate) fn trailers(&mut self, worker: &mut Worker) {
        self.has_ended = true;
        let body = Some(self.buffer.clone()).filter(|body| !body.is_empty());
        if self.request(worker, "proxy_on_request_trailers", &[1], body) {
            self.went_on.is_whole = true;
        }
    }

    /// A part of an answer comes.
    pub(crate) fn answer(&mut self, worker: &mut Worker, part: Part<'_>, is_end: bool) {
        if self.is_reset {
            return;
        }
        let answered_before = !self.replies.is_empty();
        let mut reach = Reach { request_headers: self.held.clone(), ..Reach::default() };
        let (name, args) = self.answer.offer(part, is_end, &mut reach);
        worker.world().reach = reach;
        let action = worker.callback(name, &[&[self.id], args.as_slice()].concat());
        let replies = self.collect(worker);
        self.answer.take(part, is_end, action, worker.world());
        if replies {
            assert!(!answered_before, "{name} answers twice");
            assert_eq!(action, PAUSE, "{name} lets an answer go on in whose place there is another");
            self.reply_comes_back(worker);
        }
    }

    /// A root ticks, which may answer this request.
    pub(crate) fn tick(&mut self, worker: &mut Worker) {
        worker.world().reach = Reach::default();
        worker.callback("proxy_on_tick", &[ROOT]);
        let answered_before = !self.replies.is_empty();
        if self.collect(worker) {
            assert!(!answered_before, "a tick has a request answered twice");
            self.reply_comes_back(worker);
        }
    }

    /// The answer to a request comes that the module made for this one. It may let this one go on: while it is paused,
    /// once, and not after a reply.
    pub(crate) fn receive(&mut self, worker: &mut Worker, number: u32, said: &CallResponse) {
        worker.respond(number, said);
        let continued = std::mem::take(&mut worker.world().continued);
        let answered_before = !self.replies.is_empty();
        if self.collect(worker) {
            assert!(!answered_before, "{said:?} has a request answered twice");
            self.reply_comes_back(worker);
        }
        if continued.is_empty() {
            return;
        }
        assert_eq!(continued, [self.id], "{said:?} lets go on what does not wait for it");
        assert!(self.replies.is_empty(), "{said:?} lets a request go on that was answered");
        assert!(self.is_paused && self.has_ended, "{said:?} lets a request go on that is not held: {self:?}");
        self.is_paused = false;
        self.go_on();
        self.went_on.is_whole = true;
    }

    /// The stream ends, in whatever state it is. Envoy logs it first.
    pub(crate) fn close(&mut self, worker: &mut Worker) {
        worker.world().reach = Reach::default();
        self.log(worker);
        worker.callback("proxy_on_delete", &[self.id]);
        self.collect(worker);
    }

    /// The stream is logged, at its end or before.
    pub(crate) fn log(&mut self, worker: &mut Worker) {
        worker.callback("proxy_on_log", &[self.id]);
        self.collect(worker);
    }

    /// Whether the request still has something to come, as far as this filter is concerned.
    pub(crate) fn is_open(&self) -> bool {
        self.replies.is_empty() && !self.went_on.is_whole
    }

    /// How many bytes of the body wait.
    pub(crate) fn waits(&self) -> usize {
        self.buffer.len()
    }

    /// Makes a callback of the request's; says whether what was held goes on.
    fn request(&mut self, worker: &mut Worker, name: &str, args: &[u32], body: Option<Vec<u8>>) -> bool {
        worker.world().reach = Reach { request_headers: self.held.clone(), request_body: body, ..Reach::default() };
        let args = [&[self.id], args].concat();
        let action = worker.callback(name, &args);
        assert!(action == CONTINUE || action == PAUSE, "{name} answers {action}");
        if self.held.is_some() {
            self.held = worker.world().reach.request_headers.take();
        }
        // A callback may have changed the body that waits; what has gone on is out of reach.
        if let Some(body) = worker.world().reach.request_body.take() {
            self.buffer = body;
        }
        let answered_before = !self.replies.is_empty();
        let answers = self.collect(worker);
        if !self.replies.is_empty() {
            assert_eq!(action, PAUSE, "{name} lets a request go on that was answered");
        }
        if answers {
            assert!(!answered_before, "{name} answers twice");
            self.reply_comes_back(worker);
        }
        self.is_paused = action == PAUSE;
        if self.is_paused {
            return false;
        }
        self.go_on();
        true
    }

    /// What was held goes on, and is out of reach from now on.
    fn go_on(&mut self) {
        if let Some(headers) = self.held.take() {
            self.went_on.headers = Some(headers);
        }
        self.went_on.body.append(&mut self.buffer);
    }

    /// A local reply goes through the response callbacks of the filter that sent it, in place of any other answer.
    fn reply_comes_back(&mut self, worker: &mut Worker) {
        if self.answer.head.is_some() {
            self.is_reset = true;
            return;
        }
        let Some(reply) = self.replies.last().cloned().filter(|_| !worker.has_failed()) else { return };
        let code = reply.code.to_string();
        let server = std::mem::take(&mut self.answer);
        self.answer(worker, Part::Head(&[(":status", &code)]), reply.body.is_empty());
        if !reply.body.is_empty() {
            self.answer(worker, Part::Body(&reply.body), true);
        }
        let reply_as_passed = std::mem::replace(&mut self.answer, server);
        if worker.has_failed() {
            return;
        }
        assert!(reply_as_passed.is_whole && reply_as_passed.body == reply.body, "{reply_as_passed:?}");
        assert_eq!(reply_as_passed.calls, 0);
    }

    /// Takes what the callback did; says whether it answered.
    fn collect(&mut self, worker: &mut Worker) -> bool {
        let world = worker.world();
        let answers = !world.replies.is_empty();
        let touched = std::mem::take(&mut world.touched);
        assert!(touched.iter().all(|touched| *touched == self.id), "{touched:?} is or are not {}", self.id);
        self.replies.append(&mut world.replies);
        self.notes.append(&mut world.notes);
        self.answer.is_ended |= std::mem::take(&mut world.is_ended);
        assert!(self.replies.len() < 2, "a request is answered twice: {:?}", self.replies);
        answers
    }
}
