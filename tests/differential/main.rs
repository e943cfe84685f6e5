//! Nothing slips past the reader: requests that are nearly right, read by us and by every lenient reader at once.
//!
//! Whatever reaches a server must be the same message to every reader that accepts it: the same method, the same tool,
//! prompt or resource, and the same value where a rule looks. What we refuse, they may read as they like.
//!
//! * [`mutation`] makes the requests, out of honest ones ([`request`])
//! * [`subject_under_test`] is the engine under two policies, and where batches are judged
//! * [`lenient`] and [`scripts`] are the other readers; [`lenient_parser`] is the parser that most of them share
//! * [`compare`] is the oracle, [`coverage`] sees to it that the generator reaches everything
//!
//! It runs for ten seconds. `MCP_POLICY_FUZZ_SECONDS` sets another time, `MCP_POLICY_FUZZ_SEED` where it starts: a
//! failure prints the seed that repeats it at once.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test")]

use std::{
    env,
    time::{Duration, Instant},
};

mod compare;
mod coverage;
mod effect;
mod lenient;
mod lenient_parser;
mod mutation;
mod random;
mod request;
mod scripts;
mod shrink;
mod spelling;
mod subject_under_test;
mod tree;

use self::{
    compare::compare, coverage::Tally, mutation::Case, random::Random, shrink::shrink, subject_under_test::Ours,
};

/// Requests that are made from one seed and compared at once.
const BATCH: usize = 2000;

#[test]
fn what_is_forwarded_is_read_alike_by_everybody() {
    let seconds = setting("MCP_POLICY_FUZZ_SECONDS").unwrap_or(10);
    let first = setting("MCP_POLICY_FUZZ_SEED").unwrap_or(1);
    let ours = Ours::new();
    let mut tally = Tally::default();
    let began = Instant::now();
    let mut seed = first;
    // The first batches run whatever the time, so that the counts mean something on a slow machine.
    while seed < first + 3 || began.elapsed() < Duration::from_secs(seconds) {
        batch(&ours, seed, &mut tally);
        seed += 1;
    }
    tally.print();
    println!("\n{} requests in {} s, seeds {first} to {}", tally.cases, began.elapsed().as_secs(), seed - 1);
    let complaints = tally.complaints();
    assert!(complaints.is_empty(), "the generator has changed:\n{}", complaints.join("\n"));
}

/// Compares the requests of one seed.
fn batch(ours: &Ours, seed: u64, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let cases: Vec<Case> = (0..BATCH).map(|_| mutation::generate(&mut random)).collect();
    let requests: Vec<_> = cases.iter().map(|case| case.request.clone()).collect();
    let compared = compare(ours, &requests);
    tally.add(&cases, &compared);
    let Some(found) = compared.disagreements.first() else { return };
    let small = shrink(ours, &requests[found.index], found.reader);
    let all =
        compared.disagreements.iter().map(|found| (found.reader, String::from_utf8_lossy(&requests[found.index].body)));
    let all: Vec<String> = all.map(|(reader, body)| format!("{reader}: {body}")).collect();
    let [ours, theirs] =
        [&found.ours, &found.theirs].map(|acts| acts.iter().map(ToString::to_string).collect::<Vec<_>>());
    panic!(
        "seed {seed}: {} disagreements; `{}` would do {theirs:?}\nwe let through {ours:?}\nheaders {:?}\nshrunk: {}\nall:\n{}",
        compared.disagreements.len(),
        found.reader,
        small.headers.iter().map(|(name, value)| (name, String::from_utf8_lossy(value))).collect::<Vec<_>>(),
        small.body.escape_ascii(),
        all.iter().take(20).cloned().collect::<Vec<_>>().join("\n"),
    );
}

fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("`{name}` is no whole number: {text}")))
}
