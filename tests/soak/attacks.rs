//! The attacks, one after the other. Each holds what it has opened for a moment, and then lets it go.

use super::{callers::small_call, hold};
use crate::{
    budgets::{ATTACKER, Hostile},
    client::try_send,
    gateway::Gateway,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Runs the attack whose turn it is.
pub(super) async fn run(gateway: &Gateway, number: usize) {
    let at = |listener: &str| gateway.at(&format!("{listener}-mcp"));
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(500_000));
    let zeros = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(400_000));
    let _open = match number % 9 {
        0 => Hostile::open_heads(at("attacked"), 5, 100).await,
        1 => Hostile::upload_slowly(at("attacked"), 40, 1_000_000).await,
        2 => Hostile::list(at("endless"), 20).await,
        3 => Hostile::send_calls(at("attacked"), 10, "t", &zeros).await,
        4 => Hostile::send_calls(at("counted"), 30, "limited", &large).await,
        // What servers break off may be answered in any way.
        5 => Hostile::send_calls(at("flaky"), 25, "limited", r#"{"text":"x"}"#).await,
        // They read nothing of a large answer.
        6 => Hostile::send_calls(at("attacked"), 20, "t", r#"{"large":true}"#).await,
        7 => return reset_everywhere(gateway).await,
        _ => Hostile::send_garbage(at("attacked"), 20, number).await,
    };
    hold().await;
}

/// Ends connections in every phase: in the head, behind it, in the body, before the answer, and in it.
async fn reset_everywhere(gateway: &Gateway) {
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","arguments":{"large":true}}}"#;
    let text = format!(
        "POST /mcp HTTP/1.1\r\nhost: mcp.test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for listener in ["attacked-mcp", "flaky-mcp", "endless-mcp", "counted-mcp"] {
        for cut in (0..text.len()).step_by(17).chain([text.len()]) {
            let mut stream = Hostile::connect(gateway.at(listener)).await;
            // Envoy may have closed its side.
            let _ = stream.write_all(&text.as_bytes()[..cut]).await;
            if cut == text.len() && listener == "attacked-mcp" {
                let _ = stream.read_buf(&mut Vec::with_capacity(100)).await;
            }
        }
    }
}

/// Whether a call from the attackers' address passes.
pub(super) async fn is_answered(gateway: &Gateway) -> bool {
    let answer = try_send(gateway.at("attacked-mcp"), &small_call().proxied_from(ATTACKER)).await;
    let expected = json!({ "jsonrpc": "2.0", "id": 1, "result": { "size": 0 } });
    answer.is_ok_and(|answer| answer.json() == expected)
}
