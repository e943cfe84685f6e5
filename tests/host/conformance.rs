//! By Envoy's rules, whatever the request and its chunks, the module does what the engine says natively: the same
//! answer to the byte, or the same bytes onwards.

use std::{cell::RefCell, sync::Arc};

use mcp_policy::{config::Config, engine::callout::Callout, time::Timestamp};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    cases,
    oracle::{self, InShared},
    proxy::{CallResponse, Part, ROOT, Shared, Worker},
    rate_limit_service::{self, asking_both, assert_charges, counting},
    request::{MODES, Properties, Request, at_an_address, configuration, requests},
    service::{self, asking, assert_asks},
};

#[test]
fn each_request_ends_as_the_engine_says_whatever_its_chunks_and_its_end() {
    let configurations = |mode| {
        let counting = ["deny", "local"].map(|on_failure| counting(mode, on_failure));
        [configuration(mode), asking(mode), asking_both(mode)].into_iter().chain(counting).map(move |text| (mode, text))
    };
    for (mode, text) in MODES.into_iter().flat_map(configurations) {
        let config = Config::load(text.as_bytes()).expect("a sound configuration");
        let shared = Arc::new(Shared::prepared());
        // Two workers, and counters that fill up from case to case.
        let workers = RefCell::new([Worker::new(&shared, &text), Worker::new(&shared, &text)]);
        let said = (service::answers(), rate_limit_service::answers());
        let values = (requests(), properties(), any::<bool>(), clock(), said, answers());
        cases::run(400, &values, |(request, properties, which, now, said, answer)| {
            let mut workers = workers.borrow_mut();
            let worker = &mut workers[usize::from(which)];
            worker.world().now = now;
            worker.world().properties = properties.clone();
            check(worker, mode, &config, &shared, &request, &said, &answer);
        });
    }
}

fn check(
    worker: &mut Worker,
    mode: &str,
    config: &Config,
    shared: &Shared,
    request: &Request,
    (ruled, counted): &(CallResponse, CallResponse),
    answer: &[Vec<u8>],
) {
    let now = Timestamp(worker.world().now / 1_000_000);
    let properties = worker.world().properties.clone();
    let expected = oracle::end(config, request, &properties, now, &InShared(shared.copy()), &|ask| match ask {
        Callout::Approval(_) => ruled.clone(),
        Callout::Charge { .. } => counted.clone(),
        Callout::Store { .. } => panic!("no etcd keeps approvals"),
    });
    let mut stream = request.send(worker);
    for ask in expected.asks {
        assert!(stream.is_open() && stream.went_on.body.is_empty(), "{stream:?}");
        let callout = worker.world().calls.first().cloned().expect("a callout");
        match ask {
            Callout::Approval(question) => {
                assert_asks(&callout, ROOT, &question.body);
                stream.receive(worker, callout.number, ruled);
            }
            Callout::Charge { message, .. } => {
                assert_charges(&callout, ROOT, &message);
                stream.receive(worker, callout.number, counted);
            }
            Callout::Store { .. } => panic!("no etcd keeps approvals"),
        }
    }
    assert_eq!(worker.world().calls, []);
    match expected.reply {
        Some(reply) => {
            assert_eq!(stream.replies, [reply], "{ruled:?} {counted:?}");
            assert!(stream.went_on.body.is_empty() && !stream.went_on.is_whole, "{:?}", stream.went_on);
            assert!(mode == "release" || stream.went_on.headers.is_none(), "{:?}", stream.went_on);
        }
        None => {
            assert!(stream.replies.is_empty() && stream.went_on.is_whole, "{stream:?}");
            assert_eq!(stream.went_on.body, request.body());
            assert_eq!(stream.went_on.headers, Some(oracle::stripped(config, &request.headers)));
            stream.answer(worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
            for chunk in answer {
                stream.answer(worker, Part::Body(chunk), false);
            }
            stream.answer(worker, Part::Trailers, true);
        }
    }
    stream.close(worker);
    // The second says what a list lost, or that it is refused.
    let has = |note: &[u8], text: &[u8]| note.windows(text.len()).any(|part| part == text);
    let is_second = |note: &Vec<u8>| has(note, br#","hidden":"#) || has(note, br#""reason":"list""#);
    assert!(stream.notes.len() < 3 && stream.notes.iter().skip(1).all(is_second), "{:?}", stream.notes);
    assert!(stream.notes.iter().all(|note| serde_json::from_slice::<serde_json::Value>(note).is_ok()));
}

/// What Envoy knows: missing, null, empty, sound or noise.
fn properties() -> impl Strategy<Value = Properties> {
    const SOUND: [&str; 6] = ["10.0.0.7:1", "10.0.0.8:2", "[2001:db8::1]:3", "10.0.0.7:0", "spiffe://a/b", ""];
    const PATHS: [&str; 4] =
        ["connection\0uri_san_peer_certificate", "source\0address", "upstream\0address", "response\0flags"];
    let value = prop_oneof![
        Just(None),
        select(&SOUND[..]).prop_map(|text| Some(text.as_bytes().to_vec())),
        vec(any::<u8>(), 0..300).prop_map(Some),
    ];
    let more = vec((select(&PATHS[..]), value), 0..4);
    more.prop_map(|more| {
        let more = more.into_iter().map(|(path, value)| (path.as_bytes().to_vec(), value));
        at_an_address().into_iter().chain(more).collect()
    })
}

/// A clock that jumps ahead and back, in nanoseconds.
fn clock() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 1_767_225_600_000_000_000_u64..1_767_225_800_000_000_000, 1 => any::<u64>()]
}

fn answers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..20), 0..3)
}
