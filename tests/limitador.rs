//! What `mcp-policy render limitador` writes, in Limitador itself: its own reader, its own expressions, its own counts, and
//! requests as the filter makes them.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else than it expects should stop and say so"
)]

use std::{
    collections::{BTreeMap, HashMap},
    io::Write as _,
    process::{Command, Stdio},
};

use limitador::{
    RateLimiter,
    limit::{Context, Limit},
};
use mcp_policy::{
    caller::{self, Facts, Peer},
    config::Config,
    engine::{self, Answer, Call, heard::Answered, heard::Ask},
    http::{Header, Headers},
    limit::{Moment, store::InMemory},
    protobuf::wire::{Wire, fields},
};
use serde_json::{Value, json};

/// What a service is asked: in which domain, of which descriptors, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    domain: String,
    descriptors: Vec<HashMap<String, String>>,
    hits: u64,
}

/// A Limitador with the limits of one document.
struct Limitador {
    limiter: RateLimiter,
    config: Config,
    store: InMemory,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    Limited,
}

impl Limitador {
    /// The limits file that is rendered of a configuration, read as Limitador reads it.
    fn of(document: &Value) -> Self {
        let limits: Vec<Limit> = serde_yaml::from_str(&render(document).expect("a limits file")).expect("limits");
        let limiter = RateLimiter::new(10_000);
        for limit in limits {
            let name = limit.name().map(str::to_owned);
            assert!(limiter.add_limit(limit), "{name:?} is another limit than those before it");
        }
        let config = Config::load(document.to_string().as_bytes()).expect("a configuration");
        Self { limiter, config, store: InMemory::new([7; 16]) }
    }

    /// A call by somebody of a tool, until it passes or is refused; what was asked meanwhile.
    fn call(&self, agent: &str, request: &Value) -> (Fate, Vec<Asked>) {
        let mut headers = vec![(":method", "POST"), (":path", "/mcp"), ("content-type", "application/json")];
        headers.push(("x-agent", agent));
        headers.push(("mcp-session-id", "s-1"));
        let pairs = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let headers = Headers::new(pairs.collect());
        let grant = caller::identify(&self.config.identity, &OnlyHeaders(&headers));
        let (mut call, mut asked) = (Call::new(headers, grant), Vec::new());
        let body = request.to_string();
        loop {
            let now = Moment(1_767_225_642_500);
            match engine::judge(&self.config, &call, body.as_bytes(), "filter", now, &self.store).answer {
                Answer::Forward(_) => return (Fate::Passes, asked),
                Answer::Reply(reply) => {
                    assert!(reply.body.contains("-31429"), "{}", reply.body);
                    return (Fate::Limited, asked);
                }
                Answer::Ask(ask) => {
                    let Ask::Charge { message, .. } = &ask else { panic!("{ask:?}") };
                    let question = Asked::read(message);
                    let code = if self.lets_pass(&question) { 1 } else { 2 };
                    asked.push(question);
                    call.heard.hear(&ask, Some(&Answered { status: b"0".to_vec(), body: vec![8, code] }));
                }
            }
        }
    }

    /// As `limitador-server` asks: <https://github.com/Kuadrant/limitador>, `limitador-server/src/envoy_rls/server.rs`.
    fn lets_pass(&self, asked: &Asked) -> bool {
        let mut context = Context::default();
        context.list_binding("descriptors".to_owned(), asked.descriptors.clone());
        let checked = self.limiter.check_rate_limited_and_update(&asked.domain.as_str().into(), &context, asked.hits);
        !checked.expect("counts in memory").limited
    }

