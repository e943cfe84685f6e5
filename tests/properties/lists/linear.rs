//! Whatever a server sends, trimming costs as much a byte at its end as at its beginning.

use std::time::{Duration, Instant};

use mcp_policy::mcp::list::{ListRequest, ListStream};

use super::shows;

/// A stream in its chunks: what is sent over and over, between what comes first and last.
struct Shape {
    name: &'static str,
    first: &'static str,
    again: &'static str,
    last: &'static str,
    /// Bytes of a chunk.
    chunk: usize,
}

const LIST: &str = "data: {\"id\":7,\"result\":{\"tools\":[";
const SHAPES: [Shape; 8] = [
    Shape { name: "a list, byte by byte", first: LIST, again: "{\"name\":\"a\"},", last: "1]}}\n\n", chunk: 1 },
    Shape { name: "data lines, byte by byte", first: LIST, again: "\ndata:1,", last: "1]}}\n\n", chunk: 1 },
    Shape { name: "data lines", first: LIST, again: "{\"name\":\"evil\"},\r\ndata: ", last: "1]}}\n\n", chunk: 4096 },
    Shape { name: "ids behind data", first: LIST, again: "\nid: 1", last: "\ndata: 1]}}\n\n", chunk: 100 },
    Shape { name: "a comment", first: ":", again: "ping ", last: "\n", chunk: 7 },
    Shape { name: "tiny events", first: "", again: "data\n\ndata:1\r\r", last: "", chunk: 3 },
    Shape { name: "a long name", first: "data: {\"", again: "name", last: "\":1}\n\n", chunk: 100 },
    Shape { name: "deep", first: "data: {\"result\":", again: "[", last: "\n\n", chunk: 100 },
];

/// Room for caches and a machine that does something else, and none for anything quadratic.
const LINEAR: f64 = 3.0;
const HALF: usize = 4 << 20;
/// How often what took too long is measured again.
const ATTEMPTS: usize = 5;

impl Shape {
    fn text(&self, bytes: usize) -> String {
        format!("{}{}{}", self.first, self.again.repeat(bytes / self.again.len()), self.last)
    }

    fn time(&self, bytes: usize) -> Duration {
        let text = self.text(bytes);
        let asked = ListRequest { ids: vec!["7".to_owned()], max_bytes: 64 << 20, ..ListRequest::default() };
        let mut trimmer = ListStream::events(asked);
        let began = Instant::now();
        for chunk in text.as_bytes().chunks(self.chunk) {
            trimmer.push(chunk, usize::MAX, &shows).expect("nothing is torn");
        }
        trimmer.end(&shows).expect("there is an id");
        began.elapsed()
    }
}

#[test]
fn eight_megabytes_of_anything_cost_twice_as_much_as_four() {
    for shape in &SHAPES {
        let ratios = (0..ATTEMPTS).map(|_| {
            let half = shape.time(HALF).as_secs_f64();
            let ratio = shape.time(2 * HALF).as_secs_f64() / half;
            println!("{}: {half:.2} s, {ratio:.2} times as much for twice as much", shape.name);
            ratio
        });
        assert!(ratios.into_iter().any(|ratio| ratio < LINEAR), "{}", shape.name);
    }
}
