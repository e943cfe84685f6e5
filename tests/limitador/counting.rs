//! Which call is counted by what, how often, and for whom.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::{
    asked::Asked,
    service::{Fate, Limitador, render},
};

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
fn a_counter_is_shared_by_its_rules_and_not_by_other_policies_domains_or_counters() {
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
    let comment =
        "# Rules have a `max` of up to 5 for it. Limitador keeps one maximum, so this is the smallest.\n- namespace: ";
    assert!(rendered.contains(comment), "{rendered}");
    let limitador = Limitador::of(&document);
    assert_eq!(limitador.call("alice", &call_of("loose", &json!({}))).0, Fate::Passes);
    assert_eq!(limitador.call("alice", &call_of("loose", &json!({}))).0, Fate::Limited);
}
