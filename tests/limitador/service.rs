//! Limitador, with the limits that are rendered for it and a filter before it.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

use limitador::{
    RateLimiter,
    limit::{Context, Limit},
};
use mcp_policy::{
    config::Config,
    engine::{
        self, BoundRequest, Disposition, RequestInfo,
        callout::{Callout, CalloutResponse, Recorded},
    },
    http::{Header, Headers},
    identity::{self, ConnectionAttributes, Peer},
    store::InMemory,
    time::Timestamp,
};
use serde_json::Value;

use crate::asked::Asked;

/// A Limitador with the limits of one document.
pub(crate) struct Limitador {
    limiter: RateLimiter,
    config: Config,
    store: InMemory,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Passes,
    Limited,
}

impl Limitador {
    /// The limits file that is rendered of a configuration, read as Limitador reads it.
    pub(crate) fn of(document: &Value) -> Self {
        let limits: Vec<Limit> = serde_saphyr::from_str(&render(document).expect("a limits file")).expect("limits");
        let limiter = RateLimiter::new(10_000);
        for limit in limits {
            let name = limit.name().map(str::to_owned);
            assert!(limiter.add_limit(limit), "{name:?} is another limit than those before it");
        }
        let config = Config::load(document.to_string().as_bytes()).expect("a configuration");
        Self { limiter, config, store: InMemory::new([7; 16]) }
    }

    /// Makes a call of a tool as a caller; the requests that it sends to the service, and its result.
    pub(crate) fn call(&self, agent: &str, request: &Value) -> (Fate, Vec<Asked>) {
        let mut headers = vec![(":method", "POST"), (":path", "/mcp"), ("content-type", "application/json")];
        headers.push(("x-agent", agent));
        headers.push(("mcp-session-id", "s-1"));
        let pairs = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let headers = Headers::new(pairs.collect());
        let grant = identity::identify(&self.config.identity, &OnlyHeaders(&headers));
        let (mut call, mut asked) = (BoundRequest::new(&self.config, RequestInfo::new(headers, grant)), Vec::new());
        let body = request.to_string();
        loop {
            let now = Timestamp(1_767_225_642_500);
            match engine::authorize(&self.config, &call, body.as_bytes(), "filter", now, &self.store).answer {
                Disposition::Forward(_) => return (Fate::Passes, asked),
                Disposition::Reply(reply) => {
                    assert!(reply.body.contains("-31429"), "{}", reply.body);
                    return (Fate::Limited, asked);
                }
                Disposition::Callout(ask) => {
                    let Callout::Charge { message, .. } = &ask else { panic!("{ask:?}") };
                    let question = Asked::read(message);
                    let code = if self.lets_pass(&question) { 1 } else { 2 };
                    asked.push(question);
                    let response = CalloutResponse { status: b"0".to_vec(), body: vec![8, code] };
                    assert_eq!(call.callouts().record(ask, Some(&response), now), Recorded::Answered);
                }
            }
        }
    }

    /// As `limitador-server` asks: <https://github.com/Kuadrant/limitador>, `limitador-server/src/envoy_rls/server.rs`.
    pub(crate) fn lets_pass(&self, asked: &Asked) -> bool {
        let mut context = Context::default();
        context.list_binding("descriptors".to_owned(), asked.descriptors.clone());
        let checked = self.limiter.check_rate_limited_and_update(&asked.domain.as_str().into(), &context, asked.hits);
        !checked.expect("counts in memory").limited
    }

    /// What is counted: by the limit's name and whose it is.
    pub(crate) fn counted(&self) -> BTreeMap<(String, String), u64> {
        let domain = &self.config.limits.service.as_ref().expect("a service").domain;
        let counters = self.limiter.get_counters(&(&**domain).into()).expect("counts in memory");
        let one = |counter: limitador::counter::Counter| {
            let limit = counter.limit();
            let whose: Vec<&String> = counter.set_variables().values().collect();
            assert!(whose.len() < 2, "{counter:?}");
            let name = limit.name().expect("a name").to_owned();
            let used = limit.max_value() - counter.remaining().expect("what is left");
            ((name, whose.first().map_or_else(String::new, |whose| (*whose).clone())), used)
        };
        counters.into_iter().map(one).collect()
    }
}

/// What the command makes of a configuration; what it complains of, if it does.
pub(crate) fn render(document: &Value) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    let command = command.args(["render", "limitador", "-"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(document.to_string().as_bytes()).expect("it reads all of it");
    drop(stdin);
    let output = child.wait_with_output().expect("its output");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

struct OnlyHeaders<'h>(&'h Headers);

impl ConnectionAttributes for OnlyHeaders<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.0.get(name)
    }

    fn peer(&self, _: Peer) -> Option<Vec<u8>> {
        None
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        None
    }

    fn address(&self) -> Option<Vec<u8>> {
        None
    }

    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}
