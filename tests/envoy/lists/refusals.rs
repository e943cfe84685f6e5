//! Lists that cannot be read are never passed on.

use super::{EVIL, answered, list, listener, tools};
use crate::{gateway::Gateway, runtime::run};

#[test]
fn a_list_that_cannot_be_read_becomes_an_error_with_the_id() {
    run(async {
        let listeners = [listener("hold", "hold"), listener("release", "release").without_stop_iteration()];
        let gateway = Gateway::start("lists-refusals", &listeners).await;
        let unknown = "Response refused: the server's response is neither plain JSON nor a plain event stream, so the list \
                       in it was not forwarded; report this to the server's operator";
        let unreadable = "Response refused: the server's response is not JSON that all clients read alike, so the list in it \
                          was not forwarded; report this to the server's operator";
        let text = tools(EVIL);
        let twice = text.replace("\"_meta\"", "\"tools\"");
        let json = ("content-type", "application/json");
        for (headers, body, message) in [
            (vec![json, ("content-encoding", "gzip")], &*text, unknown),
            (vec![("content-type", "text/event-stream"), ("content-encoding", "br")], &text, unknown),
            (vec![("content-type", "text/plain")], &text, unknown),
            (vec![], &text, unknown),
            (vec![json], &twice, unreadable),
            (vec![json], "data: x", unreadable),
        ] {
            for listener in ["hold", "release"] {
                let pieces: Vec<&[u8]> = body.as_bytes().chunks(10).collect();
                let answer = answered(&gateway, listener, &list(), &headers, &pieces, false).await;
                let error = &answer.json()["error"];
                assert_eq!((answer.status, error["message"].as_str()), (200, Some(message)), "{answer}");
                assert_eq!((answer.json()["id"].as_i64(), error["code"].as_i64()), (Some(7), Some(-32603)), "{answer}");
                assert!(!answer.text().contains("evil"), "{answer}");
            }
        }
    });
}
