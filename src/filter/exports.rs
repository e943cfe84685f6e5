//! What Envoy calls: the callbacks of the proxy-wasm ABI 0.2.1 that this filter has something to do in. What is not
//! exported is not called: Envoy takes an absent `proxy_on_vm_start` and `proxy_on_done` for success.
#![expect(unsafe_code, reason = "a host finds exports by their bare names, which nothing else must bear")]

use std::{cell::RefCell, rc::Rc};

use super::{
    contexts,
    host::{self, Action},
    http::waiting,
    root::Root,
};
use crate::engine::callout::CalloutResponse;

unsafe extern "C" {
    /// Initialises libc; the linker makes it.
    fn __wasm_call_ctors();
}

/// Begins an instance. To call `__wasm_call_ctors` is more than a rule of WASI reactors: were nothing to refer to it,
/// the linker would have every export begin with it.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: a host calls this once, before all else.
    unsafe { __wasm_call_ctors() };
    host::start_log();
}

/// Names the version of the ABI; it is never called.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// Makes a context: a root if `root` is 0.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    if root == 0 {
        contexts::add_root(context);
    } else {
        contexts::add_stream(context, root);
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(context: u32, _size: u32) -> bool {
    enter(contexts::root(context), Root::on_configure)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(context: u32) {
    enter(contexts::root(context), Root::on_tick);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: u32, end_of_stream: u32) -> Action {
    enter(contexts::stream(context), |stream| stream.on_request_headers(end_of_stream != 0))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, end_of_stream: u32) -> Action {
    enter(contexts::stream(context), |stream| stream.on_request_body(size, end_of_stream != 0))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: u32) -> Action {
    enter(contexts::stream(context), |stream| stream.on_request_trailers())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: u32, end_of_stream: u32) -> Action {
    enter(contexts::stream(context), |stream| stream.on_response_headers(end_of_stream != 0))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, end_of_stream: u32) -> Action {
    enter(contexts::stream(context), |stream| stream.on_response_body(size, end_of_stream != 0))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: u32) -> Action {
    enter(contexts::stream(context), |stream| stream.on_response_trailers())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(_root: u32, call: u32, _headers: u32, body_size: usize, _trailers: u32) {
    // Read first: what follows is about the stream that waits.
    resume(call, host::said(body_size));
}

/// The answer to a gRPC call, which is over.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_grpc_receive(_root: u32, call: u32, size: usize) {
    resume(call, host::counted(size));
}

/// A gRPC call is over without an answer.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_grpc_close(_root: u32, call: u32, _status: u32) {
    resume(call, None);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(context: u32) {
    enter(contexts::stream(context), |stream| stream.on_log());
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    enter(contexts::root(context), Root::on_delete);
    contexts::remove(context);
}

/// Goes on with the stream that waits for a call, which is over.
fn resume(call: u32, said: Option<CalloutResponse>) {
    let Some(waiting) = waiting::over(call).filter(|stream| host::enter_stream(*stream).is_ok()) else { return };
    enter(contexts::stream(waiting), |stream| stream.on_said(said));
}

/// Takes a context through a callback. Where there is none, or it is in one, the answer is the refusing default.
fn enter<C: ?Sized, T: Default>(context: Option<Rc<RefCell<C>>>, callback: impl FnOnce(&mut C) -> T) -> T {
    context.and_then(|context| Some(callback(&mut *context.try_borrow_mut().ok()?))).unwrap_or_default()
}
