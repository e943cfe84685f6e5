//! Event streams of one caller that stay open. They hold no memory to speak of, but each has a connection to the server.

use super::{ATTACKER, Attacked, Ended, Hostile, Server};
use crate::{
    answer::{assert_allowed, assert_error, assert_limited},
    client::{Request, Response, call, send},
    runtime::{run, until},
};
use serde_json::json;
use std::net::SocketAddr;

/// More than a cluster lets a server have unless its circuit breakers say otherwise.
const STREAMS: usize = 1100;
/// What one caller may have open in two workers.
const SHARE: usize = 2 * 128;
/// A source port with which an address yields an identity.
const PORT: u16 = 4321;

fn twice() -> Request {
    call("twice", &json!({}), "1", &[]).proxied_from(ATTACKER)
}

#[track_caller]
fn assert_too_many(answer: &Response) {
    let error = assert_error(answer, 503, -32603, "null");
    let message = "Request refused: this caller has as many requests and event streams open as the gateway lets one have; close one of them, then \
         repeat this request";
    assert_eq!(error["message"], message);
    assert_eq!(answer.header("retry-after"), Some("1"));
}

impl Attacked {
    /// With this server behind the attacked listener.
    async fn start_before(name: &str, server: SocketAddr) -> Self {
        Self::start(name, &json!({}), |listener| listener.in_front_of("hostile", server)).await
    }

    /// The caller has all streams that it may have; the others are refused, and so are its calls.
    async fn assert_full(&self, hostile: &Hostile) {
        hostile.wait_for_all().await;
        assert_eq!(hostile.ended(), Ended { refused: STREAMS - SHARE, other: SHARE });
        self.honest.wait_for_calls(20).await;
    }

    /// The answer to a call, once its worker has room for it.
    async fn call_twice(&self) -> Response {
        until("closed streams make room", || async {
            Some(send(self.address, &twice()).await).filter(|answer| answer.status != 503)
        })
        .await
    }
}

#[test]
fn event_streams_that_stay_open() {
    run(async {
        let server = Server::event_streams().await;
        let attacked = Attacked::start_before("budgets-streams", server.address).await;
        for is_get in [true, false] {
            let hostile = match is_get {
                true => Hostile::listen(attacked.address, STREAMS, PORT).await,
                false => Hostile::send_calls(attacked.address, STREAMS, "t", "{}").await,
            };
            attacked.assert_full(&hostile).await;
            for _ in 0..10 {
                assert_too_many(&send(attacked.address, &twice()).await);
            }
            drop(hostile);
            until("the streams are closed", || async {
                let open = attacked.gateway.stat("cluster.hostile-attacked.upstream_rq_active").await;
                (open == 0).then_some(())
            })
            .await;
        }
        // None of the refused calls was charged.
        for _ in 0..2 {
            assert_allowed(&attacked.call_twice().await);
        }
        assert_limited(&attacked.call_twice().await, "1", "twice", "/tools/twice/limits/0");
        attacked.assert_unharmed("event streams").await;
    });
}

#[test]
fn event_streams_of_a_caller_without_identity() {
    run(async {
        let server = Server::event_streams().await;
        let attacked = Attacked::start_before("budgets-streams-nameless", server.address).await;
        let hostile = Hostile::listen(attacked.address, STREAMS, 0).await;
        attacked.assert_full(&hostile).await;
        // The same address with an identity is another caller.
        let named = Hostile::listen(attacked.address, 1, PORT).await;
        named.wait_for_all().await;
        assert_eq!(named.ended(), Ended { refused: 0, other: 1 });
        attacked.assert_unharmed("event streams without identity").await;
    });
}
