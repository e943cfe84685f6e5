//! Bounds of sources and claims, and what callers and their tokens are called.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Grant, Problems, Source, SourceKind, field, json, map, metadata, sources};
use crate::{
    identity::{Claims, claims_payload, read_claims_payload},
    json::cursor::Cursor,
};

#[test]
fn a_repeated_source_is_a_mistake_whatever_its_kind() {
    let repeated = "/1: this source is repeated; keep one";
    for source in [
        r#"{"peer":"uri_san"}"#,
        r#"{"header":"x-agent-id"}"#,
        r#"{"jwt_claim":"sub","payload":"p"}"#,
        r#"{"jwt_claim":["a","b"],"payload":"p"}"#,
        r#"{"bearer":true}"#,
        r#"{"address":true}"#,
        r#"{"address":"forwarded"}"#,
        r#"{"constant":"a"}"#,
    ] {
        assert_eq!(sources(&format!("[{source},{source}]")), Err(vec![repeated.to_owned()]), "{source}");
    }
    let header = r#"[{"header":"x-a"},{"header":"X-A","secret":true}]"#;
    assert_eq!(sources(header), Err(vec![repeated.to_owned()]));
    for distinct in [
        r#"[{"peer":"uri_san"},{"peer":"subject"}]"#,
        r#"[{"header":"x-a"},{"header":"x-b"}]"#,
        r#"[{"jwt_claim":"sub","payload":"p"},{"jwt_claim":"sub","payload":"q"}]"#,
        r#"[{"jwt_claim":"sub","payload":"p"},{"jwt_claim":"sid","payload":"p"}]"#,
    ] {
        assert_eq!(sources(distinct).map(|sources| sources.len()), Ok(2), "{distinct}");
    }
}

