//! Tokens that are made, and texts that keep their layout.

use std::time::{Duration, SystemTime};

use mcp_policy::config::Config;

use super::{
    describe,
    document::{Document, Token},
    expiry, secret,
};

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn added(text: &str, expires: Option<&str>) -> (String, bool) {
    let mut document = Document::read(text).unwrap();
    let is_first_source = document.add("alice", DIGEST, expires).unwrap();
    document.check().unwrap();
    (document.text(), is_first_source)
}

fn removed(text: &str, name: &str) -> Result<String, String> {
    let mut document = Document::read(text)?;
    document.remove(name)?;
    document.check()?;
    Ok(document.text())
}

#[test]
fn a_new_token_leaves_the_other_text_as_it_is() {
    let text = r#"{ "policy":  {"version": "1",
      "default": "deny"},
  "identity": [ {"address" :true},
    {
      "tokens": {
        "bob": {"sha256":"DIGEST"}
      } } ]}
"#
    .replace("DIGEST", DIGEST);
    let (new, is_first_source) = added(&text, Some("2027-01-31"));
    assert!(!is_first_source);
    let bob = format!(r#""bob": {{"sha256":"{DIGEST}"}}"#);
    let alice = format!(",\n        \"alice\": {{ \"sha256\": \"{DIGEST}\", \"expires\": \"2027-01-31\" }}");
    assert_eq!(new, text.replace(&bob, &[bob.as_str(), &alice].concat()));
}

#[test]
fn a_new_token_is_undone_to_the_byte() {
    let text = format!(
        "{{\r\n\t\"policy\": {{ \"version\": \"1\", \"default\": \"deny\" }},\r\n\t\"identity\": [\r\n\t\t{{\r\n\t\t\t\"tokens\": \
         {{\r\n\t\t\t\t\"b\": {{ \"sha256\": \"{DIGEST}\" }}\r\n\t\t\t}}\r\n\t\t}}\r\n\t]\r\n}}\r\n"
    );
    let (new, _) = added(&text, None);
    assert_eq!(removed(&new, "alice"), Ok(text));
}

#[test]
fn tokens_on_one_line_get_a_line_each() {
    let start = r#"{"policy":{"version":"1","default":"deny"},"identity":[{"tokens":{"#;
    let bob = format!(r#""bob":{{"sha256":"{DIGEST}"}}"#);
    let (new, _) = added(&format!("{start}{bob}}}}}]}}"), None);
    assert_eq!(
        new,
        format!("{start}\n        {bob},\n        \"alice\": {{ \"sha256\": \"{DIGEST}\" }}\n      }}}}]}}")
    );
}

#[test]
fn the_first_token_becomes_the_first_source() {
    let policy = r#""policy":{"version":"1","default":"deny"}"#;
    for (text, was_absent) in [
        (format!("{{{policy}}}"), true),
        (format!("{{{policy},\"identity\":[{{\"address\":true}}]}}"), false),
        (format!("{{{policy},\"identity\":[{{\"bearer\":true}},{{\"constant\":\"x\"}}]}}"), false),
    ] {
        let (new, is_first_source) = added(&text, None);
        assert_eq!(is_first_source, was_absent, "{text}");
        let config = Config::load(new.as_bytes()).unwrap();
        let mcp_policy::identity::Source::Tokens(tokens) = &config.identity[0] else { panic!("{new}") };
        assert_eq!(tokens.iter().map(|token| &*token.name).collect::<Vec<_>>(), ["alice"]);
        let others = Config::load(text.as_bytes()).unwrap().identity;
        assert_eq!(config.identity[1..], if was_absent { Vec::new() } else { others }[..]);
    }
}

#[test]
fn a_console_has_tokens_too() {
    let (new, _) = added(r#"{"console":{"approvers":["peer:x"],"identity":[{"peer":"uri_san"}]}}"#, None);
    assert!(new.contains("alice"), "{new}");
}

#[test]
fn a_document_that_cannot_hold_the_token_is_reported() {
    let bare = r#"{"version":"1","default":"deny"}"#;
    assert_eq!(
        Document::read(bare).err().unwrap(),
        "it is a bare policy, which has no place for tokens; write `{\"policy\": …}` around it"
    );
    assert_eq!(
        Document::read(r#"{"policy":{"version":"1"}}"#).err().unwrap(),
        "1 problem in the configuration:\n  /policy: the key `default` is missing"
    );
    let text = format!(
        r#"{{"policy":{{"version":"1","default":"deny"}},"identity":[{{"tokens":{{"al\u0069ce":{{"sha256":"{DIGEST}"}}}}}}]}}"#
    );
    assert_eq!(
        Document::read(&text).unwrap().add("alice", DIGEST, None),
        Err("it has a token of `alice` already; revoke that one, or choose another name".to_owned())
    );
    assert_eq!(removed(&text, "alicf"), Err("it has no token of `alicf` (did you mean `alice`?)".to_owned()));
    assert_eq!(
        removed(&text, "someone"),
        Err("it has no token of `someone`; `mcp-policy grant list` shows all".to_owned())
    );
    assert!(removed(&text, "alice").unwrap().contains(r#""tokens":{}"#));
    let mut document = Document::read(&text).unwrap();
    document.add("", DIGEST, None).unwrap();
    assert!(document.check().unwrap_err().contains("the name of a token has 1 to 256 bytes"));
}

#[test]
fn a_token_has_256_random_bits_and_a_checksum() {
    let (one, other) = (secret::generate().unwrap(), secret::generate().unwrap());
    assert_ne!(one, other);
    let digits = one.strip_prefix("mcpg_").unwrap();
    assert!(digits.len() == 72 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{one}");
    let (before, checksum) = one.split_at(one.len() - 8);
    assert!(secret::sha256(before).starts_with(checksum), "{one}");
}

#[test]
fn an_expiry_is_a_number_of_days_or_a_date() {
    // 2026-11-29T13:30:00Z
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_959_000);
    for (time, date) in
        [("90d", "2027-02-27"), ("1d", "2026-11-30"), ("36h", "2026-12-01"), ("2027-01-31", "2027-01-31")]
    {
        assert_eq!(expiry(time, now).as_deref(), Ok(date), "{time}");
    }
    for time in ["2020-01-01", "2026-11-29"] {
        let refused = "from that day on the token is refused, and today is 2026-11-29; choose a later date";
        assert_eq!(expiry(time, now), Err(format!("`--expires {time}`: {refused}")));
    }
    assert_eq!(expiry("2026-11-30", now).as_deref(), Ok("2026-11-30"));
    for time in ["", "90", "1h", "soon", "2027-02-30", "31.1.2027", "9000y", "2027-01-31T00:00:00Z"] {
        assert_eq!(
            expiry(time, now),
            Err(format!("`--expires {time}`: expected days such as `90d`, or a date such as `2027-01-31`"))
        );
    }
}

#[test]
fn a_list_has_a_line_for_each_token() {
    let token = |name: &str, expires: Option<&str>| Token {
        name: name.to_owned(),
        sha256: DIGEST.to_owned(),
        expires: expires.map(ToOwned::to_owned),
    };
    let tokens = [token("ci", None), token("alice-laptop", Some("2026-11-29")), token("b\u{1b}", Some("2026-11-30"))];
    assert_eq!(
        describe(&tokens, "2026-11-29"),
        "ci            never expires\nalice-laptop  expired on 2026-11-29\nb\\u{1b}       expires on 2026-11-30\n"
    );
    assert_eq!(describe(&[], "2026-11-29"), "no tokens\n");
}
