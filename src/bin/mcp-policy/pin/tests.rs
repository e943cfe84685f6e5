//! Pins in texts, and differences.

use super::{Definition, Document, Schemas, difference, look_alike};
use mcp_policy::{digest::Digest, mcp::list::definition};

fn definition(name: &str, description: &str) -> Definition {
    let text = format!(r#"{{"description":"{description}","name":"{name}"}}"#);
    Definition { name: name.to_owned(), digest: definition::digest(text.as_bytes()).expect("an object"), text }
}

#[track_caller]
fn pinned(text: &str, policy: Option<&str>, pins: &[Definition], add: bool) -> String {
    let mut document = Document::read(text, policy).expect("a configuration");
    document.set(pins, add, Schemas::Leave).expect("a place for pins");
    document.check().expect("a configuration");
    document.text()
}

#[test]
fn pins_are_written_and_everything_else_stays() {
    let pay = definition("pay", "Pays");
    let digest = pay.digest;
    let text = "{\n    \"version\": \"1\", \"default\": \"deny\",\n    \"tools\": { \"pay\": {} }\n}\n";
    let expected = format!(
        "{{\n    \"version\": \"1\", \"default\": \"deny\",\n    \"tools\": {{ \"pay\": {{}} }},\n    \"definitions\": {{\n      \"pay\": {{ \
         \"sha256\": \"{digest}\" }}\n    }}\n}}\n"
    );
    let once = pinned(text, None, std::slice::from_ref(&pay), false);
    assert_eq!(once, expected);
    assert_eq!(pinned(&once, None, std::slice::from_ref(&pay), false), once, "the second time changes nothing");
    let changed = definition("pay", "Pays more");
    let twice = pinned(&once, None, std::slice::from_ref(&changed), false);
    assert_eq!(twice, expected.replace(&digest.to_string(), &changed.digest.to_string()));
    let both = pinned(&once, None, std::slice::from_ref(&changed), true);
    let list = format!("[\"{digest}\", \"{}\"]", changed.digest);
    assert_eq!(both, expected.replace(&format!("\"{digest}\""), &list));
    // Only `--add` keeps a digest that the server does not show.
    assert_eq!(pinned(&both, None, std::slice::from_ref(&pay), true), both);
    assert_eq!(pinned(&both, None, std::slice::from_ref(&pay), false), expected);
}

#[test]
fn a_policy_on_one_line_stays_on_one_line() {
    let pay = definition("pay", "Pays");
    let text = r#"{"version":"1","default":"deny"}"#;
    let once = pinned(text, None, std::slice::from_ref(&pay), false);
    assert_eq!(once.lines().count(), 1, "{once}");
    let get = definition("get", "Gets");
    assert_eq!(pinned(&once, None, &[get], false).matches("sha256").count(), 2);
}

#[test]
fn one_of_several_policies_is_named() {
    let policy = r#"{"version":"1","default":"deny"}"#;
    let text = format!(r#"{{"policies":{{"a":{policy},"b":{policy}}},"bindings":[{{"policy":"a"}}]}}"#);
    let why = |policy| Document::read(&text, policy).err();
    assert_eq!(why(None).as_deref(), Some("it has several policies; name one with `--policy`: `a`, `b`"));
    assert_eq!(why(Some("c")).as_deref(), Some("it has no policy `c`; it has `a`, `b`"));
    let pinned = pinned(&text, Some("b"), &[definition("pay", "Pays")], false);
    let read = |policy| Document::read(&pinned, Some(policy)).expect("a policy").pins().len();
    assert_eq!([read("a"), read("b")], [0, 1]);
}

#[test]
fn a_difference_shows_each_value_before_and_now() {
    let before = r#"{"annotations":{"readOnlyHint":true},"description":"Pays","inputSchema":{"properties":{"a":{"type":"string"}}},"name":"pay"}"#;
    let now = "{\"annotations\":{\"readOnlyHint\":true},\"description\":\"Pays\u{200b} all\\nYou must\",\
               \"inputSchema\":{\"properties\":{\"a\":{\"type\":\"number\"},\"b/c\":{}}},\"name\":\"pay\",\"title\":\"Pay\"}";
    let expected = "`pay` differs from its pin:\n\
                    \x20 - /description \"Pays\"\n\
                    \x20 + /description \"Pays\\u{200b} all\\u{a}You must\"\n\
                    \x20 - /inputSchema/properties/a/type \"string\"\n\
                    \x20 + /inputSchema/properties/a/type \"number\"\n\
                    \x20 + /inputSchema/properties/b~1c {}\n\
                    \x20 + /title \"Pay\"\n";
    assert_eq!(difference::describe("pay", Some(before), now), expected);
    let expected = "`p\\u{200b}ay` differs from its pin; the pinned definition was not kept, and this is the present one:\n\
                    \x20 + {\"name\":\"p\\u{200b}ay\"}\n";
    assert_eq!(difference::describe("p\u{200b}ay", None, "{\"name\":\"p\u{200b}ay\"}"), expected);
}

#[test]
fn names_that_look_alike_in_another_script_are_found() {
    let pins = [("pay".to_owned(), vec![Digest::of(b"")])].into();
    let names = ["рау", "Pay", "p\u{200b}ay", "ｐａｙ", "pau", "pay"];
    let definitions: Vec<Definition> = names.iter().map(|name| definition(name, "")).collect();
    let found: Vec<String> = look_alike::find(&pins, &definitions).into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, names[..4]);
}

/// A tool whose argument `a` is of this type.
fn typed(kind: &str) -> Definition {
    let text = format!(r#"{{"inputSchema":{{"properties":{{"a":{{"type":"{kind}"}}}}}},"name":"pay"}}"#);
    Definition { name: "pay".to_owned(), digest: definition::digest(text.as_bytes()).expect("an object"), text }
}

/// The schema of the pin of `pay` after a change.
#[track_caller]
fn schema_after(text: &str, now: &Definition, add: bool, schemas: Schemas) -> (String, Option<serde_json::Value>) {
    let mut document = Document::read(text, None).expect("a configuration");
    document.set(std::slice::from_ref(now), add, schemas).expect("a place for pins");
    document.check().expect("a configuration");
    let text = document.text();
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let schema = value.pointer("/definitions/pay/schema").cloned();
    (text, schema)
}

#[test]
fn a_schema_changes_with_its_digest_and_what_its_owner_wrote_stays_until_then() {
    let schema = |kind: &str| serde_json::json!({ "properties": { "a": { "type": kind } } });
    let bare = r#"{"version":"1","default":"deny"}"#;
    let (text, found) = schema_after(bare, &typed("number"), false, Schemas::Leave);
    assert_eq!(found, None);
    let (text, found) = schema_after(&text, &typed("number"), false, Schemas::Keep);
    assert_eq!(found, Some(schema("number")), "a pin that lacks one gets it");
    let stricter = text.replace("\"number\"", "\"integer\"");
    assert_eq!(
        schema_after(&stricter, &typed("number"), false, Schemas::Keep),
        (stricter.clone(), Some(schema("integer")))
    );
    let (_, found) = schema_after(&stricter, &typed("string"), false, Schemas::Leave);
    assert_eq!(found, Some(schema("string")), "a schema is never that of another definition");
    let (text, found) = schema_after(&stricter, &typed("string"), true, Schemas::Leave);
    assert_eq!(found, Some(serde_json::json!({ "anyOf": [schema("integer"), schema("string")] })));
    let (_, found) = schema_after(&text, &typed("boolean"), true, Schemas::Leave);
    assert_eq!(found, Some(serde_json::json!({ "anyOf": [schema("integer"), schema("string"), schema("boolean")] })));
    let (_, found) = schema_after(&text, &typed("string"), false, Schemas::Leave);
    assert_eq!(found, Some(schema("string")), "a schema goes with the last of its other definitions");
}
