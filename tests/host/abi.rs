//! What the module imports from a host, and what it exports to one.

use std::collections::BTreeSet;

use wasmtime::ExternType;

use crate::proxy::{fault::CALLS, module::MODULE};

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

/// What Envoy 1.36, the oldest that the module is for, has under `env` for modules of ABI 0.2.1.
const ENVOY: [&str; 39] = [
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_buffer_bytes",
    "proxy_get_buffer_status",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_size",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

/// What the module exports, with how many numbers go in and come out; Envoy refuses a module where these differ. The SDK exports
/// more, which Envoy calls for filters of TCP connections, queues and foreign functions, or to do nothing here (`proxy_on_done`):
/// `envoy/binaryen/exports.json` leaves that out.
const EXPORTS: [(&str, usize, usize); 18] = [
    ("_initialize", 0, 0),
    ("proxy_abi_version_0_2_1", 0, 0),
    ("proxy_on_configure", 2, 1),
    ("proxy_on_context_create", 2, 0),
    ("proxy_on_delete", 1, 0),
    ("proxy_on_grpc_close", 3, 0),
    ("proxy_on_grpc_receive", 3, 0),
    ("proxy_on_http_call_response", 5, 0),
    ("proxy_on_log", 1, 0),
    ("proxy_on_memory_allocate", 1, 1),
    ("proxy_on_request_body", 3, 1),
    ("proxy_on_request_headers", 3, 1),
    ("proxy_on_request_trailers", 2, 1),
    ("proxy_on_response_body", 3, 1),
    ("proxy_on_response_headers", 3, 1),
    ("proxy_on_response_trailers", 2, 1),
    ("proxy_on_tick", 1, 0),
    ("proxy_on_vm_start", 2, 1),
];

#[test]
fn the_module_loads_in_every_envoy() {
    for import in MODULE.imports() {
        match import.module() {
            "env" => assert!(ENVOY.contains(&import.name()), "{}", import.name()),
            "wasi_snapshot_preview1" => assert!(WASI.contains(&import.name()), "{}", import.name()),
            other => panic!("nothing has {other:?}"),
        }
        assert!(import.ty().func().is_some(), "{} is a function", import.name());
    }
}

/// The SDK imports more than the module calls; this host answers those with a status upon which the SDK panics.
#[test]
fn the_module_imports_every_call_that_this_host_models() {
    let imports: BTreeSet<&str> = MODULE.imports().map(|import| import.name()).collect();
    assert_eq!(CALLS.iter().find(|call| !imports.contains(*call)), None);
}

#[test]
fn the_module_exports_the_callbacks_of_an_http_filter() {
    let functions: BTreeSet<_> = MODULE
        .exports()
        .filter_map(|export| match export.ty() {
            ExternType::Func(ty) => {
                let is_number = |ty: wasmtime::ValType| ty.is_i32();
                assert!(ty.params().chain(ty.results()).all(is_number), "{}: {ty}", export.name());
                Some((export.name(), ty.params().len(), ty.results().len()))
            }
            _ => {
                assert_eq!(export.name(), "memory");
                None
            }
        })
        .collect();
    assert_eq!(functions, EXPORTS.into());
}