    /// What is counted: by the limit's name and whose it is.
    fn counted(&self) -> BTreeMap<(String, String), u64> {
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

impl Asked {
    /// Reads an `envoy.service.ratelimit.v3.RateLimitRequest`.
    fn read(message: &[u8]) -> Self {
        let mut asked = Self { domain: String::new(), descriptors: Vec::new(), hits: 0 };
        for field in fields(message).expect("a message") {
            match (field.number, field.value) {
                (1, Wire::Bytes(domain)) => asked.domain = text(domain),
                (2, Wire::Bytes(descriptor)) => asked.descriptors.push(entries(descriptor)),
                (3, Wire::Varint(hits)) => asked.hits = hits,
                (number, _) => panic!("field {number}"),
            }
        }
        asked
    }

    /// The counters, in order.
    fn counters(&self) -> Vec<&str> {
        self.descriptors.iter().map(|descriptor| descriptor["counter"].as_str()).collect()
    }
}

fn entries(descriptor: &[u8]) -> HashMap<String, String> {
    let entries = fields(descriptor).expect("a message").into_iter().filter(|field| field.number == 1);
    let pair = |entry: &[u8]| {
        let texts: Vec<String> = fields(entry)
            .expect("a message")
            .into_iter()
            .map(|field| if let Wire::Bytes(bytes) = field.value { text(bytes) } else { panic!("no text") })
            .collect();
        let [key, value] = texts.try_into().expect("a key and a value");
        (key, value)
    };
    entries.map(|entry| if let Wire::Bytes(bytes) = entry.value { pair(bytes) } else { panic!("no entry") }).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// What the command makes of a configuration; what it complains of, if it does.
fn render(document: &Value) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    let command = command.args(["render", "limitador", "-"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(document.to_string().as_bytes()).expect("it reads all of it");
    drop(stdin);
    let output = child.wait_with_output().expect("its output");
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

struct OnlyHeaders<'h>(&'h Headers);

impl Facts for OnlyHeaders<'_> {
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
}

// === what is tested

/// A configuration with these tools, and these limits on all of them.
fn configuration(tools: &Value, all_tools: &Value) -> Value {
    json!({
        "policy": { "version": "1", "default": "deny", "all_tools": { "limits": all_tools }, "tools": tools },
        "identity": [{ "header": "x-agent" }],
        "limits": { "service": { "cluster": "limits" } },
    })
}

fn limit(counter: &str, max: u64, scope: &str) -> Value {
    json!({ "counter": counter, "window": "day", "max": max, "scope": scope })
}

fn call_of(tool: &str, arguments: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

fn counted<const N: usize>(expected: [(&str, &str, u64); N]) -> BTreeMap<(String, String), u64> {
    expected.into_iter().map(|(name, whose, used)| ((name.to_owned(), whose.to_owned()), used)).collect()
}

#[test]
fn each_call_is_counted_by_its_limits_and_by_no_others() {
    let tools = json!({
        "one": { "limits": [limit("a", 9, "grant"), limit("b", 9, "grant")] },
        "two": { "limits": [limit("b", 9, "grant"), limit("c", 9, "global")] },
        "three": { "limits": [limit("s", 9, "session")] },
    });
    let limitador = Limitador::of(&configuration(&tools, &json!([limit("all", 9, "grant"), limit("c", 9, "global")])));
    let nothing = json!({});
    let (fate, asked) = limitador.call("alice", &call_of("one", &nothing));
    assert_eq!((fate, asked.len(), asked[0].counters()), (Fate::Passes, 1, vec!["a", "b", "all", "c"]));
    let after_one = [
        ("default/a", "header:alice", 1),
        ("default/b", "header:alice", 1),
        ("default/all", "header:alice", 1),
        ("default/c", "", 1),
    ];
    assert_eq!(limitador.counted(), counted(after_one));
    // The same counters at other places, and some of them only.
    let (fate, asked) = limitador.call("alice", &call_of("two", &nothing));
    assert_eq!((fate, asked.len(), asked[0].counters()), (Fate::Passes, 1, vec!["b", "c", "all"]));
    let after_two = [
        ("default/a", "header:alice", 1),
        ("default/b", "header:alice", 2),
        ("default/all", "header:alice", 2),
        ("default/c", "", 2),
    ];
    assert_eq!(limitador.counted(), counted(after_two));
    let (fate, asked) = limitador.call("bob", &call_of("three", &nothing));
    assert_eq!((fate, asked[0].counters()), (Fate::Passes, vec!["s", "all", "c"]));
    let session = asked[0].descriptors[0]["identity"].clone();
    assert!(session.starts_with("header:bob session "), "{session}");
    let after_three = [
        ("default/a", "header:alice", 1),
        ("default/b", "header:alice", 2),
        ("default/all", "header:alice", 2),
        ("default/all", "header:bob", 1),
        ("default/c", "", 3),
        ("default/s", &session, 1),
    ];
    assert_eq!(limitador.counted(), counted(after_three));
}

#[test]
fn each_limit_lets_through_what_it_says_and_a_refused_call_charges_nothing() {
    let tools = json!({
        "one": { "limits": [limit("a", 3, "grant")] },
        "draw": { "limits": [{ "counter": "pixels", "window": "minute", "max": 10, "scope": "grant", "increment_from": "args.n" }] },
    });
    let limitador = Limitador::of(&configuration(&tools, &json!([limit("all", 5, "grant")])));
    let one = call_of("one", &json!({}));
    let fates: Vec<Fate> = (0..5).map(|_| limitador.call("alice", &one).0).collect();
    assert_eq!(fates, [[Fate::Passes; 3].as_slice(), &[Fate::Limited; 2]].concat());
    let expected = [("default/a", "header:alice", 3), ("default/all", "header:alice", 3)];
    assert_eq!(limitador.counted(), counted(expected));
    // Of different cost, so one after the other: the first was charged when the second had no room.
    for (n, fate, calls, pixels) in
        [(4, Fate::Passes, 1, 4), (4, Fate::Passes, 2, 8), (4, Fate::Limited, 2, 8), (1, Fate::Passes, 3, 9)]
    {
        let (found, _) = limitador.call("bob", &call_of("draw", &json!({ "n": n })));
        let counted = limitador.counted();
        let of = |name: &str| counted[&(name.to_owned(), "header:bob".to_owned())];
        assert_eq!((found, of("default/all"), of("default/pixels")), (fate, calls, pixels), "{n}");
    }
    assert_eq!(limitador.call("carol", &one).0, Fate::Passes, "she has counts of her own");
}

#[test]
fn a_counter_counts_wherever_it_stands_and_not_for_another_policy_domain_or_counter() {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let limits = NAMES.map(|counter| limit(counter, 100, "grant"));
    let limitador = Limitador::of(&configuration(&json!({ "t": { "limits": limits } }), &json!([])));
    let descriptor = |policy: &str, counter: &str, identity: &str| -> HashMap<String, String> {
        [("policy", policy), ("counter", counter), ("identity", identity)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    };
    let ask = |domain: &str, descriptors: &[HashMap<String, String>], hits| {
        assert!(limitador.lets_pass(&Asked { domain: domain.to_owned(), descriptors: descriptors.to_vec(), hits }));
    };
    // In every order of every selection of them.
    let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
    for selection in 0..5_usize.pow(4) {
        let picks: Vec<usize> =
            (0..4).map(|place| selection / 5_usize.pow(place) % 5).take_while(|pick| *pick < 4).collect();
        let is_first = (0..picks.len()).all(|place| !picks[..place].contains(&picks[place]));
        if picks.is_empty() || !is_first {
            continue;
        }
        let identity = format!("of {}", picks.len());
        let descriptors: Vec<_> = picks.iter().map(|pick| descriptor("default", NAMES[*pick], &identity)).collect();
        ask("mcp-policy", &descriptors, 1);
        for pick in picks {
            *expected.entry((format!("default/{}", NAMES[pick]), identity.clone())).or_default() += 1;
        }
        assert_eq!(limitador.counted(), expected, "{descriptors:?}");
    }
    assert_eq!(expected.len(), 16, "four counters in requests of one, two, three and four");
    // What is none of these is not counted, and does not keep the others from it.
    ask("other", &[descriptor("default", "a", "you")], 1);
    ask("mcp-policy", &[descriptor("other", "a", "you"), descriptor("default", "e", "you")], 1);
    ask("mcp-policy", &[], 1);
    assert_eq!(limitador.counted(), expected);
}

#[test]
fn names_are_names_whatever_they_hold() {
    let names = [
        "it's",
        r#"say "x""#,
        r"back\slash\n",
        "two\nlines",
        "tab\tand\u{7f}",
        "' || true || '",
        "${name}",
        "größe 大きさ 🦀",
        "\u{2028}\u{feff}",
        "# no comment: [x]",
        "{a: b}",
        "yes",
        " ",
    ];
    let limits: Vec<Value> = names.map(|name| limit(name, 2, "grant")).into();
    let policy = json!({ "version": "1", "default": "deny", "tools": { "t": { "limits": limits } } });
    let policies: serde_json::Map<String, Value> =
        ["it's", "a \"b\" \\ ${c}"].map(|name| (name.to_owned(), policy.clone())).into_iter().collect();
    let document = json!({
        "policies": policies,
        "bindings": [{ "grant": "header:o'neil", "policy": "it's" }, { "policy": "a \"b\" \\ ${c}" }],
        "identity": [{ "header": "x-agent" }],
        "limits": { "service": { "cluster": "limits", "domain": "a'b\"c\\d" } },
    });
    let limitador = Limitador::of(&document);
    for (agent, policy) in [("o'neil", "it's"), ("eve", "a \"b\" \\ ${c}")] {
        assert_eq!(limitador.call(agent, &call_of("t", &json!({}))).0, Fate::Passes);
        let counted = limitador.counted();
        for name in names {
            let key = (format!("{policy}/{name}"), format!("header:{agent}"));
            assert_eq!(counted.get(&key), Some(&1), "{key:?} in {counted:?}");
        }
        assert_eq!(limitador.call(agent, &call_of("t", &json!({}))).0, Fate::Passes);
        assert_eq!(limitador.call(agent, &call_of("t", &json!({}))).0, Fate::Limited);
    }
    assert_eq!(limitador.counted().len(), 2 * names.len(), "each by itself");
}

#[test]
fn batches_are_counted_as_a_whole() {
    let tools = json!({
        "a": { "limits": [limit("a", 9, "grant")] },
        "b": { "limits": [limit("b", 9, "grant")] },
        "c": { "limits": [limit("c", 9, "grant")] },
    });
    let mut document = configuration(&tools, &json!([limit("all", 9, "grant")]));
    document["protocol"] = json!({ "batches": "judge" });
    let limitador = Limitador::of(&document);
    let call = |id: u32, tool: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": {} } });
    let (fate, asked) = limitador.call("alice", &json!([call(1, "c"), call(2, "a"), call(3, "b")]));
    assert_eq!(fate, Fate::Passes);
    let counters: Vec<Vec<&str>> = asked.iter().map(Asked::counters).collect();
    assert_eq!(counters, [vec!["c", "a", "b"], vec!["all"]], "those of one amount together");
    let expected =
        ["a", "b", "c"].map(|name| (format!("default/{name}"), 1)).into_iter().chain([("default/all".to_owned(), 3)]);
    let expected = expected.map(|(name, used)| ((name, "header:alice".to_owned()), used));
    assert_eq!(limitador.counted(), expected.collect());
}

#[test]
fn where_rules_disagree_the_smallest_maximum_counts() {
    let tools = json!({
        "strict": { "limits": [limit("shared", 1, "grant")] },
        "loose": { "limits": [limit("shared", 5, "grant")] },
    });
    let document = configuration(&tools, &json!([]));
    let rendered = render(&document).expect("a limits file");
    let comment = "# Rules name it with a `max` of up to 5, and Limitador keeps one: the smallest.\n- namespace: ";
    assert!(rendered.contains(comment), "{rendered}");
    let limitador = Limitador::of(&document);
    assert_eq!(limitador.call("alice", &call_of("loose", &json!({}))).0, Fate::Passes);
    assert_eq!(limitador.call("alice", &call_of("loose", &json!({}))).0, Fate::Limited);
}
