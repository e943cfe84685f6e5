//! Changes to a body as it is written.

use crate::{random::Random, request::Request};

const EVIL: &[u8] = br#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"evil"}}"#;

fn insert(request: &mut Request, at: usize, bytes: &[u8]) {
    request.body.splice(at..at, bytes.iter().copied());
}

/// A place between two tokens: behind one of these bytes. It may lie within a string.
fn between(request: &Request, random: &mut Random) -> usize {
    let places: Vec<usize> = (0..request.body.len()).filter(|at| b"{}[],:".contains(&request.body[*at])).collect();
    if places.is_empty() { 0 } else { random.pick(&places) + 1 }
}

/// A place within a string, if there is one.
fn within(request: &Request, random: &mut Random) -> Option<usize> {
    let places: Vec<usize> = (1..request.body.len())
        .filter(|at| request.body[at - 1].is_ascii_alphabetic() && in_string(request, *at))
        .collect();
    (!places.is_empty()).then(|| random.pick(&places))
}

fn in_string(request: &Request, at: usize) -> bool {
    let mut quotes = request.body[..at].iter().filter(|byte| **byte == b'"');
    let odd = quotes.by_ref().count() % 2 == 1;
    odd && !request.body.contains(&b'\\')
}

/// A comment.
pub(crate) fn comment(request: &mut Request, random: &mut Random) {
    let comment = random.pick::<&[u8]>(&[b"/* x */", b"// x\n", b"# x\n", b"/**/", b"<!-- x -->"]);
    insert(request, request.body.len(), comment);
    if random.once_in(2) {
        let at = between(request, random);
        insert(request, at, b"/*\"*/");
    }
}

/// Text behind the message.
pub(crate) fn behind(request: &mut Request, random: &mut Random) {
    let text = random.pick::<&[u8]>(&[EVIL, b"x", b"\0", b",", b"}", b"\n{}", b"\x1e", b"]", b"\0\0\0"]);
    insert(request, request.body.len(), text);
}

/// Text before the message.
pub(crate) fn before(request: &mut Request, random: &mut Random) {
    let text = random.pick::<&[u8]>(&[EVIL, b")]}',\n", b"x", b"\0", b"null", b"\x1e", b"\x0b", b"\xC2\xA0", b"{}"]);
    insert(request, 0, text);
}

/// A byte order mark.
pub(crate) fn mark(request: &mut Request, random: &mut Random) {
    let mark = random.pick::<&[u8]>(&[b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF", b"\xEF\xBB\xBF\xEF\xBB\xBF"]);
    insert(request, 0, mark);
}

/// UTF-16 or UTF-32, either end first, with and without a mark.
pub(crate) fn wide(request: &mut Request, random: &mut Random) {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let marked = if random.once_in(2) { format!("\u{FEFF}{text}") } else { text };
    request.body = match random.below(4) {
        0 => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        2 => marked.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
        _ => marked.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
    };
}

/// Bytes that are not UTF-8.
pub(crate) fn invalid(request: &mut Request, random: &mut Random) {
    let bytes = random.pick::<&[u8]>(&[
        b"\xFF",
        b"\x80",
        b"\xC1\xAF",
        b"\xED\xA0\x80",
        b"\xE2\x82",
        b"\xF4\x90\x80\x80",
        b"\xC0\x80",
    ]);
    let at = within(request, random).unwrap_or_default();
    insert(request, at, bytes);
}

/// Not all of it.
pub(crate) fn cut(request: &mut Request, random: &mut Random) {
    let end = request.body.iter().rposition(|byte| b"}]".contains(byte)).unwrap_or_default();
    request.body.truncate(random.below(end));
}

/// A NUL where JSON has no room for one.
pub(crate) fn nul(request: &mut Request, random: &mut Random) {
    let at = random.below(request.body.len() + 1);
    insert(request, at, b"\0");
}

/// White space, also of kinds that JSON does not know.
pub(crate) fn space(request: &mut Request, random: &mut Random) {
    let space = random.pick::<&[u8]>(&[
        b" ",
        b"\n\n",
        b"\t",
        b"\r",
        b"\x0b",
        b"\x0c",
        b"\xC2\xA0",
        b"\xE2\x80\xA8",
        b"\xEF\xBB\xBF",
        b"\xC2\x85",
    ]);
    let at = between(request, random);
    insert(request, at, space);
}

/// What lenient parsers take for JSON.
pub(crate) fn lenient(request: &mut Request, random: &mut Random) {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    request.body = match random.below(6) {
        0 => text.replace('"', "'"),
        1 => text.replace("\"jsonrpc\"", "jsonrpc").replace("\"id\"", "id").replace("\"name\"", "name"),
        2 => text.replace('}', ",}"),
        3 => text.replace("\":", "\"="),
        4 => text.replacen('{', "{,", 1),
        _ => text.replace(',', ";"),
    }
    .into_bytes();
    if request.body == text.as_bytes() {
        insert(request, 0, b"+");
    }
}

/// A control character within a string.
pub(crate) fn control(request: &mut Request, random: &mut Random) {
    let byte = random.pick(b"\0\n\t\x01\x1F\r\x08");
    match within(request, random) {
        Some(at) => insert(request, at, &[byte]),
        None => insert(request, 0, &[0]),
    }
}

/// A byte changed, taken away or put in.
pub(crate) fn one(request: &mut Request, random: &mut Random) {
    let at = random.below(request.body.len());
    let any = u8::try_from(random.below(256)).unwrap();
    let byte = random.pick(&[b'"', b'\\', b'{', b'}', b',', b' ', b'0', b'e', any, any]);
    match random.below(3) {
        0 if at < request.body.len() => request.body[at] = byte,
        1 if at < request.body.len() => drop(request.body.remove(at)),
        _ => insert(request, at, &[byte]),
    }
}
