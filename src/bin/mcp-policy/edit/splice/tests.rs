//! A change touches the smallest part of a text, and the text then says what the change says.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Change, Part, Splice};

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

fn change(op: &str, pointer: &str, json: &str) -> Change {
    let json = || json.to_owned();
    let pointer = tokens(pointer);
    match op {
        "set" => Change::Set { pointer, json: json() },
        "append" => Change::Append { pointer, json: json() },
        _ => Change::Remove { pointer },
    }
}

#[track_caller]
fn edited(text: &str, op: &str, pointer: &str, json: &str) -> String {
    let splice = Splice::new(text, &change(op, pointer, json)).unwrap();
    splice.map_or_else(|| text.to_owned(), |splice| splice.apply(text))
}

const TEXT: &str = r#"{
    "version": "1",
    "tools": {
        "a":   { "rate_limit": "1/minute" },
        "b": {},
        "c": { "require": [{ "conditions": [{ "path": "args.x",  "op": "lte", "value": 1.50 }] }] }
    },
    "hide": ["x"]
}
"#;

#[test]
fn a_change_keeps_order_spacing_and_everything_else() {
    for (op, pointer, json, from, to) in [
        ("set", "/tools/a/rate_limit", r#""5/minute""#, r#""1/minute""#, r#""5/minute""#),
        ("set", "/tools/a/reason", r#""slow""#, r#""1/minute" }"#, r#""1/minute", "reason": "slow" }"#),
        ("set", "/tools/b/action", r#""deny""#, r#""b": {}"#, r#""b": { "action": "deny" }"#),
        (
            "set",
            "/tools/b/limits",
            r#"[{"counter":"n","window":"day","max":3.0,"scope":"grant"}]"#,
            r#""b": {}"#,
            "\"b\": {\n            \"limits\": [{ \"counter\": \"n\", \"window\": \"day\", \"max\": 3.0, \"scope\": \"grant\" }]\n        }",
        ),
        ("set", "/tools/c/require/0/conditions/0/value", "2.50", "1.50", "2.50"),
        (
            "append",
            "/tools/c/require/0/conditions",
            r#"{"path": "args.y", "op": "exists", "value": true}"#,
            "1.50 }] }]",
            r#"1.50 }, { "path": "args.y", "op": "exists", "value": true }] }]"#,
        ),
        ("set", "/tools/d~1e", "{}", " }] }] }\n    },", " }] }] },\n        \"d/e\": {}\n    },"),
        ("append", "/hide", r#""y""#, r#"["x"]"#, r#"["x", "y"]"#),
        ("append", "/tools/b/use", r#""y""#, r#""b": {}"#, "\"b\": {\n            \"use\": [\"y\"]\n        }"),
        ("set", "/prompts/p", "{}", "[\"x\"]\n}", "[\"x\"],\n    \"prompts\": { \"p\": {} }\n}"),
        ("remove", "/tools/a", "", "\"a\":   { \"rate_limit\": \"1/minute\" },\n        \"b\"", "\"b\""),
        ("remove", "/tools/b", "", "},\n        \"b\": {},", "},"),
        ("remove", "/hide/0", "", r#"["x"]"#, "[]"),
        ("remove", "/tools/nothing", "", "", ""),
    ] {
        assert_eq!(edited(TEXT, op, pointer, json), TEXT.replacen(from, to, 1), "{op} {pointer}");
    }
}

#[test]
fn long_values_get_lines_and_line_ends_are_those_of_the_text() {
    let text = "{\r\n\t\"tools\": {}\r\n}";
    let rule =
        format!(r#"{{"require":[{{"conditions":[{{"path":"args.a","op":"in","value":["{}"]}}]}}]}}"#, "x".repeat(80));
    let new = edited(text, "set", "/tools/t", &rule);
    let expected = format!(
        "{{\r\n\t\"tools\": {{\r\n\t\t\"t\": {{\r\n\t\t\t\"require\": [\r\n\t\t\t\t{{\r\n\t\t\t\t\t\"conditions\": [\r\n\t\t\t\t\t\t{{\r\n\
         \t\t\t\t\t\t\t\"path\": \"args.a\",\r\n\t\t\t\t\t\t\t\"op\": \"in\",\r\n\t\t\t\t\t\t\t\"value\": [\"{}\"]\r\n\t\t\t\t\t\t}}\r\n\
         \t\t\t\t\t]\r\n\t\t\t\t}}\r\n\t\t\t]\r\n\t\t}}\r\n\t}}\r\n}}",
        "x".repeat(80)
    );
    assert_eq!(new, expected);
    assert_eq!(edited("{}", "set", "/a/b", "1"), r#"{ "a": { "b": 1 } }"#);
}

#[test]
fn a_mistake_is_in_the_way_only_where_it_is() {
    let text = r#"{"tools": {"a": {"x": tru}, "b": {"y": 1,}, "c": {"z": 1}}}"#;
    assert_eq!(edited(text, "set", "/tools/c/z", "2"), text.replace("\"z\": 1", "\"z\": 2"));
    assert_eq!(edited(text, "set", "/tools/b/y", "2"), text.replace("\"y\": 1", "\"y\": 2"));
    assert_eq!(edited(text, "set", "/tools/a/w", "2"), text.replace("tru}", "tru, \"w\": 2}"));
    for (op, pointer, why) in [
        ("set", "/tools/a/x", "`/tools/a/x` cannot be read; correct it in the text"),
        ("set", "/tools/b/w", "`/tools/b` cannot be read; correct it in the text"),
        ("remove", "/tools/b/y", "`/tools/b` cannot be read; correct it in the text"),
        ("append", "/tools/c", "`/tools/c` is not a list; correct it in the text"),
        ("remove", "", "the whole document cannot be removed"),
    ] {
        assert_eq!(Splice::new(text, &change(op, pointer, "1")), Err(why.to_owned()), "{op} {pointer}");
    }
    let refused = Splice::new("{}", &change("set", "/a", "{,")).unwrap_err();
    assert!(refused.starts_with("the new value is not JSON: "), "{refused}");
    let empty = Splice::new(" ", &change("set", "/a", "1"));
    assert_eq!(empty, Err("the text is empty; write `{}`".to_owned()));
}

/// What a change makes of a value.
fn set_value(value: &mut Value, pointer: &[String], new: Value) {
    match (pointer.split_first(), value) {
        (None, value) => *value = new,
        (Some((token, rest)), Value::Array(items)) => {
            let index: usize = token.parse().unwrap();
            if index == items.len() {
                items.push(json!({}));
            }
            set_value(&mut items[index], rest, new);
        }
        (Some((token, rest)), value) => set_value(&mut value[token], rest, new),
    }
}

fn remove_value(value: &mut Value, pointer: &[String]) {
    let (last, above) = pointer.split_last().unwrap();
    let above = above.iter().fold(value, |value, token| match value {
        Value::Array(items) => &mut items[token.parse::<usize>().unwrap()],
        value => &mut value[token],
    });
    match above {
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        object => drop(object.as_object_mut().unwrap().remove(last)),
    }
}

fn random_value(random: &mut Rng, depth: usize) -> Value {
    match random.u8(0..if depth == 0 { 4 } else { 7 }) {
        0 => json!(random.i32(-9..9)),
        1 => json!(random.bool()),
        2 => json!(["", "é\n\"\\", "allow", "a/b~c", "{", "]"][random.usize(0..6)]),
        3 => Value::Null,
        4 => (0..random.usize(0..4)).map(|_| random_value(random, depth - 1)).collect(),
        _ => random_object(random, depth - 1),
    }
}

fn random_object(random: &mut Rng, depth: usize) -> Value {
    let names = ["a", "tools", "x/y", "~", "é \"", ""];
    let members = (0..random.usize(0..5)).map(|_| (names[random.usize(0..6)].to_owned(), random_value(random, depth)));
    Value::Object(members.collect())
}

/// All places of a value.
fn places(value: &Value, at: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    found.push(at.clone());
    let mut inner = |token: String, value: &Value| {
        at.push(token);
        places(value, at, found);
        at.pop();
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| inner(index.to_string(), item)),
        Value::Object(members) => members.iter().for_each(|(name, value)| inner(name.clone(), value)),
        _ => {}
    }
}

/// A value as some author might write it.
fn write(value: &Value, random: &mut Rng) -> String {
    let space = [" ", "\n", "\r\n  ", "\t", "", ""][random.usize(0..6)];
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| write(item, random)).collect();
            format!("[{space}{}{space}]", items.join(&format!(",{space}")))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}{space}:{}", Value::from(name.as_str()), write(value, random)))
                .collect();
            format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn a_text_says_after_a_change_what_the_change_says() {
    let mut random = Rng::with_seed(7);
    for _ in 0..3000 {
        let mut value = random_object(&mut random, 3);
        let mut text = write(&value, &mut random);
        for _ in 0..4 {
            let mut found = Vec::new();
            places(&value, &mut Vec::new(), &mut found);
            let mut pointer = found[random.usize(0..found.len())].clone();
            let place = pointer.iter().fold(&value, |value, token| match value {
                Value::Array(items) => &items[token.parse::<usize>().unwrap()],
                value => &value[token],
            });
            let removes = random.bool() && !pointer.is_empty();
            match place {
                _ if removes => {}
                Value::Object(_) => pointer.push(format!("new{}", random.u8(0..3))),
                Value::Array(items) => pointer.push(items.len().to_string()),
                _ => {}
            }
            let change = if removes {
                remove_value(&mut value, &pointer);
                Change::Remove { pointer: pointer.clone() }
            } else {
                let new = random_value(&mut random, 2);
                set_value(&mut value, &pointer, new.clone());
                Change::Set { pointer: pointer.clone(), json: write(&new, &mut random) }
            };
            let splice = Splice::new(&text, &change).unwrap_or_else(|why| panic!("{why}: {change:?} in {text}"));
            let new = splice.as_ref().map_or_else(|| text.clone(), |splice| splice.apply(&text));
            if let Some(splice) = &splice {
                // Of what was there, no more than the innermost part that was there is touched.
                let root = Part::read(&text);
                let mut part = &root;
                for token in pointer.iter().take(pointer.len() - 1) {
                    part = part.child(token).unwrap_or(part);
                }
                let is_inside = part.span.start <= splice.span.start && splice.span.end <= part.span.end;
                assert!(is_inside, "{change:?} touched {:?} of {text}", splice.span);
            }
            let read: Value =
                serde_json::from_str(&new).unwrap_or_else(|why| panic!("{why}: {change:?} made {new} of {text}"));
            assert_eq!(read, value, "{change:?} made {new} of {text}");
            text = new;
        }
    }
}