#[test]
fn names_of_sources_have_bounds() {
    let name = |length: usize| format!("\"{}\"", "n".repeat(length));
    let path = |length: usize| format!("[{}]", vec!["\"n\""; length].join(","));
    let claim = |claim: &str| sources(&format!(r#"[{{"jwt_claim":{claim},"payload":"p"}}]"#)).is_ok();
    let payload = |payload: &str| sources(&format!(r#"[{{"jwt_claim":"sub","payload":{payload}}}]"#)).is_ok();
    let constant = |constant: &str| sources(&format!(r#"[{{"constant":{constant}}}]"#)).is_ok();
    for (text, is_name, is_constant) in [
        (name(1), true, true),
        (name(256), true, true),
        (name(257), false, false),
        (name(0), false, false),
        (r#""a\nb""#.to_owned(), false, true),
        ("5".to_owned(), false, false),
    ] {
        assert_eq!([claim(&text), payload(&text), constant(&text)], [is_name, is_name, is_constant], "{text}");
    }
    assert_eq!([1, 8, 9].map(|length| claim(&path(length))), [true, true, false]);
    let headers = |count: usize| {
        let headers: Vec<String> = (0..count).map(|number| format!(r#"{{"header":"x-{number:03}"}}"#)).collect();
        sources(&format!("[{}]", headers.join(","))).map(|sources| sources.len())
    };
    assert_eq!(headers(32), Ok(32));
    assert_eq!(headers(33), Err(vec!["(top level): found 33 sources; at most 32 are allowed".to_owned()]));
}

#[test]
fn claims_that_rules_read_are_kept_up_to_64_kib() {
    let names: [Box<str>; 2] = ["sub".into(), "team".into()];
    let select = |members: &[(&str, &[u8])], payload: &str| Claims::select(&metadata(members), payload, &names);
    let of = |length: usize| field(3, &vec![b'x'; length]);
    let encoded = |value: &[u8]| map(&[("sub", value)]);
    let fits = of(64 * 1024 - (encoded(&of(60_000)).len() - 60_000));
    assert_eq!(encoded(&fits).len(), 64 * 1024);
    let selected = select(&[("iss", &of(9)), ("sub", &fits)], "token");
    assert_eq!(selected, Claims::Encoded(encoded(&fits).into()));
    assert_eq!(selected.size(), 64 * 1024);
    let longer = of(fits.len() - of(60_000).len() + 60_001);
    assert_eq!(encoded(&longer).len(), 64 * 1024 + 1);
    assert_eq!(select(&[("sub", &longer)], "token"), Claims::Unreadable);
    assert_eq!(select(&[("sub", &fits)], "none"), Claims::Absent);
    let none = select(&[("iss", &of(9))], "token");
    assert_eq!((none.size(), none), (0, Claims::Encoded([].into())));
    assert_eq!(Claims::select(b"\xff", "token", &names), Claims::Unreadable);
    assert_eq!([Claims::Absent.size(), Claims::Unreadable.size()], [0, 0]);
}

#[test]
fn claims_are_read_as_the_object_that_they_are() {
    let text = br#"{"sub":"alice","admin":true}"#;
    let claims = Claims::from_json(&json::parse(text, 8).unwrap());
    let members: [(&str, &[u8]); 2] = [("sub", b"\x1a\x05alice"), ("admin", b"\x20\x01")];
    assert_eq!(claims, Claims::Encoded(map(&members).into()));
    let read = claims.read().unwrap().unwrap();
    let json::Value::Object(members) = &read.value else { panic!("{read:?}") };
    assert_eq!(members.iter().map(|member| &*member.name).collect::<Vec<_>>(), ["sub", "admin"]);
    assert_eq!(members[0].node.value, json::Value::String("alice".into()));
    assert_eq!(Claims::Absent.read(), Ok(None));
    assert!(Claims::Unreadable.read().is_err());
    assert!(Claims::Encoded([0xff].into()).read().is_err());
}

#[test]
fn rules_read_the_claims_of_the_token_that_names_the_caller() {
    let tokens = r#"[{"jwt_claim":"sub","payload":"p"},{"jwt_claim":"id","payload":"q"},{"address":true}]"#;
    let tokens = sources(tokens).unwrap();
    for (grant, other, expected) in [
        ("jwt:alice", None, Some("p")),
        ("jwt:alice", Some("r"), Some("p")),
        ("jwt.q.id:alice", Some("r"), Some("q")),
        ("address:10.0.0.7", Some("r"), Some("r")),
        ("address:10.0.0.7", None, None),
    ] {
        assert_eq!(claims_payload(&tokens, &Grant::from_name(grant), other), expected, "{grant}");
    }
}

#[test]
fn the_payload_of_claims_is_that_of_the_identity() {
    let message =
        "(top level): `identity` reads the payload `p`, and rules read the claims of the same token; write that";
    let token = sources(r#"[{"address":true},{"jwt_claim":"sub","payload":"p"}]"#).unwrap();
    let others = [Source::Bearer];
    for (text, identity, expected, problems) in [
        (r#""p""#, &token[..], Some("p"), vec![]),
        (r#""q""#, &token, Some("q"), vec![message]),
        (r#""q""#, &others, Some("q"), vec![]),
        (r#""q""#, &[], Some("q"), vec![]),
        ("5", &[], None, vec!["(top level): found the number `5`, expected a name of up to 256 bytes, such as `sub`"]),
    ] {
        let (node, found) = (json::parse(text.as_bytes(), 8).unwrap(), Problems::default());
        let name = read_claims_payload(&Cursor::top(&node, &found), identity);
        assert_eq!(name.as_deref(), expected, "{text}");
        assert_eq!(found.take().iter().map(ToString::to_string).collect::<Vec<_>>(), problems, "{text}");
    }
}

#[test]
fn a_name_with_a_digest_begins_with_its_source_too() {
    let long = Grant::from_name(&format!("header:{}", "x".repeat(257)));
    assert_eq!(long.source_kind(), Some(SourceKind::Header));
}

#[test]
fn a_token_has_a_name_of_up_to_256_bytes() {
    let message = "the name of a token has 1 to 256 bytes and no control characters; rename it";
    for (name, is_name) in [
        ("a".to_owned(), true),
        ("n".repeat(256), true),
        ("n".repeat(257), false),
        (String::new(), false),
        ("a\u{7f}".to_owned(), false),
    ] {
        let found = sources(&format!(r#"[{{"tokens":{{"{name}":{{"sha256":"{}"}}}}}}]"#, "a".repeat(64)));
        match is_name {
            true => assert_eq!(found.map(|sources| sources.len()), Ok(1), "{name}"),
            false => assert!(found.unwrap_err().iter().any(|problem| problem.ends_with(message)), "{name}"),
        }
    }
}
