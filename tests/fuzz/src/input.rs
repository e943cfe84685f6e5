//! Requests as text, so that the fuzzer and people can both write them.

use mcp_policy::http::Headers;

/// A request.
#[derive(Debug)]
pub struct Input<'a> {
    /// `:method`, `content-type` and what the header lines say.
    pub headers: Headers,
    /// What follows the empty line; all of the input if it has none.
    pub body: &'a [u8],
}

impl<'a> Input<'a> {
    /// Header lines (`name: value`), an empty line, a body. A line that starts with `-` takes a default header away.
    pub fn of(data: &'a [u8]) -> Self {
        let end = data.windows(2).position(|pair| pair == b"\n\n");
        let starts_with_lines = data.first().is_some_and(|first| *first != b'{');
        let (head, body) = match end.filter(|_| starts_with_lines) {
            Some(end) => (&data[..end], &data[end + 2..]),
            None => (&[][..], data),
        };
        let mut pairs =
            vec![(":method".to_owned(), b"POST".to_vec()), ("content-type".to_owned(), b"application/json".to_vec())];
        for line in head.split(|byte| *byte == b'\n') {
            if let Some(name) = line.strip_prefix(b"-") {
                pairs.retain(|(key, _)| key.as_bytes() != name);
            } else if let Some(colon) = line.iter().skip(1).position(|byte| *byte == b':') {
                let (name, value) = line.split_at(colon + 1);
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                pairs.push((name, value[1..].trim_ascii().to_vec()));
            }
        }
        Self { headers: Headers::new(pairs), body }
    }
}
