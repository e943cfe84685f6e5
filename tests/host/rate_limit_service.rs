//! A service that counts for several Envoys, and what it says; bytes as `protoc` would write them.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    proxy::{CallKind, CallResponse, Delivery, OwnCall},
    request::with_options,
    service::SERVICE,
};

/// The key that names it, and says what happens where it does not count.
pub(crate) fn service(on_failure: &str) -> String {
    format!(r#""service":{{"cluster":"counts","domain":"agents","timeout_ms":300,"on_failure":"{on_failure}"}}"#)
}

/// A configuration under which `limited` may be called twice a minute, as this service counts it.
pub(crate) fn counting(mode: &str, on_failure: &str) -> String {
    with_options(&format!(r#"{},"limits":{{{}}}"#, protocol(mode), service(on_failure)))
}

/// The same where another service is asked first whether `approval_callout` may be called.
pub(crate) fn asking_both(mode: &str) -> String {
    with_options(&format!(r#"{},"limits":{{{}}},{SERVICE}"#, protocol(mode), service("deny")))
}

fn protocol(mode: &str) -> String {
    format!(r#""protocol":{{"headers":"{mode}","max_body_bytes":4096}}"#)
}

/// A field of a message: a text, or another message.
pub(crate) fn field(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let size = content.len();
    let size = match u8::try_from(size) {
        Ok(size) if size < 0x80 => vec![size],
        _ => {
            vec![u8::try_from(size & 0x7f).expect("seven bits") | 0x80, u8::try_from(size >> 7).expect("under 32 KiB")]
        }
    };
    [&[number << 3 | 2], size.as_slice(), content].concat()
}

/// A descriptor: the counter, the hits, and the limit for a minute.
pub(crate) fn descriptor(counter: &str, hits: u8, limit: u8) -> Vec<u8> {
    let entries = [("policy", "default"), ("counter", counter), ("identity", "address:10.0.0.7")];
    let entries = entries.map(|(key, value)| field(1, [field(1, key), field(2, value)].concat())).concat();
    field(2, [entries, field(2, [8, limit, 16, 2]), field(3, [8, hits])].concat())
}

/// A request to it with these descriptors, each with so many hits.
pub(crate) fn rate_limit_request(descriptors: &[Vec<u8>], hits: u8) -> Vec<u8> {
    [field(1, "agents"), descriptors.concat(), vec![24, hits]].concat()
}

/// A message by gRPC.
pub(crate) fn message(body: impl Into<Vec<u8>>) -> CallResponse {
    CallResponse { came: Delivery::Message, body: body.into(), ..CallResponse::default() }
}

/// No message, but an end with this status.
pub(crate) fn closed(status: u32) -> CallResponse {
    CallResponse { came: Delivery::Closed(status), ..CallResponse::default() }
}

/// What it says when there is room, and the call is charged.
pub(crate) fn charged() -> CallResponse {
    message([8, 1])
}

/// What it says when there is no room for so many seconds.
pub(crate) fn full(seconds: u8) -> CallResponse {
    message([&[8, 2][..], &field(2, [&[8, 2][..], &field(4, [8, seconds])].concat())].concat())
}

/// Answers that tell of no count: none, and odd ones.
pub(crate) fn unwilling() -> Vec<CallResponse> {
    let bodies: [&[u8]; 12] = [
        b"",
        // No code, and codes that there are not.
        &[8, 0],
        &[8, 3],
        &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        // The last one counts.
        &[8, 1, 8, 0],
        // Cut off, and cut off behind what would do.
        &[8],
        &[8, 1, 18],
        &[8, 1, 18, 5, 8, 1],
        &[8, 1, 18, 2, 10, 9],
        // A code that is not a number, and wire types that do not exist.
        &[10, 1, 1],
        &[8, 1, 0xff],
        b"\xff\xff\xff",
    ];
    let statuses = (0..=16).chain([17, 1000, u32::MAX]);
    bodies.into_iter().map(message).chain(statuses.map(closed)).collect()
}

/// Any answer.
pub(crate) fn answers() -> impl Strategy<Value = CallResponse> {
    prop_oneof![
        4 => Just(charged()),
        2 => (0..100_u8).prop_map(full),
        3 => select(unwilling()),
        1 => vec(any::<u8>(), 0..40).prop_map(message),
    ]
}

/// Asserts that a request of the module's own is the one that the service expects.
#[track_caller]
pub(crate) fn assert_charges(call: &OwnCall, root: u32, request: &[u8]) {
    let service = "envoy.service.ratelimit.v3.RateLimitService".to_owned();
    assert_eq!(call.does, CallKind::Grpc { service, method: "ShouldRateLimit".to_owned() });
    // `GrpcService { envoy_grpc { cluster_name } }`
    let target = b"\x0a\x08\x0a\x06counts".as_slice();
    assert_eq!((call.root, call.cluster.as_slice(), call.timeout), (root, target, 300));
    assert_eq!(call.headers, []);
    assert_eq!(call.body.escape_ascii().to_string(), request.escape_ascii().to_string());
}
