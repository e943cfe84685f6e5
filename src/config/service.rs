//! What the services have in common that are asked about calls.

use crate::json::cursor::Cursor;

/// Longest text here, in bytes.
const MAX_TEXT: usize = 1024;

/// The name of a cluster.
pub(super) fn cluster(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    text(at, "", "the name of an Envoy cluster")
}

/// Longest name of a cluster that a gRPC call can go to, in bytes: the SDK takes Envoy's `GrpcService` message with that name as
/// text, and its two lengths are ASCII below 128 only.
const MAX_GRPC_CLUSTER: usize = 125;

/// The name of a cluster that a gRPC call goes to.
pub(super) fn grpc_cluster(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    match cluster(at)? {
        name if name.len() <= MAX_GRPC_CLUSTER => Some(name),
        _ => at.report_expected("at most 125 characters: give the cluster a shorter name in Envoy"),
    }
}

/// Visible ASCII: what headers can carry, and what no log mistakes.
pub(super) fn text(at: &Cursor<'_, '_>, prefix: &str, what: &str) -> Option<Box<str>> {
    match at.text()? {
        text if !text.is_empty()
            && text.starts_with(prefix)
            && text.len() <= MAX_TEXT
            && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Some(text.into())
        }
        _ => at.report_expected(what),
    }
}

/// How long a service may take, in milliseconds.
pub(super) fn timeout(at: Option<Cursor<'_, '_>>, default: u32) -> Option<u32> {
    at.map_or(Some(default), |at| u32::try_from(at.integer(1, 60_000)?).ok())
}
