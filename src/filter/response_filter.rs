//! The server's answer, where something of it may not go on: lists are trimmed, and no stream opens the old transport.
//!
//! What is held back is taken out of Envoy's buffer, which has no room for long answers, and put back when it is read.

use std::sync::Arc;

use crate::{
    config::Config,
    engine::{self, RequestInfo, lists::ListFilter as EngineListFilter},
    mcp::{
        ResponseFormat,
        answer::{self, Reply},
        legacy_sse::{EndpointGuard, Forwarded},
        list::{ListFilter, ListKind, UNKNOWN_FORM},
    },
};

use proxy_wasm::types::Status;

use super::host;

/// What has to be done with an answer.
#[derive(Debug)]
pub(super) enum Edit {
    /// Nothing.
    Nothing,
    /// It lists something: it is trimmed once its head tells how.
    List(EngineListFilter),
    /// It may be a stream.
    Stream { first: Option<EndpointGuard>, lists: Option<EngineListFilter> },
    /// Its body is coming.
    Body(Body),
}

/// A body that goes through our hands.
#[derive(Debug)]
pub(super) struct Body {
    first: Option<EndpointGuard>,
    lists: Option<Lists>,
    /// Whether nothing of it goes on before its end.
    is_whole: bool,
}

/// Lists that are trimmed, by the policy of this name.
#[derive(Debug)]
struct Lists {
    trimmer: ListFilter,
    policy: Arc<str>,
}

/// What matters of an answer's head.
#[derive(Debug)]
struct Head {
    is_success: bool,
    form: Option<ResponseFormat>,
    /// Whether the body stands there as it is.
    is_plain: bool,
}

/// What becomes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// It goes on, as it now is.
    Now,
    /// Nothing goes on before the end.
    AtTheEnd,
}

