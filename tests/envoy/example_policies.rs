//! The three sample policies, pasted as they are, and whose calls count together.

mod grants;
mod limits;

use crate::{
    answer::{assert_allowed, assert_denied},
    client::{call, message},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
    upstream::End,
};
use serde_json::{Value, json};

/// Ten images a minute.
pub(crate) const KREA: &str = include_str!("../../envoy/policies/krea.json");
/// Thirty a minute of a tool whose name has dots.
pub(crate) const IMAGEGEN: &str = include_str!("../../envoy/policies/imagegen.json");
/// One tool without a limit.
pub(crate) const ALYA: &str = include_str!("../../envoy/policies/alya.json");

/// A listener with one of the policies as its whole configuration.
fn pasted(name: &str, policy: &str) -> Listener {
    Listener::new(name, json_text(policy))
}

/// A policy with options beside it.
fn with_options(policy: &str, options: &Value) -> Value {
    let policy: Value = serde_json::from_str(policy).expect("a sample policy is JSON");
    let mut configuration = options.clone();
    configuration["policy"] = policy;
    json_text(&configuration.to_string())
}

#[test]
fn allowed_calls_reach_the_server_byte_for_byte() {
    run(async {
        let listeners = [("krea", KREA), ("imagegen", IMAGEGEN), ("alya", ALYA)].map(|(name, text)| pasted(name, text));
        let gateway = Gateway::start("samples-bytes", &listeners).await;
        for (listener, tool) in
            [("krea", "generate_image"), ("imagegen", "image.generate.gemini"), ("alya", "image_gen")]
        {
            let plain =
                call(tool, &json!({"prompt": "a cat", "n": 1}), "1", &[("x-other", "kept"), ("x-other", "twice")]);
            // Whatever re-writing would change: white space, member order, escapes, spellings of numbers.
            let odd = format!(
                "\r\n {{ \"params\" : {{\"arguments\":{{\"p\":\"\\u0061\\/\",\"n\":1.0E+2,\"z\":-0}}\t,\"name\":\"{tool}\"}},\
                 \"method\":\"tools\\/call\", \"id\":\"\\u00e9\u{e9}\",\n\"jsonrpc\":\"2.0\"}}\n\n"
            );
            for request in [plain, message(odd)] {
                assert_allowed(&gateway.send(listener, &request).await);
                let seen = gateway.upstream().seen(&request);
                assert_eq!(seen.len(), 1, "once");
                assert_eq!((seen[0].end, &seen[0].body), (End::Complete, &request.body.bytes()));
                assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/mcp"));
                for header in &request.headers {
                    assert!(seen[0].headers.contains(header), "{header:?} in {:?}", seen[0].headers);
                }
            }
        }
    });
}

#[test]
fn a_tool_that_is_not_listed_is_refused() {
    run(async {
        let listeners = [("krea", KREA), ("imagegen", IMAGEGEN), ("alya", ALYA)].map(|(name, text)| pasted(name, text));
        let gateway = Gateway::start("samples-unlisted", &listeners).await;
        // A name is one word, whatever dots, case and space it has.
        for (listener, tools) in [
            ("krea", ["get_job", "Generate_Image", "generate_image "]),
            ("imagegen", ["image", "image.generate", "image.generate.gemini.fast"]),
            ("alya", ["image_generate", "image_gen.", "*"]),
        ] {
            for tool in tools {
                let request = call(tool, &json!({}), "5", &[]);
                assert_denied(&gateway.send(listener, &request).await, "5", tool, "(default deny)");
                let seen = gateway.upstream().settled(&request).await;
                assert!(seen.iter().all(|one| one.end == End::Aborted && one.body.is_empty()), "{tool}: {seen:?}");
            }
        }
    });
}
