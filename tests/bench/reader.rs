//! How fast the strict reader is, and that its cost is linear in the length of a body:
//! `CARGO_TARGET_DIR=target/bench cargo bench --manifest-path tests/bench/Cargo.toml`.
//!
//! Everything is measured on [`Message::read`], which is what a request costs before a policy is asked, against
//! `serde_json` in the same run. It fails under 300 MB/s on a realistic body, and where a larger body costs more per
//! byte than a smaller one.

#[path = "reader/bodies.rs"]
mod bodies;
#[path = "reader/stopwatch.rs"]
mod stopwatch;

use mcp_policy::mcp::Message;

use self::{bodies::Shape, stopwatch::rate};

const KIB: usize = 1024;
/// What the realistic body must reach, in MB/s.
const REQUIRED: f64 = 300.0;
/// How much more a byte of a body may cost than a byte of a smaller one: room for caches and for hashing many names,
/// none for anything quadratic, which would cost sixteen times as much.
const LINEAR: f64 = 3.0;

fn main() {
    let mut failures = Vec::new();
    println!("{:28} {:>10} {:>12} {:>8} {:>12} {:>8}", "64 KiB of", "MB/s", "to a tree", "ratio", "ignored", "ratio");
    for shape in Shape::ALL {
        let body = shape.body(64 * KIB);
        let ours = rate(&body, |body| drop(Message::read(body, 64)));
        let tree = rate(&body, |body| drop(serde_json::from_slice::<serde_json::Value>(body)));
        let ignored = rate(&body, |body| drop(serde_json::from_slice::<serde::de::IgnoredAny>(body)));
        let (name, by_tree, by_ignored) = (shape.name(), ours / tree, ours / ignored);
        println!("{name:28} {ours:10.0} {tree:12.0} {by_tree:8.2} {ignored:12.0} {by_ignored:8.2}");
        if shape == Shape::Prompt && ours < REQUIRED {
            failures.push(format!("{name}: {ours:.0} MB/s, and {REQUIRED} are required"));
        }
    }
    println!("\n{:28} {:>10} {:>10} {:>10} {:>10}", "MB/s by size", "16 KiB", "64 KiB", "256 KiB", "1 MiB");
    for shape in Shape::ALL {
        let rates = [16, 64, 256, 1024].map(|kib| rate(&shape.body(kib * KIB), |body| drop(Message::read(body, 64))));
        let [small, medium, large, whole] = rates;
        println!("{:28} {small:10.0} {medium:10.0} {large:10.0} {whole:10.0}", shape.name());
        if small / whole > LINEAR {
            failures.push(format!("{}: {:.1} times as much per byte at 1 MiB", shape.name(), small / whole));
        }
    }
    for failure in &failures {
        println!("FAILED {failure}");
    }
    assert!(failures.is_empty(), "the reader is too slow");
}