/// Something must not go on, and nobody can be told: the answer has to end here.
#[derive(Debug)]
pub(super) struct Broken(pub(super) &'static str);

impl Edit {
    /// What has to be done with the answer to a request that carries no message.
    pub(super) fn of_stream(config: &Config, call: &RequestInfo) -> Self {
        let first = engine::blocks_legacy_sse(config, call).then(EndpointGuard::default);
        match (first, engine::lists::filter_for_stream(config, call)) {
            (None, None) => Self::Nothing,
            (first, lists) => Self::Stream { first, lists },
        }
    }

    /// Looks at the head of the answer.
    ///
    /// # Errors
    /// What to answer instead.
    pub(super) fn begin(&mut self, is_end: bool) -> Result<(), Reply> {
        if is_end || matches!(self, Self::Nothing | Self::Body(_)) {
            return Ok(());
        }
        let head = Head::read().map_err(|_| answer::failed())?;
        match std::mem::replace(self, Self::Nothing) {
            // Neither Envoy's own errors nor those of a server list anything.
            _ if !head.is_success => {}
            Self::List(trim) => *self = Self::Body(Body::list(trim, &head)?),
            Self::Stream { first, lists } if head.form == Some(ResponseFormat::Sse) => {
                *self = Self::Body(Body::stream(first, lists, &head)?);
            }
            Self::Nothing | Self::Stream { .. } | Self::Body(_) => {}
        }
        Ok(())
    }

    /// Looks at the head of an answer to a message that nobody has judged: a server has seen no more than its headers.
    ///
    /// # Errors
    /// What to answer instead.
    pub(super) fn unjudged(config: &Config, call: &RequestInfo, is_end: bool) -> Result<(), Reply> {
        if is_end || !engine::lists::may_filter(config, call) {
            return Ok(());
        }
        match Head::read() {
            Ok(head) if !head.is_success => Ok(()),
            _ => {
                log::warn!("a server answered a message before it came; the answer was not passed on");
                Err(answer::failed())
            }
        }
    }

    /// Takes the next chunk, which has `size` bytes, and puts in its place what goes on of it.
    ///
    /// # Errors
    /// The answer has to end.
    pub(super) fn go_on(&mut self, config: &Config, size: usize, is_end: bool) -> Result<Pass, Broken> {
        let body = match self {
            Self::Body(body) => body,
            Self::Nothing => return Ok(Pass::Now),
            Self::List(_) | Self::Stream { .. } => return Err(HEADLESS),
        };
        let chunk = host::response_chunk(size).ok_or(FAILED)?;
        let mut out = body.push(config, &chunk)?;
        if is_end {
            out.extend(body.end(config)?);
        }
        if out != chunk {
            host::replace_response_chunk(size, &out).map_err(|_| FAILED)?;
        }
        let pass = if body.is_whole && !is_end { Pass::AtTheEnd } else { Pass::Now };
        if body.first.is_none() && body.lists.is_none() {
            // Its first event was all that mattered.
            *self = Self::Nothing;
        }
        Ok(pass)
    }

    /// The answer ended in trailers.
    ///
    /// # Errors
    /// The answer has to end, without them.
    pub(super) fn end(&mut self, config: &Config) -> Result<(), Broken> {
        let Self::Body(body) = self else { return Ok(()) };
        let out = body.end(config)?;
        // Envoy lets nothing be added to a stream now; what is left is an event without its end, which is none.
        if body.is_whole && !out.is_empty() {
            host::replace_response_chunk(0, &out).map_err(|_| FAILED)?;
        }
        Ok(())
    }
}

const FAILED: Broken = Broken("Envoy does not hand over the answer");
const HEADLESS: Broken = Broken("an answer comes without its head");
const ENDPOINT: Broken =
    Broken("a stream opens the transport of 2024-11-05, which `protocol.legacy_sse` refuses; it was ended");
const UNTELLABLE: Broken =
    Broken("a list on a stream cannot be read, and it has no id to be answered by; it was ended");

impl Head {
    fn read() -> Result<Self, Status> {
        let status = host::response_header(":status")?;
        let is_success = !status.is_some_and(|status| matches!(*status, [b'3'..=b'5', _, _]));
        let form = host::response_header("content-type")?.and_then(|content_type| ResponseFormat::of(&content_type));
        let is_plain = host::response_header("content-encoding")?.is_none_or(|coding| coding == b"identity");
        Ok(Self { is_success, form, is_plain })
    }
}

impl Body {
    fn list(trim: EngineListFilter, head: &Head) -> Result<Self, Reply> {
        match head.form.filter(|_| head.is_plain) {
            Some(form) => {
                Self { first: None, lists: Some(Lists::new(trim, form)), is_whole: form == ResponseFormat::Json }
                    .of_any_length()
            }
            None => Err(Reply { status: 200, retry_after: None, body: trim.asked.refused(UNKNOWN_FORM) }),
        }
    }

    fn stream(first: Option<EndpointGuard>, lists: Option<EngineListFilter>, head: &Head) -> Result<Self, Reply> {
        if !head.is_plain {
            log::warn!("a stream that cannot be read, since it is compressed, was not passed on");
            return Err(answer::failed());
        }
        let lists = lists.map(|trim| Lists::new(trim, ResponseFormat::Sse));
        Self { first, lists, is_whole: false }.of_any_length()
    }

    /// Its length is what goes on of it, and nobody knows that yet.
    fn of_any_length(self) -> Result<Self, Reply> {
        host::remove_response_header("content-length").map(|()| self).map_err(|_| answer::failed())
    }

    fn push(&mut self, config: &Config, chunk: &[u8]) -> Result<Vec<u8>, Broken> {
        let Some(first) = &mut self.first else { return self.trim(config, chunk) };
        let Forwarded { passes, is_over } = first.push(chunk).map_err(|_| ENDPOINT)?;
        if is_over {
            self.first = None;
        }
        self.trim(config, &passes)
    }

    fn end(&mut self, config: &Config) -> Result<Vec<u8>, Broken> {
        let rest = self.first.take().map(|mut first| first.rest()).unwrap_or_default();
        let mut out = self.trim(config, &rest)?;
        if let Some(lists) = &mut self.lists {
            let shows = shows(config, &lists.policy);
            out.extend(lists.trimmer.end(&shows).map_err(|_| UNTELLABLE)?);
        }
        Ok(out)
    }

    fn trim(&mut self, config: &Config, chunk: &[u8]) -> Result<Vec<u8>, Broken> {
        let Some(lists) = &mut self.lists else { return Ok(chunk.to_vec()) };
        let shows = shows(config, &lists.policy);
        lists.trimmer.push(chunk, &shows).map_err(|_| UNTELLABLE)
    }
}

impl Lists {
    fn new(EngineListFilter { asked, policy }: EngineListFilter, form: ResponseFormat) -> Self {
        let trimmer = match form {
            ResponseFormat::Json => ListFilter::json(asked),
            ResponseFormat::Sse => ListFilter::events(asked),
        };
        Self { trimmer, policy }
    }
}

/// What the policy of this name shows.
fn shows<'c>(config: &'c Config, policy: &str) -> impl Fn(ListKind, &str) -> bool + use<'c> {
    let policy = config.policy(policy);
    move |kind, name| policy.is_some_and(|policy| engine::lists::is_visible(config, policy, kind, name))
}
