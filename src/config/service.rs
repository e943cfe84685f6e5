//! Reads the keys that approval services and rate-limit services have in common.

use crate::json::cursor::Cursor;

/// Longest value of these keys, in bytes.
const MAX_TEXT: usize = 1024;

/// Reads the name of a cluster.
pub(super) fn cluster(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    read_ascii(at, "", "the name of an Envoy cluster")
}

/// Longest name of a cluster for gRPC calls, in bytes: the SDK takes Envoy's `GrpcService` message with that name as a string,
/// and its two length bytes are UTF-8 only below 128.
const MAX_GRPC_CLUSTER: usize = 125;

/// Reads the name of a cluster for gRPC calls.
pub(super) fn grpc_cluster(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    match cluster(at)? {
        name if name.len() <= MAX_GRPC_CLUSTER => Some(name),
        _ => at.report_expected("at most 125 characters: give the cluster a shorter name in Envoy"),
    }
}

/// Reads a text of visible ASCII, which is valid in headers and unambiguous in logs.
pub(super) fn read_ascii(at: &Cursor<'_, '_>, prefix: &str, what: &str) -> Option<Box<str>> {
    let text = at.text_or_empty();
    if is_ascii_text(text, prefix) { Some(text.into()) } else { at.report_expected(what) }
}

/// Whether a text is of visible ASCII and begins with `prefix`.
pub(super) fn is_ascii_text(text: &str, prefix: &str) -> bool {
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    !text.is_empty() && text.starts_with(prefix) && text.len() <= MAX_TEXT && text.bytes().all(is_visible)
}

/// Reads a host.
pub(super) fn authority(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    read_ascii(at, "", "a host, such as `approvals.example.com`")
}

/// Reads a timeout, in milliseconds.
pub(super) fn timeout(at: Option<Cursor<'_, '_>>, default: u32) -> Option<u32> {
    at.map_or(Some(default), |at| u32::try_from(at.integer(1, 60_000)?).ok())
}
