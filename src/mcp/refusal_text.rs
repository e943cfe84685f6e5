//! Every sentence about a message that is refused before any rule is evaluated, and about a response that is not forwarded.
//! Agents and the developers of clients read them, so each says what is wrong and what to send instead. Sentences about
//! denials are in `engine/authorize/denial_text.rs`: what a policy decides is not known here.

use crate::{json::Fault, text::excerpt};

// === the HTTP head

pub(super) const METHOD: &str = "the HTTP method is not supported; send the message with POST";
pub(super) const PROTOCOL_UPGRADE: &str = "the gateway does not support protocol upgrades; remove the header `Upgrade`";
pub(super) const TWO_CREDENTIALS: &str = "the header `authorization` has two credentials; send one";
pub(super) const NO_BODY: &str = "the POST has no body; send one JSON-RPC message";
pub(super) const UNEXPECTED_BODY: &str = "only a POST request may have a body; send the message with POST";
pub(super) const FORM: &str = "the body is a form, not JSON; send the message as `application/json`, or, if this is an endpoint of \
    OAuth, ask the gateway's operator to bind its route with `bypass`";
pub(super) const ORIGIN: &str = "the gateway does not accept requests from pages of this origin; ask its operator to list the \
    origin in `protocol.origins`";
pub(super) const MEDIA_TYPE: &str =
    "`Content-Type` is not `application/json`; send `application/json`, without parameters or with `charset=utf-8`";
pub(super) const COMPRESSED: &str = "the body is compressed; send it without `Content-Encoding`";
pub(super) const LENGTH: &str = "the header `content-length` is not a single number; send the size of the body";

pub(super) fn method_override(header: &str) -> String {
    format!("the header `{header}` overrides the HTTP method; remove it")
}

pub(super) fn repeated_header(header: &str) -> String {
    format!("the header `{header}` occurs more than once; send it once")
}

/// A header makes Envoy send a request twice.
pub(super) fn repeating_header(header: &str) -> String {
    format!("the header `{header}` makes Envoy send the request twice; remove it")
}

pub(super) fn too_large(max_body: usize) -> String {
    format!("the body is larger than {max_body} bytes; send a smaller message")
}

/// The caller's share of memory is used up.
pub(super) const NO_ROOM: &str = "the open requests of this caller use up its share of the gateway's memory; wait for one of \
    them to end, then repeat this request";

/// The caller has its share of open streams.
pub(super) const TOO_MANY_STREAMS: &str = "this caller has as many requests and event streams open as the gateway lets one have; \
    close one of them, then repeat this request";

// === the body

pub(super) const BATCH: &str = "the body is not a JSON object; send one message per request, not a batch";
pub(super) const VERSION: &str = "`jsonrpc` is not \"2.0\"; send \"2.0\"";
pub(super) const METHOD_TYPE: &str = "`method` is not a string; send the name of a method";
pub(super) const METHOD_AND_RESULT: &str =
    "the message has a `method` and also a `result` or `error`; send one of them";
pub(super) const RESULT_AND_ERROR: &str = "the response has both a `result` and an `error`; send one of them";
pub(super) const NO_METHOD: &str = "the message has no `method`; send one";
pub(super) const METHOD_CONTROL: &str = "`method` has a control character; remove it";
pub(super) const ID: &str =
    "`id` is not valid; send a string of at most 256 bytes, or an integer within 2^53-1 in plain digits";
pub(super) const RESPONSE_WITHOUT_ID: &str = "the response has no `id`; send the id of the request that it answers";
pub(super) const NOTIFICATION_WITH_ID: &str = "the notification has an `id`; remove it";
pub(super) const REQUEST_WITHOUT_ID: &str = "the request has no `id`; send one";
pub(super) const META_VERSION_TYPE: &str = "the protocol version in `params._meta` is not a string; send a string";
pub(super) const REFERENCE: &str = "`params.ref` has both `name` and `uri`; send the one that its type needs";

pub(super) const OTHER_JSON: &str = "the body is not a JSON-RPC message; send one, or, if this is an endpoint of OAuth, ask the \
    gateway's operator to bind its route with `bypass`";

pub(super) fn too_deep(fault: &Fault) -> String {
    format!("the body has {fault}; send values that nest less deeply")
}

pub(super) fn half_surrogate(fault: &Fault) -> String {
    format!("the body has {fault}, as if a text was cut within a character; send whole characters")
}

pub(super) fn not_strict_json(fault: &Fault) -> String {
    format!("the body is not strict JSON: {fault}")
}

/// A name occurs twice, or some server reads it as another.
pub(super) fn name_fault(fault: &Fault) -> String {
    format!("{fault}; send each name once, spelled as in the specification")
}

pub(super) fn not_an_object(member: &str) -> String {
    format!("`{member}` is not an object; send an object or leave it out")
}

