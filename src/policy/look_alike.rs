//! Names that people or programs could take for a pinned one: equal only after case folding, compatibility normalization (NFKC)
//! or without characters that cannot be seen.
//!
//! The full tables of Unicode would be a tenth of the module. Names of tools are ASCII nearly always, and only some 1,400
//! characters become ASCII by case folding and NFKC. So a name is compared like this:
//!
//! * ASCII is compared without case, and invisible characters count as nothing
//! * full-width and mathematical letters and digits count as the ASCII that they mean
//! * any other character that becomes ASCII counts as any text: `ﬁle` could be `file`, and is taken for `profile`, too
//! * in a pinned name that is not ASCII, and in a name that is compared with such a one, each further character counts as any
//!   text, too
//!
//! So no two names that are equal by the rule above count as different: where the comparison of characters is not that of Unicode, it
//! counts more as equal. Tests compare all code points, and random names, with the tables of Unicode.
//!
//! That takes a few more names for look-alikes than Unicode does, and none for another tool: they have characters that no name
//! needs, and a pin of their own admits them.

use std::collections::HashMap;

use super::pattern::{Pattern, most_work};
use crate::{budget::Work, text::is_invisible};

/// The pinned names, in the form in which they are compared.
#[derive(Clone, Debug, Default)]
pub struct LookAlikes {
    /// The places of those in ASCII, by their form.
    ascii: HashMap<Box<str>, usize>,
    /// The others, with their places.
    others: Vec<(Form, usize)>,
}

/// A name in which some characters count as any text.
#[derive(Clone, Debug)]
enum Form {
    Text(String),
    Pattern(Pattern),
}

/// How characters outside ASCII count that do not become ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// No name with them equals one in ASCII.
    Differ,
    /// As any text.
    AnyText,
}

impl LookAlikes {
    /// The look-alikes of these names.
    #[must_use]
    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut known = Self::default();
        for (place, name) in names.enumerate() {
            match Form::new(name, if name.is_ascii() { Others::Differ } else { Others::AnyText }) {
                Some(Form::Text(text)) if name.is_ascii() => drop(known.ascii.insert(text.into(), place)),
                Some(form) => known.others.push((form, place)),
                None => {}
            }
        }
        known
    }

    /// The place of the name that `name` looks like. Names outside ASCII are compared with every pinned name, which is charged to
    /// `work`: once that is used up, such a name is taken for a look-alike of any.
    #[must_use]
    pub fn find(&self, name: &str, work: &Work) -> Option<usize> {
        if !self.others.is_empty() {
            let form = Form::new(name, Others::AnyText)?;
            let is_examined = work.charge(self.others.len().saturating_mul(most_work(name))).is_ok();
            let mut known = self.others.iter();
            if let Some((_, place)) = known.find(|(pinned, _)| !is_examined || pinned.may_equal(&form)) {
                return Some(*place);
            }
        }
        match Form::new(name, Others::Differ)? {
            Form::Text(text) => self.ascii.get(text.as_str()).copied(),
            Form::Pattern(pattern) => {
                let is_examined = work.charge(self.ascii.len().saturating_mul(most_work(name))).is_ok();
                let mut known = self.ascii.iter();
                known.find(|(text, _)| !is_examined || pattern.matches(text)).map(|(_, place)| *place)
            }
        }
    }
}

impl Form {
    /// The form of a name; `None` if it equals no name in ASCII, where only those count.
    fn new(name: &str, others: Others) -> Option<Self> {
        let mut text = String::with_capacity(name.len());
        let mut is_pattern = false;
        for c in name.chars() {
            match c {
                // No pinned name has one, but one may have a character that means it.
                '*' if others == Others::Differ => return None,
                '*' => is_pattern = true,
                _ if c.is_ascii() && !c.is_control() => {
                    text.push(c.to_ascii_lowercase());
                    continue;
                }
                _ if becomes_ascii(c) => match plain_form(c) {
                    Some(ascii) => {
                        text.push(ascii);
                        continue;
                    }
                    None => is_pattern = true,
                },
                _ if is_invisible(c) => continue,
                _ if others == Others::Differ => return None,
                _ => is_pattern = true,
            }
            text.push('*');
        }
        Some(match Pattern::new(&text).filter(|_| is_pattern) {
            Some(pattern) => Self::Pattern(pattern),
            None => Self::Text(text),
        })
    }

    fn may_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Text(text), Self::Pattern(pattern)) | (Self::Pattern(pattern), Self::Text(text)) => {
                pattern.matches(text)
            }
            (Self::Pattern(one), Self::Pattern(other)) => one.overlaps(other),
        }
    }
}

/// Whether a character is in a range of those that become ASCII.
fn becomes_ascii(c: char) -> bool {
    let code = u32::from(c);
    let index = BECOME_ASCII.partition_point(|(_, last)| *last < code);
    BECOME_ASCII.get(index).is_some_and(|(first, _)| *first <= code)
}

