//! The machine that trims lists: what goes on does not depend on how an answer is cut, a stream that lists nothing passes
//! byte for byte, and no entry goes on that is not shown. A first line says how: ids, batch, era, bytes that are read, sizes
//! of chunks.
#![no_main]

#[path = "../../properties/lists/events.rs"]
mod events;

use libfuzzer_sys::fuzz_target;
use mcp_policy::mcp::list::{ListKind, ListRequest, ListStream, PrivateLists, StreamAborted};
use mcp_policy_fuzz::Allowance;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((setup, answer)) = data.split_at_checked(4) else { return };
    let asked = ListRequest {
        is_unchanged: false,
        ids: ["7", "\"b\""].iter().take(usize::from(setup[0] % 3)).map(ToString::to_string).collect(),
        is_batch: setup[0] & 4 > 0,
        private: [PrivateLists::Never, PrivateLists::Filtered, PrivateLists::All]
            [usize::from(setup[0] >> 3 & 3).min(2)],
        max_bytes: if setup[1] > 127 { 1 << 20 } else { usize::from(setup[1]) + 1 },
    };
    for trimmer in [ListStream::json(asked.clone()), ListStream::events(asked.clone())] {
        let whole = Allowance::of(answer.len() * 8).keep(|| trimmed(&trimmer, [answer].into_iter()));
        let bytes = trimmed(&trimmer, answer.chunks(1));
        let mut sizes = setup[2..].iter().cycle().map(|size| usize::from(*size) % 40);
        let mut rest = answer;
        let chunks = std::iter::from_fn(|| {
            let (chunk, behind) = rest.split_at(sizes.next()?.min(rest.len()));
            rest = behind;
            (!chunk.is_empty() || !rest.is_empty()).then_some(chunk)
        });
        // Sizes of nothing but 0 would never come to an end.
        let cut = if setup[2..].iter().all(|size| size % 40 == 0) { whole.clone() } else { trimmed(&trimmer, chunks) };
        for other in [&bytes, &cut] {
            assert_eq!(other.1, whole.1);
            assert!(whole.1.is_err() || other.0 == whole.0, "{}", other.0.escape_ascii());
            assert!(bytes.0.starts_with(&other.0));
        }
    }
    if let (out, Ok(())) = trimmed(&ListStream::json(asked.clone()), [answer].into_iter()) {
        assert_shown(&out);
    }
    let (out, _) = trimmed(&ListStream::events(asked), answer.chunks(1));
    events::events(&out).iter().for_each(|(_, event)| assert_shown(&event.data));
});

/// Everything is shown but names with `evil`.
fn shows(_: ListKind, name: &str) -> bool {
    !name.contains("evil")
}

fn trimmed<'c>(trimmer: &ListStream, chunks: impl Iterator<Item = &'c [u8]>) -> (Vec<u8>, Result<(), StreamAborted>) {
    let (mut trimmer, mut out) = (trimmer.clone(), Vec::new());
    for chunk in chunks {
        match trimmer.push(chunk, usize::MAX, &shows) {
            Ok(more) => out.extend(more),
            Err(broken) => return (out, Err(broken)),
        }
    }
    let end = trimmer.end(&shows).map(|more| out.extend(more));
    (out, end)
}

/// Asserts that no list of a message, as `serde_json` reads it, has an entry that is not shown.
fn assert_shown(text: &[u8]) {
    let Ok(message) = serde_json::from_slice::<Value>(text) else { return };
    let one = std::slice::from_ref(&message);
    for message in message.as_array().map_or(one, Vec::as_slice) {
        for (list, key) in
            [("tools", "name"), ("prompts", "name"), ("resources", "uri"), ("resourceTemplates", "uriTemplate")]
        {
            for entry in message["result"][list].as_array().into_iter().flatten() {
                let is_shown = entry[key].as_str().is_some_and(|name| !name.contains("evil"));
                assert!(is_shown, "{entry} goes on");
            }
        }
    }
}
