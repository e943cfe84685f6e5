//! What becomes of a configuration. Envoy configures a canary first; a worker that then came to another result would
//! be left without the filter, so nothing but the bytes may decide.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    cases,
    proxy::{Fault, How, Shared, Stream, Worker, fault::STATUSES},
    request::{at_an_address, call, configuration, get},
};

#[test]
fn a_call_that_fails_while_configuring_takes_the_filter_from_no_worker() {
    for call in ["proxy_get_property", "proxy_get_buffer_bytes", "proxy_log", ""] {
        // 1 and 3 say that there is no name, or no configuration: that is an answer, and always the same.
        for status in STATUSES.into_iter().filter(|status| ![1, 3].contains(status)) {
            let mut worker = Worker::bare(&Arc::default());
            let fault = Fault::always(call, status);
            worker.world().faults = vec![fault.clone()];
            let is_accepted = worker.configure(&configuration("release"));
            worker.world().faults.clear();
            if worker.has_failed() {
                assert!(fault.may_trap() && !get().send(&mut worker).went_on.is_whole, "{call} {status}");
                continue;
            }
            assert!(is_accepted, "{call} {status}");
            let refuses = !matches!(call, "proxy_log");
            assert_eq!(code(&get().send(&mut worker)), refuses.then_some(503), "{call} {status}");
        }
    }
}

#[test]
fn without_a_name_or_a_configuration_none_is_accepted() {
    for call in ["proxy_get_property", "proxy_get_buffer_bytes"] {
        for how in [How::Status(1), How::Status(3), How::Silence, How::Garbage(Vec::new())] {
            let mut worker = Worker::bare(&Arc::default());
            let fault = Fault { call, after: 0, times: u32::MAX, how };
            worker.world().faults = vec![fault.clone()];
            assert!(!worker.configure(&configuration("release")));
            worker.world().faults.clear();
            if worker.has_failed() {
                assert!(fault.may_trap(), "{fault:?}");
                continue;
            }
            assert_eq!(code(&get().send(&mut worker)), Some(503), "{fault:?}");
        }
    }
}

#[test]
fn shared_data_has_no_say() {
    for name in ["proxy_get_shared_data", "proxy_set_shared_data"] {
        for status in STATUSES {
            let mut worker = Worker::bare(&Arc::default());
            let fault = Fault::always(name, status);
            worker.world().faults = vec![fault.clone()];
            let is_accepted = worker.configure(&configuration("release"));
            if worker.has_failed() {
                assert!(fault.may_trap(), "{fault:?}");
                continue;
            }
            assert!(is_accepted, "{name} {status}");
            worker.world().properties = at_an_address();
            assert_eq!(code(&call("ok").send(&mut worker)), None, "{name} {status}");
            assert_eq!(code(&call("limited").send(&mut worker)), Some(200), "{name} {status}");
        }
    }
}

#[test]
fn the_canary_makes_every_key_and_no_request_makes_more() {
    let shared = Arc::new(Shared::default());
    Worker::canary(&shared, &configuration("release"));
    let keys = shared.keys();
    assert_eq!(keys.len(), 5189, "5,188 cells and the seed");
    assert!(keys.iter().all(|key| key.starts_with(b"mcp-policy/1/")));
    let mut worker = Worker::new(&shared, &configuration("hold"));
    worker.world().properties = at_an_address();
    for n in 0..50 {
        worker.world().properties.insert(b"source\0address".to_vec(), Some(format!("10.0.0.{n}:9").into_bytes()));
        let mut stream = call("limited").send(&mut worker);
        assert_eq!(code(&stream), None);
        stream.close(&mut worker);
    }
    assert_eq!(shared.keys(), keys);
}

#[test]
fn a_module_makes_the_cells_that_one_before_it_did_not_and_keeps_the_others() {
    let shared = Arc::new(Shared::default());
    let before: Vec<Vec<u8>> = (0..4097)
        .map(|cell| format!("mcp-policy/1/{cell}"))
        .chain(["mcp-policy/1/seed".to_owned()])
        .map(Into::into)
        .collect();
    for key in &before {
        shared.set(key, if key.ends_with(b"seed") { b"sixteen bytes ok" } else { b"mcp\x01" }, 0);
    }
    let versions = |keys: &[Vec<u8>]| keys.iter().map(|key| shared.get(key)).collect::<Vec<_>>();
    let kept = versions(&before);
    Worker::canary(&shared, &configuration("release"));
    assert_eq!(shared.keys().len(), 5189);
    assert_eq!(versions(&before), kept);
}

#[test]
fn any_bytes_are_accepted_or_rejected_alike_on_every_worker() {
    let sound = configuration("release");
    let noise = prop_oneof![
        vec(any::<u8>(), 0..100),
        (any::<Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = sound.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ];
    cases::run(200, &noise, |bytes| {
        let shared = Arc::new(Shared::prepared());
        let results = [0, 1].map(|_| {
            let mut worker = Worker::bare(&shared);
            let garbage = How::Garbage(bytes.clone());
            worker.world().faults =
                vec![Fault { call: "proxy_get_buffer_bytes", after: 0, times: u32::MAX, how: garbage }];
            worker.configure("{}")
        });
        assert_eq!(results[0], results[1]);
        assert_eq!(results[0], mcp_policy::config::Config::load(&bytes).is_ok());
    });
}

/// The status of the answer, if there is one.
fn code(stream: &Stream) -> Option<u32> {
    stream.replies.first().map(|reply| reply.code)
}