/// The character, in lower case, that a full-width or mathematical one means.
fn plain_form(c: char) -> Option<char> {
    let code = u32::from(c);
    let ascii = match code {
        0xFF01..=0xFF5E => code.wrapping_sub(0xFEE0),
        // Alphabets in several styles: 26 capital letters, then 26 small ones. Some places are not assigned.
        0x1D400..=0x1D6A3 if !is_invisible(c) => u32::from(b'a').wrapping_add(code.wrapping_sub(0x1D400) % 26),
        0x1D7CE..=0x1D7FF => u32::from(b'0').wrapping_add(code.wrapping_sub(0x1D7CE) % 10),
        _ => return None,
    };
    char::from_u32(ascii).map(|ascii| ascii.to_ascii_lowercase())
}

/// Ranges of code points that hold all which become ASCII by case folding and NFKC, and few others; Unicode 17. A test compares
/// them with the tables of Unicode.
const BECOME_ASCII: &[(u32, u32)] = &[
    (0xa0, 0xa0),
    (0xaa, 0xaa),
    (0xb2, 0xb3),
    (0xb9, 0xba),
    (0xdf, 0xdf),
    (0x132, 0x133),
    (0x17f, 0x17f),
    (0x1c7, 0x1cc),
    (0x1f1, 0x1f3),
    (0x2b0, 0x2b8),
    (0x2e1, 0x2e3),
    (0x37e, 0x37e),
    (0x1d2c, 0x1d65),
    (0x1d9c, 0x1da0),
    (0x1dbb, 0x1dbb),
    (0x1e9e, 0x1e9e),
    (0x1fef, 0x1fef),
    (0x2000, 0x200a),
    (0x2024, 0x2026),
    (0x202f, 0x202f),
    (0x203c, 0x203c),
    (0x2047, 0x2049),
    (0x205f, 0x205f),
    (0x2070, 0x209f),
    (0x20a8, 0x20a8),
    (0x2100, 0x213b),
    (0x2145, 0x2149),
    (0x2160, 0x217f),
    (0x2460, 0x24ea),
    (0x2a74, 0x2a76),
    (0x2c7c, 0x2c7d),
    (0x3000, 0x3000),
    (0x3250, 0x325f),
    (0x32b1, 0x32bf),
    (0x32cc, 0x32cf),
    (0x3371, 0x33dd),
    (0x33ff, 0x33ff),
    (0xa7f1, 0xa7f4),
    (0xfb00, 0xfb06),
    (0xfb29, 0xfb29),
    (0xfe10, 0xfe19),
    (0xfe30, 0xfe38),
    (0xfe47, 0xfe6b),
    (0xff01, 0xff5e),
    (0x107a5, 0x107a5),
    (0x1ccd6, 0x1ccf9),
    (0x1d400, 0x1d6a3),
    (0x1d6a6, 0x1d6a6),
    (0x1d7ce, 0x1d7ff),
    (0x1df95, 0x1df95),
    (0x1f100, 0x1f14f),
    (0x1f16a, 0x1f16c),
    (0x1f190, 0x1f190),
    (0x1fbf0, 0x1fbf9),
];

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::LookAlikes;
    use crate::budget::Work;

    #[track_caller]
    fn check(pinned: &[&str], name: &str, looks_like: Option<&str>) {
        let known = LookAlikes::new(pinned.iter().copied());
        let found = known.find(name, &Work::default()).map(|place| pinned[place]);
        assert_eq!(found, looks_like, "{name:?}");
    }

    #[test]
    fn a_name_that_equals_a_pinned_one_but_for_case_width_style_and_invisible_characters_looks_like_it() {
        for name in [
            "Send_Mail",
            "SEND_MAIL",
            "send\u{200b}_mail",
            "\u{feff}send_mail\u{e0041}",
            "\u{202e}send_mail",
            "ｓｅｎｄ＿ｍａｉｌ",
            "𝐬𝐞𝐧𝐝_𝑴𝒂𝒊𝒍",
            "\u{17f}end_mail",
            "ˢᵉⁿᵈ_mail",
            "send﹍mail",
        ] {
            check(&["send_mail", "other"], name, Some("send_mail"));
        }
        check(&["file1"], "ﬁle①", Some("file1"));
        check(&["ok"], "o\u{212a}", Some("ok"));
    }

    #[test]
    fn other_names_look_like_none() {
        for name in ["send_mails", "send-mail", "sendmail", "senden", "ｓｅｎｄ", "支払い", "größe", "s*", "send_m*"]
        {
            check(&["send_mail"], name, None);
        }
    }

    #[test]
    fn in_a_pinned_name_that_is_not_ascii_each_such_character_counts_as_any_text() {
        check(&["größe"], "gro\u{308}ße", Some("größe"));
        check(&["größe"], "GRÖSSE", Some("größe"));
        check(&["größe"], "gewicht", None);
        check(&["größe"], "größen", None);
        check(&["ｐay"], "pay", Some("ｐay"));
    }

    #[test]
    fn an_asterisk_in_another_style_looks_like_one() {
        for other in ["a*b", "a\u{fe61}b", "a\u{ff0a}B"] {
            check(&["a\u{ff0a}b"], other, Some("a\u{ff0a}b"));
        }
        check(&["a\u{1}b"], "AB", Some("a\u{1}b"));
    }
}

/// Comparisons with the tables of Unicode, by crates that the module does not contain.
#[cfg(all(test, not(target_family = "wasm")))]
mod unicode_tests;
