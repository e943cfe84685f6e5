//! The message: what is read as one, `serde_json` reads with the same id, method and target; headers never panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_policy::mcp::{Message, Request, Target, revision};
use mcp_policy_fuzz::{Allowance, Input};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let input = Input::of(data);
    let Ok(message) = Allowance::of(input.body.len()).keep(|| Message::read(input.body, 64)) else { return };
    let _ = revision::check_headers(&input.headers, &message);
    if input.body.windows(20).any(|window| window == b"$serde_json::private") {
        return;
    }
    let value: Value = serde_json::from_slice(input.body).expect("a message is JSON");
    assert_eq!(value["jsonrpc"], "2.0");
    match message {
        Message::Request(request) => {
            assert_eq!(value["method"], *request.method);
            let id: Value = serde_json::from_str(request.id.token()).expect("an id is JSON");
            assert_eq!(value["id"], id);
            about(&request, &value["params"]);
        }
        Message::Notification { method, .. } => assert_eq!((&value["method"], value.get("id")), (&method.into(), None)),
        Message::Response => assert_eq!(value.get("method"), None),
    }
});

fn about(request: &Request<'_>, params: &Value) {
    let arguments = request.arguments.map(|bytes| serde_json::from_slice(bytes).expect("arguments are JSON"));
    assert_eq!(params.get("arguments").filter(|value| !value.is_null()), arguments.as_ref());
    match &request.target {
        Target::Nothing => {}
        Target::Tool(name) => assert_eq!(params["name"], **name),
        Target::Prompt(name) => assert!(params["name"] == **name || params["ref"]["name"] == **name),
        Target::Resource(uri) => assert!(params["uri"] == **uri || params["ref"]["uri"] == **uri),
        Target::Subscriptions { resources, tasks } => {
            for (member, read) in [("resourceSubscriptions", resources), ("taskIds", tasks)] {
                let sent = params["notifications"][member].as_array().map_or(&[][..], Vec::as_slice);
                assert!(sent.iter().map(Value::as_str).eq(read.iter().map(|text| Some(&**text))));
            }
        }
        Target::Task(task) => assert_eq!(params["taskId"], **task),
    }
}
