//! What the engine, running natively, makes of the same request.

use mcp_policy::{
    audit::Decision,
    config::Config,
    engine::{
        self, AuthorizationResponse, BoundRequest, Disposition, HeadersVerdict, RequestInfo,
        callout::{Callout, CalloutResponse, Recorded},
    },
    http::{Header, Headers},
    identity::{self, ConnectionAttributes, Peer},
    mcp::{answer, head::RETRY_HEADERS},
    store::{Cas, Seed, Store, Unavailable, Versioned},
    time::Timestamp,
};

use crate::{
    proxy::{CallResponse, Delivery, Pairs, Reply, Shared},
    request::{Properties, Request},
};

/// Counters in a host's shared data, as the module keeps them.
pub(crate) struct InShared(pub(crate) Shared);

impl InShared {
    fn get(&self, key: &str) -> Result<Versioned, Unavailable> {
        let (bytes, version) = self.0.get(format!("mcp-policy/1/{key}").as_bytes()).map_err(|_| Unavailable)?;
        Ok(Versioned { bytes, version })
    }
}

impl Store for InShared {
    fn seed(&self) -> Result<Seed, Unavailable> {
        self.get("seed")?.bytes.try_into().map_err(|_| Unavailable)
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        self.get(&cell.to_string())
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        match self.0.set(format!("mcp-policy/1/{cell}").as_bytes(), bytes, version) {
            0 => Ok(Cas::Done),
            _ => Ok(Cas::Mismatch),
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// What services are asked about it, one after the other.
    pub(crate) asks: Vec<Callout>,
    /// What it is answered; `None` where it goes on.
    pub(crate) reply: Option<Reply>,
}

/// What becomes of a request, if services say this of it.
pub(crate) fn end<S: Store>(
    config: &Config,
    request: &Request,
    properties: &Properties,
    now: Timestamp,
    store: &S,
    said: &impl Fn(&Callout) -> CallResponse,
) -> End {
    let Some(call) = call(config, &request.headers, properties) else {
        return replied(answer::failed(), details(Decision::Failed));
    };
    let body = request.body();
    let response = match engine::check_headers(config, &call, !request.ends_with_its_head()) {
        HeadersVerdict::Reply(response) | HeadersVerdict::Discard(response) => *response,
        HeadersVerdict::Bypass => return End::default(),
        HeadersVerdict::Continue(_) | HeadersVerdict::ExpectEmptyBody(_) if body.is_empty() => return End::default(),
        HeadersVerdict::Continue(_) | HeadersVerdict::ExpectEmptyBody(_) => engine::unexpected_body(config, &call),
        HeadersVerdict::NeedBody => return judged(config, call, &body, now, store, said),
    };
    decided(response, Vec::new())
}

/// Whether a request with these headers could go on with this body, had all limits room, when services have said this in
/// this order, or could not be asked.
pub(crate) fn may_go_on<S: Store>(
    config: &Config,
    headers: &Pairs,
    body: &[u8],
    store: &S,
    said: &[CallResponse],
) -> bool {
    let Some(call) = call(config, headers, &Properties::default()) else { return false };
    match engine::check_headers(config, &call, true) {
        HeadersVerdict::Reply(_) | HeadersVerdict::Discard(_) => {
            // A request that ends with its head.
            body.is_empty() && matches!(engine::check_headers(config, &call, false), HeadersVerdict::Continue(_))
        }
        HeadersVerdict::Bypass => true,
        HeadersVerdict::Continue(_) | HeadersVerdict::ExpectEmptyBody(_) => body.is_empty(),
        HeadersVerdict::NeedBody => passes(config, &call, body, store, said),
    }
}

/// Whether it passes if each callout gets the next response, or none.
fn passes<S: Store>(config: &Config, call: &BoundRequest, body: &[u8], store: &S, said: &[CallResponse]) -> bool {
    let ask = match engine::authorize(config, call, body, "filter", Timestamp(0), store).answer {
        Disposition::Forward(_) => return true,
        Disposition::Reply(_) => return false,
        Disposition::Callout(ask) => ask,
    };
    let goes_on = |said: Option<&CallResponse>, rest: &[CallResponse]| {
        let mut call = call.clone();
        let recorded = call.callouts().record(ask.clone(), said.and_then(answered).as_ref(), Timestamp(0));
        assert!(!matches!(recorded, Recorded::Next(_)), "one answer is enough");
        passes(config, &call, body, store, rest)
    };
    goes_on(None, said) || said.split_first().is_some_and(|(first, rest)| goes_on(Some(first), rest))
}

/// The headers of a request that go on: not those that would have it sent twice or its answer come compressed.
pub(crate) fn stripped(config: &Config, headers: &Pairs) -> Pairs {
    let reads_answer =
        call(config, headers, &Properties::default()).is_some_and(|call| engine::inspects_response(config, &call));
    let stays = |name: &[u8]| {
        !(RETRY_HEADERS.iter().any(|repeating| repeating.as_bytes() == name)
            || reads_answer && name == b"accept-encoding")
    };
    headers.iter().filter(|(name, _)| stays(name)).cloned().collect()
}

fn judged<S: Store>(
    config: &Config,
    mut call: BoundRequest,
    body: &[u8],
    now: Timestamp,
    store: &S,
    said: &impl Fn(&Callout) -> CallResponse,
) -> End {
    let mut asks = Vec::new();
    loop {
        let response = engine::authorize(config, &call, body, "filter", now, store);
        let Disposition::Callout(ask) = response.answer else { return decided(response, asks) };
        let recorded = call.callouts().record(ask.clone(), answered(&said(&ask)).as_ref(), now);
        assert!(!matches!(recorded, Recorded::Next(_)), "one answer is enough");
        asks.push(ask);
    }
}

/// What came, as the filter hands it on; `None` if that is nothing.
fn answered(said: &CallResponse) -> Option<CalloutResponse> {
    let status = match said.came {
        Delivery::Closed(_) => return None,
        Delivery::Message => b"0".to_vec(),
        Delivery::Http => match read(&said.headers)?.get(":status") {
            Header::Once(status) => status.to_vec(),
            _ => return None,
        },
    };
    Some(CalloutResponse { status, body: said.body.clone() })
}

fn decided(response: AuthorizationResponse, asks: Vec<Callout>) -> End {
    match response.answer {
        Disposition::Forward(_) => End { asks, reply: None },
        Disposition::Reply(reply) => End { asks, ..replied(reply, details(response.record.decision)) },
        Disposition::Callout(ask) => panic!("asked again: {ask:?}"),
    }
}

fn replied(reply: answer::Reply, details: &str) -> End {
    End { asks: Vec::new(), reply: Some(shown(reply, details)) }
}

/// Envoy's response code details; product contract, section 4.
fn details(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => panic!("what is allowed goes on"),
        Decision::Denied => "mcp_policy_denied",
        Decision::RateLimited => "mcp_policy_rate_limited",
        Decision::ApprovalRequired => "mcp_policy_approval_required",
        Decision::Refused | Decision::Failed => "mcp_policy_refused",
    }
}

/// `None` if a name is not UTF-8.
fn call(config: &Config, headers: &Pairs, properties: &Properties) -> Option<BoundRequest> {
    let headers = read(headers)?;
    let request_id = match headers.get("x-request-id") {
        Header::Once(id) => std::str::from_utf8(id).ok().map(|id| id.chars().take(128).collect::<String>().into()),
        _ => None,
    };
    let grant = identity::identify(&config.identity, &Known { headers: &headers, properties });
    Some(BoundRequest::new(config, RequestInfo { request_id, ..RequestInfo::new(headers, grant) }))
}

/// `None` if a name is not UTF-8.
fn read(headers: &Pairs) -> Option<Headers> {
    let pairs = headers.iter().map(|(name, value)| Some((String::from_utf8(name.clone()).ok()?, value.clone())));
    Some(Headers::new(pairs.collect::<Option<_>>()?))
}

fn shown(reply: answer::Reply, details: &str) -> Reply {
    let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let content_type = (!reply.body.is_empty()).then(|| pair("content-type", "application/json"));
    let retry_after = reply.retry_after.map(|seconds| pair("retry-after", &seconds.to_string()));
    Reply {
        code: reply.status.into(),
        details: details.to_owned(),
        headers: content_type.into_iter().chain(retry_after).collect(),
        body: reply.body.into_bytes(),
    }
}

struct Known<'k> {
    headers: &'k Headers,
    properties: &'k Properties,
}

impl Known<'_> {
    fn property(&self, path: &str) -> Option<Vec<u8>> {
        self.properties.get(path.as_bytes()).cloned().flatten()
    }
}

impl ConnectionAttributes for Known<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.headers.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        self.property(match name {
            Peer::UriSan => "connection\0uri_san_peer_certificate",
            Peer::DnsSan => "connection\0dns_san_peer_certificate",
            Peer::Subject => "connection\0subject_peer_certificate",
        })
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        self.property("metadata")
    }

    fn address(&self) -> Option<Vec<u8>> {
        self.property("source\0address")
    }

    fn now(&self) -> Timestamp {
        panic!("no configuration of this suite lists tokens")
    }
}
