//! Event streams: lists are trimmed in them, and nothing else waits.

use super::{EVIL, both, list, listener, tools};
use crate::{
    client::{Request, Stream},
    gateway::Gateway,
    runtime::run,
    upstream::Script,
};

const EVENTS: [(&str, &str); 1] = [("content-type", "text/event-stream")];

const PROGRESS: &str = "event: message\nid: 4\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progress\":1}}\n\n";

async fn say(script: &mut Script, text: &str) {
    script.send_data(text.to_owned().into()).await.expect("the answer is read");
}

#[test]
fn the_list_of_a_stream_is_trimmed_and_nothing_before_it_waits() {
    run(async {
        let listeners = [listener("hold", "hold"), listener("release", "release").without_stop_iteration()];
        let gateway = Gateway::start("lists-streams", &listeners).await;
        let (before, after) = both();
        let (before, after) = (before.replace('\n', ""), after);
        for listener in ["hold", "release"] {
            let request = list();
            let mut script = gateway.upstream().script(&request, 200, &EVENTS);
            let mut stream = Stream::open(gateway.at(listener), &request).await;
            for text in [": hello\n", "\n", "id: 1\ndata:\n\n", PROGRESS, PROGRESS] {
                say(&mut script, text).await;
                stream.expect(text).await;
            }
            for piece in before.as_bytes().chunks(7) {
                let piece =
                    if before.as_bytes().starts_with(piece) { [b"data: ", piece].concat() } else { piece.to_vec() };
                script.send_data(piece.into()).await.expect("the answer is read");
            }
            say(&mut script, "\nid: 5\n\n").await;
            stream.expect(&format!("data: {after}\nid: 5\n\n")).await;
            drop(script);
            assert_eq!(stream.rest().await.expect("a whole answer"), "");
        }
    });
}

/// A stream that a client opens, or opens again.
fn open(last: Option<&str>) -> Request {
    let request = Request::new("GET", "/mcp").header("accept", "text/event-stream");
    last.map_or(request.clone(), |last| request.header("last-event-id", last))
}

#[test]
fn streams_that_clients_open_and_resume_are_trimmed_by_the_shape_of_their_messages() {
    run(async {
        let gateway = Gateway::start("lists-get", &[listener("hold", "hold")]).await;
        for request in [open(None), open(Some("4"))] {
            let mut script = gateway.upstream().script(&request, 200, &EVENTS);
            let mut stream = Stream::open(gateway.at("hold"), &request).await;
            let called = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"evil"}]}}"#;
            for text in [PROGRESS, &format!("data: {called}\n\n"), ": ping\n\n"] {
                say(&mut script, text).await;
                stream.expect(text).await;
            }
            say(&mut script, &format!("data: {}\n\n", tools(EVIL))).await;
            stream.expect(&format!("data: {}\n\n", tools(""))).await;
            say(&mut script, PROGRESS).await;
            stream.expect(PROGRESS).await;
        }
    });
}

#[test]
fn a_list_that_cannot_be_read_and_has_no_id_ends_the_stream() {
    run(async {
        let gateway = Gateway::start("lists-untellable", &[listener("hold", "hold")]).await;
        let request = open(None);
        let mut script = gateway.upstream().script(&request, 200, &EVENTS);
        let mut stream = Stream::open(gateway.at("hold"), &request).await;
        say(&mut script, PROGRESS).await;
        stream.expect(PROGRESS).await;
        say(&mut script, "data: {\"result\":{\"tools\":[],\"tools\":[{\"name\":\"evil\"}]}}\n\n").await;
        stream.rest().await.expect_err("the stream should have been ended");
        let log = gateway.log();
        assert!(log.contains(
            "a list on a stream cannot be read, and it has no id that an error could name; the response was reset"
        ));
    });
}

#[test]
fn a_compressed_stream_is_not_passed_on() {
    run(async {
        let gateway = Gateway::start("lists-compressed", &[listener("hold", "hold")]).await;
        let request = open(None);
        let headers = [EVENTS[0], ("content-encoding", "gzip")];
        let _script = gateway.upstream().script(&request, 200, &headers);
        let answer = gateway.send("hold", &request).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (503, Some(-32603)), "{answer}");
    });
}
