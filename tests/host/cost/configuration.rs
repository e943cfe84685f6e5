//! Configurations full of mistakes: Envoy's main thread reads them.

use std::sync::Arc;

use super::instructions;
use crate::proxy::{Shared, Worker};

/// A document of about 2.3 MB.
fn repeated(front: &str, entry: impl Fn(usize) -> String, back: &str) -> String {
    let mut text = front.to_owned();
    for index in 0.. {
        text.push_str(&entry(index));
        if text.len() > 2_300_000 {
            break;
        }
        text.push(',');
    }
    text + back
}

#[test]
fn a_configuration_full_of_mistakes_costs_what_its_length_costs() {
    const POLICY: &str = r#"{"version":"1","default":"deny""#;
    let unknown = |n: usize| format!(r#""limts{n}":1"#);
    for (name, text) in [
        ("unknown keys", repeated(&format!("{POLICY},"), unknown, "}")),
        ("unknown keys of a rule", repeated(&format!(r#"{POLICY},"tools":{{"a":{{"#), unknown, "}}}")),
        ("rules of a wrong type", repeated(&format!(r#"{POLICY},"tools":{{"#), |n| format!(r#""t{n}":1"#), "}}")),
        ("one key", repeated(&format!(r#"{POLICY},"tools":{{"#), |_| r#""t":{}"#.to_owned(), "}}")),
        ("many patterns", repeated(&format!(r#"{POLICY},"tools":{{"#), |n| format!(r#""*{n}*":{{}}"#), "}}")),
        ("hidden names of a wrong type", repeated(&format!(r#"{POLICY},"hide":["#), |_| "1".to_owned(), "]}")),
        (
            "wrong operators",
            repeated(
                &format!(r#"{POLICY},"tools":{{"a":{{"require":[{{"conditions":["#),
                |n| format!(r#"{{"path":"args.x","op":"eqq{n}","value":1}}"#),
                "]}]}}}",
            ),
        ),
        (
            "counters that disagree",
            repeated(
                &format!(r#"{POLICY},"tools":{{"#),
                |n| format!(r#""t{n}":{{"limits":[{{"counter":"c","window":{},"scope":"grant","max":1}}]}}"#, n + 1),
                "}}",
            ),
        ),
        (
            "bindings to no policy",
            repeated(
                &format!(r#"{{"policies":{{"one":{POLICY}}}}},"bindings":["#),
                |n| format!(r#"{{"route":"r{n}","policy":"x{n}"}}"#),
                "]}",
            ),
        ),
        ("too many policies", repeated(r#"{"policies":{"#, |n| format!(r#""p{n}":1"#), "}}")),
        ("sources of no kind", repeated(&format!(r#"{{"policy":{POLICY}}},"identity":["#), |_| "{}".to_owned(), "]}")),
        ("a long key above mistakes", {
            let key = "k".repeat(1_000_000);
            repeated(&format!(r#"{POLICY},"tools":{{"{key}":{{"limits":["#), |_| "1".to_owned(), "]}}}")
        }),
    ] {
        let mut worker = Worker::metered(&Arc::new(Shared::prepared()));
        let before = worker.memory();
        let instructions = instructions(&mut worker, |worker| assert!(!worker.configure(&text), "{name}"));
        let a_byte = instructions / text.len() as u64;
        let logged: usize = worker.world().log.iter().map(String::len).sum();
        let memory = (worker.memory() - before) / text.len();
        println!("{name}: {a_byte} instructions a byte, {memory} times the memory, {logged} bytes logged");
        assert!(a_byte < 1300, "{name}: {a_byte}");
        assert!(logged < 200_000, "{name}: {logged} bytes");
        assert!(memory < 160, "{name}: {memory}");
    }
}
