//! The machine that listens to answers, JSON or events: what it hears does not depend on how the answer is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_policy::mcp::{ResponseFormat, call_result::CallResult};
use mcp_policy_fuzz::Allowance;

fuzz_target!(|data: &[u8]| {
    let Some((cut, answer)) = data.split_first() else { return };
    for form in [ResponseFormat::Json, ResponseFormat::Sse] {
        let ids = [Box::from("1")];
        let listen = |chunks: &[&[u8]]| {
            let mut outcome = CallResult::new(form, &ids);
            chunks.iter().for_each(|chunk| outcome.push(chunk, usize::MAX));
            outcome.has_failed()
        };
        let whole = Allowance::of(answer.len() * 4).keep(|| listen(&[answer]));
        let (front, back) = answer.split_at(usize::from(*cut).min(answer.len()));
        assert_eq!(listen(&[front, back]), whole, "cut at {cut}");
        let bytes: Vec<&[u8]> = answer.chunks(1).collect();
        assert_eq!(listen(&bytes), whole, "byte by byte");
    }
});
