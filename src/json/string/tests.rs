//! The scan of whole blocks, against one of single bytes.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Fault, Reason, Span, escape, scan};

/// What [`scan`] should answer: each byte is read by itself.
fn scan_bytes(bytes: &[u8], start: usize) -> Result<(usize, bool), Fault> {
    let (mut at, mut escaped) = (start, false);
    loop {
        let reason = match bytes.get(at) {
            None => Reason::Ended,
            Some(b'"') => {
                let read = std::str::from_utf8(&bytes[start..at]);
                let fault =
                    |error: std::str::Utf8Error| Fault { at: start + error.valid_up_to(), reason: Reason::Utf8 };
                return read.map(|_| (at, escaped)).map_err(fault);
            }
            Some(0..0x20) => Reason::Control,
            Some(b'\\') => {
                escaped = true;
                at = match bytes.get(at + 1) {
                    None => return Err(Fault { at, reason: Reason::Ended }),
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at + 2,
                    Some(_) => escape(bytes, at)?,
                };
                continue;
            }
            Some(_) => {
                at += 1;
                continue;
            }
        };
        return Err(Fault { at, reason });
    }
}

#[track_caller]
fn assert_scanned(text: &[u8]) {
    let found = scan(text, 0).map(|Span { start, end, escaped }| {
        assert_eq!(start, 0);
        (end, escaped)
    });
    assert_eq!(found, scan_bytes(text, 0), "{:?}", String::from_utf8_lossy(text));
}

#[test]
fn escapes_and_ends_are_found_at_every_place_of_a_block() {
    let after: [&[u8]; 14] = [
        b"\"",
        b"n",
        b"/",
        b"u0041",
        b"u004",
        b"ud83d\\ude00",
        b"ud83d\\u0041",
        b"ude00",
        b"x",
        b"\n",
        b"\0",
        b"u",
        b"\x7f",
        b"",
    ];
    for run in 0..6 {
        for after in after {
            for front in (0..9).chain(50..76) {
                for back in [0, 1, 5, 63, 64, 130] {
                    let text = [&b"a".repeat(front)[..], &b"\\".repeat(run), after, &b"b".repeat(back)].concat();
                    assert_scanned(&text);
                    assert_scanned(&[&text[..], b"\", \"\\n\": 1}", &[b' '; 64]].concat());
                }
            }
        }
    }
}

#[test]
fn escapes_follow_each_other_in_any_order() {
    let pieces: [&[u8]; 12] = [
        b"\\\"",
        b"\\\\",
        b"\\n",
        b"\\u0041",
        b"\\ud83d\\ude00",
        b"plain",
        b"u",
        b"n",
        b"\\",
        b"\"",
        b"\x1f",
        b"/////////////////",
    ];
    // Numbers that look random, always the same.
    let mut state = 20_261_201_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    for _ in 0..4000 {
        // Most texts have nothing behind the ninth that would end them.
        let choices = if next() % 4 == 0 { 12 } else { 8 };
        let count = next() % 60;
        let text: Vec<u8> = (0..count).flat_map(|_| pieces[(next() % choices) as usize]).copied().collect();
        assert_scanned(&text);
        assert_scanned(&[&text[..], b"\"", &[b'\\'; 70]].concat());
    }
}

#[test]
fn every_byte_behind_a_backslash_is_an_escape_or_a_fault() {
    for byte in 0..=u8::MAX {
        for front in [0, 40] {
            assert_scanned(&[&b"a".repeat(front)[..], &[b'\\', byte], b"\"", &[b'z'; 70]].concat());
        }
    }
}

#[test]
fn whatever_follows_blocks_of_usual_escapes_is_found() {
    let usual = br#"a\"b\n\tcd\/e\r\b\f"#;
    let others: [&[u8]; 12] =
        [b"\"", b"\n", b"\0", b"\\\\", b"\\\\\"", b"\\u0041", b"\\u", b"\\x", b"\\\0", "é".as_bytes(), b"\xC3", b"\\"];
    for other in others {
        for place in (0..150).chain(250..262) {
            let front: Vec<u8> = usual.iter().copied().cycle().take(place).collect();
            for back in [&b"\", 1"[..], b"bcd\\n\", 1", &[&usual.repeat(9)[..], b"\", 1"].concat()] {
                assert_scanned(&[&front[..], other, back].concat());
                assert_scanned(&[&front[..], other, back, &[b' '; 64]].concat());
            }
        }
    }
}
