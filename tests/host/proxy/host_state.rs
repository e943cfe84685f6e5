//! What an instance can see, and what it did.

use std::{collections::BTreeMap, fmt, sync::Arc};

use wasmtime::{Memory, TypedFunc};

use super::{Fault, Shared};

/// The headers of a request, in order.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What the host says to a call; the numbers are those of the ABI.
pub(super) mod status {
    pub(in super::super) const OK: u32 = 0;
    pub(in super::super) const NOT_FOUND: u32 = 1;
    pub(in super::super) const BAD_ARGUMENT: u32 = 2;
    pub(in super::super) const SERIALIZATION_FAILURE: u32 = 3;
    pub(in super::super) const CAS_MISMATCH: u32 = 8;
    pub(in super::super) const UNIMPLEMENTED: u32 = 12;
}

/// The level of Envoy's log if nothing else is said.
pub(super) const INFO: u32 = 2;

/// The state behind the imports of one instance.
#[derive(Default)]
pub(crate) struct HostState {
    pub(crate) shared: Arc<Shared>,
    pub(crate) faults: Vec<Fault>,
    /// The wall clock, in nanoseconds since the epoch.
    pub(crate) now: u64,
    /// By path, whose parts NUL separates; `None` for null.
    pub(crate) properties: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pub(crate) configuration: Vec<u8>,
    /// What the current callback's stream has in reach.
    pub(crate) reach: Reach,
    /// The contexts that are there, and the root of each; a root has 0.
    pub(crate) contexts: BTreeMap<u32, u32>,
    /// The context that the current callback is for.
    pub(super) called_for: u32,
    /// The context that the current callback is about: the same, unless the module says otherwise.
    pub(super) about: u32,
    /// The requests of the module's own that are under way.
    pub(crate) calls: Vec<OwnCall>,
    /// How many there have been.
    pub(super) last_call: u32,
    /// The streams that the current callback let go on.
    pub(super) continued: Vec<u32>,
    /// The streams that it did something to.
    pub(super) touched: Vec<u32>,
    /// What the current callback did.
    pub(crate) replies: Vec<Reply>,
    pub(crate) notes: Vec<Vec<u8>>,
    /// The newest record of each stream, by its number: Envoy's filter state.
    pub(super) records: BTreeMap<u32, Vec<u8>>,
    /// The fields of audit records, by name, since the worker started.
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) log: Vec<String>,
    /// Whether it ended the response.
    pub(crate) is_ended: bool,
    /// Whether the host broke Envoy's rules in the current callback, so that the SDK may trap.
    pub(super) may_trap: bool,
    /// The level of the host's log, from 0 for `trace` to 6 for `off`.
    pub(crate) log_level: u32,
    /// How many calls it made.
    pub(crate) made: u32,
    /// How often each call was made, by name.
    pub(crate) called: BTreeMap<String, usize>,
    /// Names and values of what is counted; a metric's number is its place.
    pub(crate) metrics: Vec<(String, i64)>,
    /// After how many milliseconds the root wants to be called; 0 for never.
    pub(crate) tick: u32,
    pub(super) memory: Option<Memory>,
    pub(super) allocate: Option<TypedFunc<u32, u32>>,
    pub(super) random: u64,
}

/// What a stream has in reach; `None` where Envoy's own pointer is null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    pub(crate) request_headers: Option<Pairs>,
    pub(crate) request_body: Option<Vec<u8>>,
    pub(crate) response_headers: Option<Pairs>,
    pub(crate) response_body: Option<Vec<u8>>,
    /// The answer to a request of the module's own.
    pub(crate) said: Option<CallResponse>,
}

/// A request of the module's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnCall {
    pub(crate) number: u32,
    /// The root that it belongs to: it outlives the stream that it is made for.
    pub(crate) root: u32,
    /// The stream that it is made for.
    pub(crate) stream: u32,
    pub(crate) does: CallKind,
    /// The name of a cluster, or a `GrpcService`.
    pub(crate) cluster: Vec<u8>,
    pub(crate) headers: Pairs,
    /// Or the message.
    pub(crate) body: Vec<u8>,
    /// In milliseconds.
    pub(crate) timeout: u32,
}

/// What kind of request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    Http,
    Grpc { service: String, method: String },
}

/// The answer to one: without headers if there was none.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct CallResponse {
    pub(crate) came: Delivery,
    pub(crate) headers: Pairs,
    /// Or the message.
    pub(crate) body: Vec<u8>,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Delivery {
    #[default]
    Http,
    /// As a message by gRPC.
    Message,
    /// Not: gRPC ended with this status.
    Closed(u32),
}

/// A local reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u32,
    /// Envoy's response code details.
    pub(crate) details: String,
    pub(crate) headers: Pairs,
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for CallResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.came != Delivery::Http {
            write!(f, "{:?}, ", self.came)?;
        }
        for (name, value) in &self.headers {
            write!(f, "{}: {}, ", name.escape_ascii(), value.escape_ascii())?;
        }
        write!(f, "{}", self.body.escape_ascii())
    }
}

