//! The answer to a call over the limit.

use super::{IMAGEGEN, KREA, pasted};
use crate::{
    answer::{RATE_LIMITED, assert_allowed, assert_error, assert_limited},
    client::{Response, call},
    clock,
    gateway::Gateway,
    runtime::run,
};
use serde_json::{Value, json};

/// How far Envoy's clock reading may be from the test's, in milliseconds.
const TOLERANCE: u64 = 1_500;

#[test]
fn a_call_over_the_limit_gets_the_limit_and_the_time_to_retry() {
    run(async {
        let gateway = Gateway::start("samples-limits", &[pasted("krea", KREA), pasted("imagegen", IMAGEGEN)]).await;
        clock::room_in_minute(8).await;
        for (listener, tool, counter, max) in [
            ("krea", "generate_image", "generate_image_rate", 10),
            ("imagegen", "image.generate.gemini", "image.generate.gemini_rate", 30),
        ] {
            for id in 1..=max {
                assert_allowed(&gateway.send(listener, &call(tool, &json!({}), &id.to_string(), &[])).await);
            }
            let request = call(tool, &json!({}), "11", &[]);
            let answer = gateway.send(listener, &request).await;
            let data = assert_limited(&answer, "11", tool, &format!("/tools/{tool}/limits/0"));
            let limit = json!({"counter": counter, "window": "minute", "max": max, "scope": "grant", "cost": 1, "remaining": 0});
            assert_eq!(data["limit"], limit, "{answer}");
            assert_comes_back_at_the_next_minute(&answer, &data);
            assert!(data["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{answer}");
            assert!(data["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{answer}");
            assert!(gateway.upstream().settled(&request).await.iter().all(|seen| seen.body.is_empty()));
        }
    });
}

/// Asserts that all four ways in which an answer says when the limit opens say the same: header, message and both
/// members of `data`.
#[track_caller]
fn assert_comes_back_at_the_next_minute(answer: &Response, data: &Value) {
    let now = clock::now();
    let wait = data["retryAfterMs"].as_u64().unwrap_or_else(|| panic!("whole milliseconds in {answer}"));
    let left = clock::left_of(clock::MINUTE, now);
    assert!(wait.abs_diff(left) <= TOLERANCE, "{left} ms of the minute were left, but: {answer}");

    let reset = clock::rfc3339(data["resetAt"].as_str().unwrap_or_default());
    assert_eq!(reset % clock::MINUTE, 0, "a minute's boundary: {answer}");
    assert_eq!(reset, now + left, "the next boundary: {answer}");

    let seconds = wait.div_ceil(1000).to_string();
    assert_eq!(answer.header("retry-after"), Some(seconds.as_str()), "{answer}");
    let message = answer.json()["error"]["message"].to_string();
    assert!(message.contains(&format!("retry in {seconds} s")), "{answer}");
}

#[test]
fn the_id_comes_back_as_it_was_written() {
    run(async {
        let gateway = Gateway::start("samples-ids", &[pasted("krea", KREA)]).await;
        clock::room_in_minute(8).await;
        for id in 1..=10 {
            assert_allowed(&gateway.send("krea", &call("generate_image", &json!({}), &id.to_string(), &[])).await);
        }
        let ids = [
            "0",
            "-7",
            "9007199254740991",
            r#""""#,
            r#""a""#,
            r#""\u0061b""#,
            r#""\"\\\/\n""#,
            r#""é 字 \ud83d\ude00""#,
        ];
        for id in ids {
            let answer = gateway.send("krea", &call("generate_image", &json!({}), id, &[])).await;
            assert_error(&answer, 200, RATE_LIMITED, id);
        }
    });
}
