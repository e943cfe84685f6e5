//! Identities: where they come from, and that none can be made to look like another.

mod bounds;
mod tokens;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{ConnectionAttributes, Grant, Header, IdentityError, Peer, Source, SourceKind, identify, read};
use crate::{
    http::Headers,
    json::{self, cursor::Cursor, diagnostic::Problems},
    time::Timestamp,
};

#[derive(Default)]
struct Call {
    headers: Headers,
    uri_san: Option<&'static str>,
    address: Option<&'static str>,
    metadata: Option<Vec<u8>>,
    now: Timestamp,
}

impl ConnectionAttributes for Call {
    fn header(&self, name: &str) -> Header<'_> {
        self.headers.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        (name == Peer::UriSan).then_some(self.uri_san?.as_bytes().to_vec())
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        self.metadata.clone()
    }

    fn address(&self) -> Option<Vec<u8>> {
        self.address.map(|address| address.as_bytes().to_vec())
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

fn with_headers(pairs: &[(&str, &str)]) -> Call {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Call { headers: Headers::new(pairs.collect()), ..Call::default() }
}

fn sources(text: &str) -> Result<Vec<Source>, Vec<String>> {
    let node = json::parse(text.as_bytes(), 8).unwrap();
    let problems = Problems::default();
    let sources = read(&Cursor::top(&node, &problems));
    let problems: Vec<String> = problems.take().iter().map(ToString::to_string).collect();
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

#[track_caller]
fn grant(identity: &str, call: &Call) -> Result<String, String> {
    match identify(&sources(identity).unwrap(), call) {
        Ok(grant) => Ok(grant.display().to_owned()),
        Err(IdentityError::NoIdentity) => Err("no identity".to_owned()),
        Err(IdentityError::UnknownToken) => Err("unknown token".to_owned()),
        Err(IdentityError::Invalid(why)) => Err(why),
    }
}

#[test]
fn the_first_source_that_yields_a_value_names_the_caller() {
    let identity = r#"[{"peer":"uri_san"},{"header":"X-Agent-Id"},{"address":true}]"#;
    let call = Call { address: Some("10.0.0.7:52144"), ..Call::default() };
    assert_eq!(grant(identity, &call).as_deref(), Ok("address:10.0.0.7"));
    let call = Call { address: Some("10.0.0.7:52144"), ..with_headers(&[("x-agent-id", "agent-7")]) };
    assert_eq!(grant(identity, &call).as_deref(), Ok("header:agent-7"));
    let call = Call { uri_san: Some("spiffe://cluster.local/ns/a/sa/b"), ..call };
    assert_eq!(grant(identity, &call).as_deref(), Ok("peer:spiffe://cluster.local/ns/a/sa/b"));
    assert_eq!(grant(identity, &Call::default()), Err("no identity".to_owned()));
}

#[test]
fn an_address_has_no_port_and_none_that_a_caller_wrote() {
    let address = |address| grant(r#"[{"address":true}]"#, &Call { address: Some(address), ..Call::default() });
    assert_eq!(address("10.0.0.7:1").as_deref(), Ok("address:10.0.0.7"));
    assert_eq!(address("[2001:db8:1:2:3:4:5:6]:443").as_deref(), Ok("address:2001:db8:1:2::/64"));
    assert_eq!(address("[::ffff:10.0.0.7]:443").as_deref(), Ok("address:10.0.0.7"));
    for other in ["10.0.0.7:0", "[2001:db8::1]:0", "/run/envoy.sock", "", "10.0.0.7"] {
        assert_eq!(address(other), Err("no identity".to_owned()), "{other}");
    }
    let call = Call { address: Some("203.0.113.9:0"), ..Call::default() };
    assert_eq!(grant(r#"[{"address":"forwarded"}]"#, &call).as_deref(), Ok("address:203.0.113.9"));
}

#[test]
fn a_bearer_token_is_never_shown_or_kept_whole() {
    let call = with_headers(&[("authorization", "Bearer test")]);
    let found = identify(&[Source::Bearer], &call).unwrap();
    assert_eq!(found.display(), "bearer:9f86d081884c7d65");
    assert_eq!(found.id(), "bearer:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    assert!(!found.is_verified());
    let same = |value| grant(r#"[{"bearer":true}]"#, &with_headers(&[("authorization", value)]));
    assert_eq!(same("bearer   test").as_deref(), Ok("bearer:9f86d081884c7d65"));
    for other in ["Basic dGVzdA==", "Bear", "Bearers test"] {
        assert_eq!(same(other), Err("no identity".to_owned()), "{other}");
    }
    for malformed in ["Bearer", "Bearer a b", "Bearer a,b"] {
        assert_eq!(same(malformed), Err("the header `authorization` has no bearer token".to_owned()), "{malformed}");
    }
}

#[test]
fn a_bearer_token_behind_another_separator_is_malformed_and_no_other_source_names_its_caller() {
    let listed =
        r#"{"tokens":{"alice":{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}}"#;
    for source in [r#"{"bearer":true}"#, listed] {
        for value in [
            "Bearer\ttest",
            "Bearer:test",
            "Bearer,test",
            "Bearer=test",
            "Bearer/test",
            "bearer\u{a0}test",
            "Bearer\u{b}test",
        ] {
            let call = Call { address: Some("10.0.0.7:1"), ..with_headers(&[("authorization", value)]) };
            let refused = Err("the header `authorization` has no bearer token".to_owned());
            assert_eq!(grant(&format!(r#"[{source},{{"address":true}}]"#), &call), refused, "{value:?}");
        }
    }
}

#[test]
fn a_source_that_is_malformed_or_repeated_denies() {
    let identity = r#"[{"header":"x-agent-id"},{"constant":"anybody"}]"#;
    let twice = with_headers(&[("x-agent-id", "a"), ("x-agent-id", "a")]);
    assert_eq!(grant(identity, &twice), Err("the header `x-agent-id` is repeated; send it once".to_owned()));
    for value in ["", "a\tb", "a\u{0}"] {
        let call = with_headers(&[("x-agent-id", value)]);
        assert_eq!(grant(identity, &call), Err("the header `x-agent-id` has no readable name".to_owned()));
    }
    assert_eq!(grant(identity, &Call::default()).as_deref(), Ok("constant:anybody"));
}

#[test]
fn long_values_become_their_digest_and_meet_no_short_one() {
    let long = "x".repeat(257);
    let call = with_headers(&[("x-agent-id", &long)]);
    let digested = grant(r#"[{"header":"x-agent-id"}]"#, &call).unwrap();
    assert!(digested.starts_with("header~sha256:"), "{digested}");
    assert_eq!(digested.len(), "header~sha256:".len() + 64);
    let forged = with_headers(&[("x-agent-id", digested.trim_start_matches("header~"))]);
    assert_ne!(grant(r#"[{"header":"x-agent-id"}]"#, &forged).unwrap(), digested);
}

#[test]
fn a_second_header_has_a_prefix_of_its_own() {
    let identity = r#"[{"header":"x-user"},{"header":"x-agent-id","secret":true}]"#;
    assert_eq!(grant(identity, &with_headers(&[("x-user", "a")])).as_deref(), Ok("header:a"));
    let shown = grant(identity, &with_headers(&[("x-agent-id", "test")]));
    assert_eq!(shown.as_deref(), Ok("header.x-agent-id:9f86d081884c7d65"));
}

#[test]
fn approvers_and_bindings_see_a_long_value_as_it_was_sent() {
    let long = "x".repeat(4096);
    let found = identify(&sources(r#"[{"header":"x-agent-id"}]"#).unwrap(), &with_headers(&[("x-agent-id", &long)]));
    let found = found.unwrap();
    assert_eq!(found.full_name(), format!("header:{long}"));
    assert!(found.id().starts_with("header~sha256:") && found.display() == found.id(), "{}", found.id());
    let longer = with_headers(&[("x-agent-id", &"x".repeat(4097))]);
    assert_eq!(
        grant(r#"[{"header":"x-agent-id"}]"#, &longer),
        Err("the header `x-agent-id` has more than 4096 bytes; use a shorter name".to_owned())
    );
}

/// `header.x:` and a long value against `header.x~sha256:` and a digest.
#[test]
fn the_digest_of_one_header_is_not_a_value_of_another() {
    let identity = r#"[{"header":"a"},{"header":"x"},{"header":"x~sha256"}]"#;
    let digested = grant(identity, &with_headers(&[("x", &"v".repeat(257))])).unwrap();
    let digest = digested.strip_prefix("header~sha256.x:").unwrap();
    let forged = grant(identity, &with_headers(&[("x~sha256", digest)])).unwrap();
    assert_eq!(forged, format!("header.x~sha256:{digest}"));
}

#[test]
fn two_sources_that_could_name_one_grant_are_a_mistake() {
    let jwt = |claim: &str, payload: &str| format!(r#"{{"jwt_claim":"{claim}","payload":"{payload}"}}"#);
    let three = |second: &str, third: &str| sources(&format!("[{},{second},{third}]", jwt("sub", "p")));
    let message = |here: &str, earlier: &str| {
        format!(
            "/2: grants begin with `{here}` here and with `{earlier}` in an earlier source, so both could yield the \
             same grant; remove one"
        )
    };
    assert_eq!(three(&jwt("c", "a.b"), &jwt("b.c", "a")), Err(vec![message("jwt.a.b.c:", "jwt.a.b.c:")]));
    // The value `d:x` of the one is the value `x` of the other.
    assert_eq!(three(&jwt("c", "a"), &jwt("c:d", "a")), Err(vec![message("jwt.a.c:d:", "jwt.a.c:")]));
    assert_eq!(three(&jwt("c:d", "a"), &jwt("c", "a")), Err(vec![message("jwt.a.c:", "jwt.a.c:d:")]));
    assert_eq!(three(&jwt("sub", "p"), &jwt("c", "a")), Err(vec!["/1: this source is repeated; keep one".to_owned()]));
    assert!(three(&jwt("c", "a"), &jwt("d", "a")).is_ok());
    let addresses = r#"[{"address":true},{"address":"forwarded"}]"#;
    let message = r#"/1: `{"address": "forwarded"}` takes the connection's own address, too; remove one of the two"#;
    assert_eq!(sources(addresses), Err(vec![message.to_owned()]));
    let peers = sources(r#"[{"peer":"uri_san"},{"peer":"dns_san"}]"#).unwrap();
    assert_eq!(peers[1], Source::Peer { name: Peer::DnsSan, prefix: "peer.dns_san:".into() });
    let many = format!("[{}]", vec![r#"{"bearer":true}"#; 33].join(","));
    assert_eq!(sources(&many), Err(vec!["(top level): found 33 sources; at most 32 are allowed".to_owned()]));
}

#[test]
fn a_header_that_carries_a_secret_is_never_shown() {
    for name in ["authorization", "Cookie", "x-api-key", "Proxy-Authorization"] {
        let message = format!(
            "/0/header: `{}` carries a secret, which logs would show; add `\"secret\": true`",
            name.to_ascii_lowercase()
        );
        assert_eq!(sources(&format!(r#"[{{"header":"{name}"}}]"#)), Err(vec![message.clone()]));
        assert_eq!(sources(&format!(r#"[{{"header":"{name}","secret":false}}]"#)), Err(vec![message]));
        assert!(sources(&format!(r#"[{{"header":"{name}","secret":true}}]"#)).is_ok());
    }
}

#[test]
fn what_no_source_can_be_is_reported() {
    let found = sources(
        r#"[{"peer":"uri"},{"header":"x y"},{"bearer":false},{"address":"any"},{"constant":""},{},
            {"header":"a","bearer":true},{"bearer":true,"secret":true},{"jwt_claim":"sub"},{"heder":"x"}]"#,
    );
    let expected = [
        "/0/peer: found `uri`, expected `uri_san`, `dns_san` or `subject`",
        "/1/header: found the string `x y`, expected the name of a header, such as `x-agent-id`",
        "/2/bearer: found `false`, expected `true`; to disable the source, remove it",
        "/3/address: found the string `any`, expected `true` or `forwarded`",
        "/4/constant: found the string ``, expected a name of up to 256 bytes",
        "/5: a source has exactly one of `jwt_claim`, `peer`, `header`, `tokens`, `bearer`, `address` or `constant`",
        "/6: a source has exactly one of `jwt_claim`, `peer`, `header`, `tokens`, `bearer`, `address` or `constant`",
        "/7/secret: `secret` belongs to `header`",
        "/8: the key `payload` is missing",
        "/9: a source has exactly one of `jwt_claim`, `peer`, `header`, `tokens`, `bearer`, `address` or `constant`",
        "/9/heder: unknown key `heder` (did you mean `header`?); allowed: `jwt_claim`, `payload`, `peer`, `header`, `secret`, `tokens`, \
         `bearer`, `address` or `constant`",
    ];
    assert_eq!(found.unwrap_err(), expected);
    assert_eq!(sources("[]").unwrap_err().len(), 1);
    assert_eq!(sources(r#"[{"bearer":true},{"bearer":true}]"#).unwrap_err(), ["/1: this source is repeated; keep one"]);
}

#[test]
fn a_grant_is_verified_only_if_its_source_is() {
    let verified = |source: Source, call: &Call| identify(&[source], call).map(|grant: Grant| grant.is_verified());
    let call = Call { address: Some("10.0.0.7:1"), uri_san: Some("spiffe://a"), ..with_headers(&[("x", "y")]) };
    assert_eq!(verified(Source::Address { forwarded: false }, &call), Ok(true));
    let ipv6 = Call { address: Some("[2001:db8::1]:443"), ..Call::default() };
    assert_eq!(verified(Source::Address { forwarded: false }, &ipv6), Ok(false));
    let mapped = Call { address: Some("[::ffff:10.0.0.7]:443"), ..Call::default() };
    assert_eq!(verified(Source::Address { forwarded: false }, &mapped), Ok(true));
    assert_eq!(verified(Source::Address { forwarded: true }, &call), Ok(false));
    for (name, is_verified) in
        [("address:10.0.0.7", true), ("address:2001:db8::/64", false), ("header:a", false), ("jwt:a:b", true)]
    {
        assert_eq!(Grant::from_name(name).is_verified(), is_verified, "{name}");
    }
    assert_eq!(verified(Source::peer(Peer::UriSan), &call), Ok(true));
    let header = Source::Header { name: "x".into(), prefix: "header:".into(), secret: false };
    assert_eq!(verified(header, &call), Ok(false));
}

/// One field of a protobuf message that is bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut head = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        head.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    head.push(u8::try_from(length).unwrap());
    [&head, bytes].concat()
}

/// A message whose first field is a map of these.
fn map(members: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = members.iter().map(|(name, value)| field(1, &[field(1, name.as_bytes()), field(2, value)].concat()));
    entries.collect::<Vec<_>>().concat()
}

/// A token's claims as Envoy keeps them, among what other filters do; a value is the bytes of a `google.protobuf.Value`.
fn metadata(members: &[(&str, &[u8])]) -> Vec<u8> {
    let tokens = map(&[("other", &field(5, &map(&[("sub", b"\x1a\x03eve")]))), ("token", &field(5, &map(members)))]);
    let filters =
        map(&[("envoy.filters.http.lua", &map(&[("token", b"\x20\x01")])), ("envoy.filters.http.jwt_authn", &tokens)]);
    [filters, field(2, b"typed")].concat()
}

#[track_caller]
fn claimed(identity: &str, members: &[(&str, &[u8])]) -> Result<String, String> {
    grant(identity, &Call { metadata: Some(metadata(members)), address: Some("10.0.0.7:1"), ..Call::default() })
}

#[test]
fn a_claim_names_the_caller_when_it_is_a_text() {
    let identity = r#"[{"jwt_claim":"sub","payload":"token"},{"address":true}]"#;
    let number = [0x11, 0, 0, 0, 0, 0, 0, 0x45, 0x40];
    let others: [(&str, &[u8]); 2] = [("iss", b"\x1a\x01i"), ("exp", &number)];
    let with = |value: &'static [u8]| [&others[..], &[("sub", value)]].concat();
    assert_eq!(claimed(identity, &with(b"\x1a\x05alice")).as_deref(), Ok("jwt:alice"));
    // Missing and `null` are as good as no token: the next source names the caller.
    assert_eq!(claimed(identity, &others).as_deref(), Ok("address:10.0.0.7"));
    assert_eq!(claimed(identity, &with(b"\x08\x00")).as_deref(), Ok("address:10.0.0.7"));
    // A claim of another type identifies no caller, and the next source is not tried.
    for value in [&number[..], b"\x20\x01", b"\x2a\x00", b"\x32\x00"] {
        let members = [&others[..], &[("sub", value)]].concat();
        assert_eq!(claimed(identity, &members), Err("the claim `sub` is not a string".to_owned()));
    }
    for value in [&b"\x1a\x00"[..], b"\x1a\x01\n"] {
        let members = [&others[..], &[("sub", value)]].concat();
        assert_eq!(claimed(identity, &members), Err("the claim `sub` has no readable name".to_owned()));
    }
    let twice = [&with(b"\x1a\x05alice")[..], &[("sub", b"\x1a\x03bob")]].concat();
    assert_eq!(claimed(identity, &twice), Err("the token's claims cannot be read".to_owned()));
    assert_eq!(claimed(identity, &with(b"\x1a\x09short")), Err("the token's claims cannot be read".to_owned()));
}

#[test]
fn a_claim_inside_others_is_named_by_a_list() {
    let identity = r#"[{"jwt_claim":["user","email"],"payload":"token"},{"address":true}]"#;
    let user = |members: &[(&str, &[u8])]| field(5, &map(members));
    let with =
        |user: &[u8]| claimed(identity, &[("user", user), ("user.email", b"\x1a\x03eve"), ("email", b"\x1a\x03eve")]);
    let alice: (&str, &[u8]) = ("email", b"\x1a\x05alice");
    assert_eq!(with(&user(&[("id", b"\x1a\x011"), alice])).as_deref(), Ok("jwt:alice"));
    for missing in [user(&[]), user(&[("email", b"\x08\x00")]), b"\x08\x00".to_vec()] {
        assert_eq!(with(&missing).as_deref(), Ok("address:10.0.0.7"));
    }
    assert_eq!(claimed(identity, &[("email", b"\x1a\x03eve")]).as_deref(), Ok("address:10.0.0.7"));
    for other in [&b"\x1a\x05alice"[..], b"\x20\x01", b"\x32\x00"] {
        assert_eq!(with(other), Err("`user` in the claim `user.email` is not an object".to_owned()));
    }
    assert_eq!(with(&user(&[("email", &user(&[alice]))])), Err("the claim `user.email` is not a string".to_owned()));
    assert_eq!(with(&user(&[alice, alice])), Err("the token's claims cannot be read".to_owned()));

    let first = r#"{"jwt_claim":"sub","payload":"none"}"#;
    let second = format!(r#"[{first},{{"jwt_claim":["user","email"],"payload":"token"}}]"#);
    assert_eq!(claimed(&second, &[("user", &user(&[alice]))]).as_deref(), Ok("jwt.token.user.email:alice"));
    let alike = format!(
        r#"[{first},{{"jwt_claim":["user","email"],"payload":"p"}},{{"jwt_claim":"user.email","payload":"p"}}]"#
    );
    assert!(sources(&alike).unwrap_err()[0].contains("both could yield the same grant"));
    let allowed =
        "expected the name of a claim, such as `sub`, or a list of up to 8 names, such as `[\"user\", \"email\"]`";
    for (claim, found) in [("[]", "a list"), ("{}", "an object"), ("5", "the number `5`")] {
        let problems = sources(&format!(r#"[{{"jwt_claim":{claim},"payload":"p"}}]"#)).unwrap_err();
        assert_eq!(problems, [format!("/0/jwt_claim: found {found}, {allowed}")]);
    }
    let problems = sources(r#"[{"jwt_claim":["a",""],"payload":"p"}]"#).unwrap_err();
    assert_eq!(problems, ["/0/jwt_claim/1: found the string ``, expected a name of up to 256 bytes, such as `sub`"]);
}

#[test]
fn claims_of_two_tokens_never_name_one_caller() {
    let identity = r#"[{"jwt_claim":"team","payload":"other"},{"jwt_claim":"sub","payload":"token"}]"#;
    let other = r#"[{"jwt_claim":"sub","payload":"other"},{"address":true}]"#;
    assert_eq!(claimed(other, &[("sub", b"\x1a\x01a")]).as_deref(), Ok("jwt:eve"));
    assert_eq!(claimed(&other.replace("other", "none"), &[]).as_deref(), Ok("address:10.0.0.7"));
    assert_eq!(claimed(identity, &[("sub", b"\x1a\x01a")]).as_deref(), Ok("jwt.token.sub:a"));
    let problems = sources(r#"[{"jwt_claim":"sub"},{"jwt_claim":"","payload":"p"},{"address":true,"payload":"p"}]"#);
    assert_eq!(
        problems.unwrap_err(),
        [
            "/0: the key `payload` is missing",
            "/1/jwt_claim: found the string ``, expected a name of up to 256 bytes, such as `sub`",
            "/2/payload: `payload` belongs to `jwt_claim`",
        ]
    );
}
