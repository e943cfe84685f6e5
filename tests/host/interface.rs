//! What the module wants of a host, and what a host wants of it.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    machine::{Part, Shared, Worker, fault::CALLS, module::MODULE},
    request::{at_an_address, call, configuration, list},
};

/// The WASI functions that every Envoy in use has, up to 1.31; a missing import keeps a module from loading.
const WASI: [&str; 15] = [
    "args_get",
    "args_sizes_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_close",
    "fd_fdstat_get",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_read",
    "fd_seek",
    "fd_write",
    "path_open",
    "proc_exit",
    "random_get",
];

/// What Envoy looks for: the version of the ABI, an allocator, and the callbacks.
const EXPORTS: [&str; 16] = [
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_done",
    "proxy_on_log",
    "proxy_on_memory_allocate",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_response_body",
    "proxy_on_response_headers",
    "proxy_on_response_trailers",
    "proxy_on_vm_start",
];

#[test]
fn the_module_loads_in_every_envoy() {
    for import in MODULE.imports() {
        match import.module() {
            "env" => assert!(import.name().starts_with("proxy_"), "{}", import.name()),
            "wasi_snapshot_preview1" => assert!(WASI.contains(&import.name()), "{}", import.name()),
            other => panic!("nothing has {other:?}"),
        }
        assert!(import.ty().func().is_some(), "{} is a function", import.name());
    }
}

#[test]
fn the_module_has_what_a_host_calls() {
    let exports: BTreeSet<&str> = MODULE.exports().map(|export| export.name()).collect();
    let missing: Vec<_> = EXPORTS.iter().filter(|name| !exports.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} of {exports:?}");
}

/// The SDK's dispatcher brings more imports along than are ever called; one of these would answer "unimplemented".
#[test]
fn the_module_calls_nothing_that_this_host_does_not_model() {
    let mut worker = Worker::new(&Arc::new(Shared::default()), &configuration("release"));
    worker.world().properties = at_an_address();
    for tool in ["ok", "limited", "evil"] {
        call(tool).send(&mut worker).close(&mut worker);
    }
    for text in ["data: {}\n\n", "data: {\"method\":1,\"result\":{\"tools\":1}}"] {
        let mut stream = list().send(&mut worker);
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", "text/event-stream")]), false);
        stream.answer(&mut worker, Part::Body(text.as_bytes()), true);
        stream.close(&mut worker);
    }
    let called = worker.world().called.clone();
    assert!(called.iter().all(|name| CALLS.contains(&name.as_str())), "{called:?}");
}