pub(super) fn not_a_string(member: &str) -> String {
    format!("`{member}` is not a string; send a string")
}

pub(super) fn empty(member: &str) -> String {
    format!("`{member}` is empty; send a non-empty string")
}

pub(super) fn missing(member: &str) -> String {
    format!("`{member}` is missing; the method needs it")
}

pub(super) fn control_character(member: &str) -> String {
    format!("`{member}` has a control character; remove it")
}

pub(super) fn long_name(member: &str, max: usize) -> String {
    format!("`{member}` is longer than {max} bytes; send the exact name")
}

/// `what` names the URI, with back-ticks.
pub(super) fn long_uri(what: &str, max: usize) -> String {
    format!("{what} is longer than {max} bytes; send a shorter one")
}

pub(super) fn too_many(member: &str, of: &str, max: usize) -> String {
    format!("`{member}` has more than {max} {of}; send several requests")
}

pub(super) fn not_a_list(member: &str, of: &str) -> String {
    format!("`{member}` is not a list of strings; send a list of {of}")
}

// === batches

pub(super) const NOT_A_MESSAGE: &str = "it is not a JSON object";
pub(super) const INITIALIZE_IN_BATCH: &str = "`initialize` must not be in a batch; send each message by itself";

pub(super) fn batch_size(count: usize, max: usize) -> String {
    format!("the batch has {count} messages, and 1 to {max} are allowed; send each message by itself")
}

pub(super) fn invalid_in_batch(why: &str) -> String {
    format!("a message of the batch is not valid: {why}")
}

pub(super) fn duplicate_id_in_batch(id: &str) -> String {
    format!("two requests of the batch have the id `{id}`; send each message by itself")
}

pub(super) fn no_batches(revision: &str) -> String {
    format!("only revision {revision} has batches; send each message by itself")
}

// === headers that repeat the body

pub(super) const RESPONSE_FROM_CLIENT: &str =
    "this protocol revision has no responses from clients; repeat the call with `inputResponses`";
pub(super) const NO_VERSION_HEADER: &str =
    "the header `MCP-Protocol-Version` is missing; send the version of `params._meta`";
pub(super) const NO_VERSION_IN_BODY: &str =
    "`params._meta` has no protocol version; send that of the header `MCP-Protocol-Version`";
pub(super) const VERSIONS_DIFFER: &str =
    "the header `MCP-Protocol-Version` and `params._meta` have different versions; send the same in both";

pub(super) fn method_not_found(method: &str) -> String {
    format!("this protocol revision has no method `{method}`; use another one")
}

/// The gateway accepts only some protocol revisions.
pub(super) fn not_accepted(revision: &str, accepted: &[&str]) -> String {
    let accepted = accepted.join(", ");
    format!("the gateway does not accept the protocol revision `{}`; use one of {accepted}", excerpt(revision))
}

pub(super) fn missing_header(header: &str, member: &str) -> String {
    format!("the header `{header}` is missing; send the value of `{member}`")
}

pub(super) fn different_header(header: &str, member: &str) -> String {
    format!("the header `{header}` differs from `{member}`; send the same value in both")
}

// === responses

pub(super) const LONG_LIST: &str = "the server's response is longer than `lists.max_bytes`, so it was not forwarded; \
    ask the gateway's operator to raise it, or the server's to list in pages";
pub(super) const NO_ROOM_FOR_RESPONSE: &str = "the gateway has no memory left for responses to this caller, so this one was not \
    forwarded; wait for other requests to end, then repeat this one";
pub(super) const TOO_MANY_ENTRIES: &str = "a list in the server's response has more than 100,000 entries, so it was not \
    forwarded; ask the server's operator to list in pages";
pub(super) const LIST_TOO_MUCH_WORK: &str = "to look up the entries of the server's response in the policy takes too much work, so it was \
    not forwarded; ask the gateway's operator to use fewer patterns, or the server's to list in pages";
pub(super) const UNREADABLE_LIST: &str = "the server's response is not JSON that all clients read alike, so the list in it \
    was not forwarded; report this to the server's operator";
/// The answer to a call, or a message on a stream that lists nothing, cannot be read.
pub const UNREADABLE_MESSAGE: &str =
    "the answer is not JSON that all clients read alike; report this to the server's operator";
/// A response has a format in which lists cannot be filtered.
pub const UNKNOWN_FORMAT: &str = "the server's response is neither plain JSON nor a plain event stream, so the list in it \
    was not forwarded; report this to the server's operator";
/// Of a list.
pub const OTHER_ROUTE: &str = "the request took another route than its policy is bound to, so its response was not \
    forwarded; report this to the gateway's operator";
pub(super) const GATEWAY_FAILED: &str = "the gateway failed, so it did not forward the request; repeat it later";
