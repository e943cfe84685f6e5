//! A filter that lets everything through, or answers everything itself, and makes calls into Envoy: what they cost, with the memory that is handed over.
//! Its configuration names them and how often each is made: `shared_get 16` or `header_pairs 1, request_body 1`. What a
//! request has only while its headers pass is asked for then, what concerns the answer at its head, everything else at
//! the end of the body. `answer_head 1` answers when the head has come, `answer_body 1` when the body has, and holds the head
//! until then.
//!
//! It exports every callback that our filter has; one that is renamed in the built module is one that Envoy does not call.
#![cfg(target_os = "wasi")]

mod abi;

use std::cell::{Cell, RefCell};

use abi::{Buffer, Map};

thread_local! {
    static TASKS: RefCell<Vec<(Task, u32)>> = const { RefCell::new(Vec::new()) };
    static METRIC: Cell<u32> = const { Cell::new(0) };
    /// Whether requests are held until their bodies have come.
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;

/// Key of the shared data, which is as long as a cell's.
const KEY: &str = "mcp-policy/1/probe";
/// As long as a cell with one counter in it.
const CELL: [u8; 44] = [1; 44];
/// As long as the record of a call.
const RECORD: [u8; 320] = [b'x'; 320];
/// As long as the answer to a call that is denied.
const ANSWER: [u8; 480] = [b'x'; 480];
/// `content-type: application/json`, as the ABI writes headers.
const ANSWER_HEADERS: &[u8] = b"\x01\0\0\0\x0c\0\0\0\x10\0\0\0content-type\0application/json\0";

#[derive(Clone, Copy, PartialEq)]
enum Task {
    HeaderPairs,
    HeaderValue,
    PropertyAddress,
    PropertyAbsent,
    RequestBody,
    Time,
    SharedGet,
    SharedSet,
    SetRecord,
    AddToMetric,
    PropertyAttempts,
    PropertyUpstream,
    PropertyFlags,
    AnswerHead,
    AnswerBody,
    Hold,
}

impl Task {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "header_pairs" => Self::HeaderPairs,
            "header_value" => Self::HeaderValue,
            "property_address" => Self::PropertyAddress,
            "property_absent" => Self::PropertyAbsent,
            "request_body" => Self::RequestBody,
            "time" => Self::Time,
            "shared_get" => Self::SharedGet,
            "shared_set" => Self::SharedSet,
            "set_record" => Self::SetRecord,
            "add_to_metric" => Self::AddToMetric,
            "property_attempts" => Self::PropertyAttempts,
            "property_upstream" => Self::PropertyUpstream,
            "property_flags" => Self::PropertyFlags,
            "answer_head" => Self::AnswerHead,
            "answer_body" => Self::AnswerBody,
            "hold" => Self::Hold,
            _ => return None,
        })
    }

    fn phase(self) -> Phase {
        match self {
            Self::HeaderPairs
            | Self::HeaderValue
            | Self::PropertyAddress
            | Self::PropertyAbsent
            | Self::AnswerHead
            | Self::Hold => Phase::Headers,
            Self::PropertyAttempts | Self::PropertyUpstream | Self::PropertyFlags => Phase::Answer,
            _ => Phase::Body,
        }
    }

    /// Whether the call did what it should.
    fn once(self) -> bool {
        match self {
            Self::HeaderPairs => abi::headers(Map::Request).is_ok(),
            Self::HeaderValue => abi::header(Map::Request, "content-type").is_ok(),
            Self::PropertyAddress => abi::property("source\0address").is_ok(),
            Self::PropertyAbsent => abi::property("connection\0uri_san_peer_certificate").is_err(),
            Self::RequestBody => abi::buffer(Buffer::RequestBody).is_ok(),
            Self::Time => abi::time().is_ok(),
            Self::SharedGet => abi::shared(KEY).is_ok(),
            Self::SharedSet => abi::set_shared(KEY, &CELL).is_ok(),
            Self::SetRecord => abi::set_property("mcp_policy", &RECORD).is_ok(),
            Self::AddToMetric => abi::increment_metric(METRIC.get()).is_ok(),
            Self::PropertyAttempts => abi::property("upstream\0request_attempt_count").is_ok(),
            Self::PropertyUpstream => abi::property("upstream\0address").is_ok(),
            Self::PropertyFlags => abi::property("response\0flags").is_ok(),
            Self::AnswerHead | Self::AnswerBody => abi::answer(ANSWER_HEADERS, &ANSWER).is_ok(),
            // What the callbacks return does it.
            Self::Hold => true,
        }
    }
}

#[derive(PartialEq)]
enum Phase {
    Headers,
    Body,
    Answer,
}

/// Does what there is to do in this phase, and says whether that was to answer. A call that fails traps: it would cost
/// something else.
fn work(phase: Phase) -> bool {
    TASKS.with_borrow(|tasks| {
        for (task, times) in tasks.iter().filter(|(task, _)| task.phase() == phase) {
            assert!((0..*times).all(|_| task.once()));
        }
        tasks.iter().any(|(task, _)| matches!(task, Task::AnswerHead | Task::AnswerBody) && task.phase() == phase)
    })
}

/// The tasks that a configuration names.
fn tasks(text: &str) -> Option<Vec<(Task, u32)>> {
    let task = |part: &str| {
        let (name, times) = part.trim().split_once(' ')?;
        Some((Task::named(name)?, times.parse().ok()?))
    };
    text.split(',').filter(|part| !part.is_empty()).map(task).collect()
}

unsafe extern "C" {
    fn __wasm_call_ctors();
}

#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: a host calls this once, before all else.
    unsafe { __wasm_call_ctors() };
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(_context: u32, _root: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(_context: u32, _size: u32) -> bool {
    let text = abi::buffer(Buffer::Configuration).unwrap_or_default();
    let Some(tasks) = std::str::from_utf8(&text).ok().and_then(tasks) else { return false };
    HOLDS.set(tasks.iter().any(|(task, _)| matches!(task, Task::AnswerBody | Task::Hold)));
    TASKS.set(tasks);
    METRIC.set(abi::define_metric("probe").unwrap_or_default());
    abi::set_shared(KEY, &CELL).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(_context: u32, _count: u32, _end: u32) -> u32 {
    if work(Phase::Headers) || HOLDS.get() { PAUSE } else { CONTINUE }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(_context: u32, _size: u32, end: u32) -> u32 {
    let answered = end != 0 && work(Phase::Body);
    if answered || HOLDS.get() && end == 0 { PAUSE } else { CONTINUE }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(_context: u32, _count: u32) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(_context: u32, _count: u32, _end: u32) -> u32 {
    work(Phase::Answer);
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(_context: u32, _size: u32, _end: u32) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(_context: u32, _count: u32) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(_context: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(_context: u32) {}
