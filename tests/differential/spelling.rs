//! One text in many spellings.

use super::random::Random;

/// A JSON string in which some characters, one at least, are written as `\uXXXX`.
pub(crate) fn escaped(text: &str, random: &mut Random) -> String {
    let chosen = random.below(text.chars().count());
    let mut out = String::from("\"");
    for (index, c) in text.chars().enumerate() {
        if index == chosen || random.once_in(4) || c < ' ' || "\"\\".contains(c) {
            let upper = random.once_in(2);
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
            }
        } else if c == '/' && random.once_in(2) {
            out.push_str("\\/");
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// A name that some servers read as `text`: another case of some letters, or a letter that folds to one.
pub(crate) fn folded(text: &str, random: &mut Random) -> String {
    let swap = |c: char| match c {
        's' => '\u{17F}',
        'k' => '\u{212A}',
        lower if lower.is_lowercase() => lower.to_uppercase().next().unwrap_or(lower),
        upper => upper.to_lowercase().next().unwrap_or(upper),
    };
    match random.below(4) {
        0 => text.to_uppercase(),
        1 => text.chars().map(swap).collect(),
        _ => {
            let chosen = random.below(text.chars().count());
            text.chars().enumerate().map(|(index, c)| if index == chosen { swap(c) } else { c }).collect()
        }
    }
}

/// A name that some servers read as `text`: with control characters in it.
pub(crate) fn with_controls(text: &str, random: &mut Random) -> String {
    let control = random.pick(&['\0', '\0', '\u{1}', '\u{7F}', '\u{85}', '\n', '\u{1F}']);
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.pick(&[0, chars.len(), chars.len(), random.clone().below(chars.len() + 1)]);
    chars.insert(at, control);
    chars.into_iter().collect()
}

/// A name that some servers read as `text`: they stop at the first NUL.
pub(crate) fn behind_nul(text: &str, random: &mut Random) -> String {
    format!("{text}\0{}", random.pick(&["x", "\0", "name", "\n"]))
}

/// A number that means, or nearly means, `number`.
pub(crate) fn number(number: u32, random: &mut Random) -> String {
    let nines = "9".repeat(120);
    let spellings = [
        format!("{number}.0"),
        format!("{number}e0"),
        format!("{number}E+0"),
        format!("{number}0e-1"),
        format!("{number}.00000000000000000001"),
        format!("-{number}"),
        format!("0{number}"),
        format!("+{number}"),
        format!(".{number}"),
        format!("{number}."),
        format!("{number}e"),
        format!("0x{number}"),
        format!("{number}e999"),
        format!("{number}{nines}"),
        format!("{number}{nines}{nines}{nines}"),
        format!("{number}_0"),
        format!("\"{number}\""),
        "-0".to_owned(),
        "1.7976931348623159e308".to_owned(),
        "5e-324".to_owned(),
        "1e-999999999999999999999".to_owned(),
        "9007199254740993".to_owned(),
        "18446744073709551616".to_owned(),
        "NaN".to_owned(),
        "-Infinity".to_owned(),
    ];
    spellings[random.below(spellings.len())].clone()
}