impl HostState {
    /// The buffer of this number in the ABI.
    pub(super) fn buffer(&self, kind: u32) -> Option<&Vec<u8>> {
        match kind {
            0 => self.reach.request_body.as_ref(),
            1 => self.reach.response_body.as_ref(),
            4 => self.said(Delivery::Http).map(|said| &said.body),
            5 => self.said(Delivery::Message).map(|said| &said.body),
            7 => Some(&self.configuration),
            _ => None,
        }
    }

    /// Changes a buffer as Envoy does: at its front, in the place of `size` bytes, or at its end.
    pub(super) fn set_buffer(&mut self, kind: u32, start: u32, size: u32, bytes: &[u8]) -> u32 {
        let buffer = match kind {
            0 => self.reach.request_body.as_mut(),
            1 => self.reach.response_body.as_mut(),
            _ => None,
        };
        match (buffer, start as usize, size as usize) {
            (Some(buffer), 0, size) => {
                assert!(size <= buffer.len(), "more is taken out than there is, upon which Envoy crashes");
                buffer.splice(..size, bytes.iter().copied());
                status::OK
            }
            (Some(buffer), start, _) if start >= buffer.len() => {
                buffer.extend_from_slice(bytes);
                status::OK
            }
            _ => status::BAD_ARGUMENT,
        }
    }

    /// The number of the metric of this name.
    pub(super) fn metric(&mut self, name: String) -> u32 {
        let known = self.metrics.iter().position(|(known, _)| *known == name);
        let place = known.unwrap_or_else(|| {
            self.metrics.push((name, 0));
            self.metrics.len() - 1
        });
        u32::try_from(place).expect("few metrics")
    }

    /// Adds to the metric of this number.
    pub(super) fn add(&mut self, metric: u64, by: i64) -> u32 {
        let place = usize::try_from(metric).expect("a number");
        let Some((_, value)) = self.metrics.get_mut(place) else { return status::NOT_FOUND };
        *value += by;
        status::OK
    }

    /// Sets the metric of this number.
    pub(super) fn set(&mut self, metric: u64, to: i64) -> u32 {
        let place = usize::try_from(metric).expect("a number");
        let Some((_, value)) = self.metrics.get_mut(place) else { return status::NOT_FOUND };
        *value = to;
        status::OK
    }

    /// The value of the metric whose name ends so; 0 if there is none.
    pub(crate) fn counted(&self, name: &str) -> i64 {
        self.metrics.iter().filter(|(known, _)| known.ends_with(name)).map(|(_, value)| value).sum()
    }

    /// The header map of this number in the ABI.
    pub(super) fn map(&mut self, kind: u32) -> Option<&mut Pairs> {
        match kind {
            0 => self.reach.request_headers.as_mut(),
            2 => self.reach.response_headers.as_mut(),
            6 => self.reach.said.as_mut().map(|said| &mut said.headers),
            _ => None,
        }
    }

    /// The response to a callout. Envoy reads it from the root context, whichever context is the effective one.
    fn said(&self, came: Delivery) -> Option<&CallResponse> {
        self.reach.said.as_ref().filter(|said| said.came == came)
    }

    /// Begins a request of the module's own. It belongs to the root, whichever stream makes it.
    pub(super) fn begin(
        &mut self,
        does: CallKind,
        cluster: Vec<u8>,
        headers: Pairs,
        body: Vec<u8>,
        timeout: u32,
    ) -> u32 {
        let stream = self.about;
        let root = *self.contexts.get(&stream).expect("a context that is there");
        assert_ne!(root, 0, "it is made for a stream");
        for name in [":method", ":path", ":authority"] {
            let is_named = |pair: &&(Vec<u8>, Vec<u8>)| pair.0 == name.as_bytes() && !pair.1.is_empty();
            let wanted = usize::from(does == CallKind::Http);
            assert_eq!(
                headers.iter().filter(is_named).count(),
                wanted,
                "{name}: Envoy writes gRPC's own, and no others"
            );
        }
        assert!(!cluster.is_empty() && timeout > 0, "for {cluster:?} in {timeout} ms");
        // As in Envoy, where a number tells by its last bits what it is of.
        self.last_call += 4;
        let number = self.last_call + u32::from(does != CallKind::Http);
        self.calls.push(OwnCall { number, root, stream, does, cluster, headers, body, timeout });
        number
    }

    /// Has what follows be about another context.
    pub(super) fn enter(&mut self, context: u32) -> u32 {
        if !self.contexts.contains_key(&context) {
            return status::BAD_ARGUMENT;
        }
        self.about = context;
        status::OK
    }

    /// Lets a stream go on, when the callback is over.
    pub(super) fn go_on(&mut self, stream: u32) -> u32 {
        assert_eq!(stream, 0, "only requests are held so");
        if self.is_about_a_stream() {
            assert_ne!(self.about, self.called_for, "a callback of a stream's own says so by its answer");
            self.continued.push(self.about);
        }
        status::OK
    }

    /// Whether there is a stream that something can be done to; upon a root, Envoy does nothing and says that all is well.
    pub(super) fn is_about_a_stream(&mut self) -> bool {
        let is_root = self.contexts.get(&self.about) == Some(&0);
        if !is_root {
            self.touched.push(self.about);
        }
        !is_root
    }
}
