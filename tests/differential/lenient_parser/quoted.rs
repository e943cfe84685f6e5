//! Strings.

use super::parse::Parser;

/// Reads the string whose opening quote comes next.
pub(super) fn read(parser: &mut Parser<'_>, quote: char) -> Option<String> {
    parser.at += 1;
    // As UTF-16, in which halves of pairs can be put down.
    let mut units: Vec<u16> = Vec::new();
    loop {
        let c = parser.peek()?;
        parser.at += 1;
        match c {
            _ if c == quote => break,
            '\\' => escape(parser, &mut units)?,
            '\0'..=' ' if c < ' ' && !parser.tolerance.controls => return None,
            _ => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
    match String::from_utf16(&units) {
        Ok(text) => Some(text),
        Err(_) if parser.tolerance.escapes => Some(String::from_utf16_lossy(&units)),
        Err(_) => None,
    }
}

fn escape(parser: &mut Parser<'_>, units: &mut Vec<u16>) -> Option<()> {
    let c = parser.peek()?;
    parser.at += 1;
    let plain = match c {
        '"' | '\\' | '/' => c,
        'b' => '\u{8}',
        'f' => '\u{C}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => match hex(parser, 4) {
            Some(unit) => {
                units.push(unit);
                return Some(());
            }
            None if parser.tolerance.escapes => 'u',
            None => return None,
        },
        'x' if parser.tolerance.escapes => match hex(parser, 2) {
            Some(unit) => {
                units.push(unit);
                return Some(());
            }
            None => 'x',
        },
        other if parser.tolerance.escapes => other,
        _ => return None,
    };
    units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    Some(())
}

fn hex(parser: &mut Parser<'_>, digits: usize) -> Option<u16> {
    let text: String = parser.chars.get(parser.at..parser.at + digits)?.iter().collect();
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    parser.at += digits;
    u16::from_str_radix(&text, 16).ok()
}
