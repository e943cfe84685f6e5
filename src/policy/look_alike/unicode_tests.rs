use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::{LookAlikes, becomes_ascii, plain_form};
use crate::{budget::Work, text::is_invisible};

/// Case folding: of one character each (status C and S in Unicode's `CaseFolding.txt`), or of one or several.
type Fold = fn(char) -> String;

const FOLDS: [Fold; 2] = [
    |c| match unicode_case_mapping::case_folded(c) {
        Some(folded) => char::from_u32(folded.get()).unwrap_or(c).into(),
        None => c.into(),
    },
    // `ß` is `ss`, and `ŉ` is `ʼn`. The letter without a dot is itself.
    |c| if c == 'ı' { c.into() } else { c.to_uppercase().flat_map(char::to_lowercase).collect() },
];

/// What a name is compared by: without case, decomposed for compatibility, and without what cannot be seen. Names that are equal after
/// NFKC are equal after NFKD, too.
fn compared(name: &str, fold: Fold) -> String {
    let mut text = name.to_owned();
    loop {
        let next: String =
            text.nfkd().filter(|c| !is_invisible(*c)).flat_map(|c| fold(c).chars().collect::<Vec<_>>()).collect();
        let next: String = next.nfkd().collect();
        if next == text {
            return text;
        }
        text = next;
    }
}

/// The rule of the module, character by character. Form and text of a whole name follow: both are joined from those of its
/// characters, but for the order of marks, which count as any text.
#[test]
fn each_character_counts_as_what_it_means_or_as_any_text() {
    let mut wrong = Vec::new();
    // What means only itself, and is not in ASCII, equals no other character.
    let is_itself = |c: &char| {
        let has_case = unicode_case_mapping::case_folded(*c).is_some() || !c.to_uppercase().eq([*c]);
        !c.is_ascii() && !has_case && std::iter::once(*c).nfkd().eq([*c]) && plain_form(*c).is_none()
    };
    for c in ('\0'..=char::MAX).filter(|c| !is_itself(c)) {
        for fold in FOLDS {
            let text = compared(c.encode_utf8(&mut [0; 4]), fold);
            let is_right = match (becomes_ascii(c), plain_form(c)) {
                _ if c.is_ascii() && !c.is_control() => text == c.to_ascii_lowercase().to_string(),
                (true, Some(plain)) => text == plain.to_string(),
                (true, None) => true,
                // It counts as nothing, or, by a later version of Unicode, means what counts as any text.
                (false, _) if is_invisible(c) => !text.chars().any(|c| c.is_ascii()),
                // It equals nothing in ASCII.
                (false, _) => !text.is_ascii(),
            };
            if !is_right {
                wrong.push((c, text));
            }
        }
    }
    assert_eq!(wrong, []);
}

/// Characters that fold, decompose, compose, change their order or cannot be seen.
const CHARACTERS: &[char] = &[
    'a',
    'K',
    's',
    'i',
    '1',
    '_',
    '.',
    '*',
    ' ',
    '\u{df}',
    '\u{e9}',
    '\u{130}',
    '\u{149}',
    '\u{17f}',
    '\u{1c4}',
    '\u{300}',
    '\u{301}',
    '\u{307}',
    '\u{323}',
    '\u{345}',
    '\u{34f}',
    '\u{390}',
    '\u{3c2}',
    '\u{3d2}',
    '\u{1100}',
    '\u{1161}',
    '\u{11a8}',
    '\u{1e9e}',
    '\u{1fb3}',
    '\u{200b}',
    '\u{200d}',
    '\u{202e}',
    '\u{212a}',
    '\u{2126}',
    '\u{2460}',
    '\u{3000}',
    '\u{3131}',
    '\u{4e00}',
    '\u{ac00}',
    '\u{ac01}',
    '\u{f900}',
    '\u{fb01}',
    '\u{fdfa}',
    '\u{fe00}',
    '\u{feff}',
    '\u{ff0a}',
    '\u{ff41}',
    '\u{ff76}',
    '\u{ff9e}',
    '\u{ffa0}',
    '\u{1d400}',
    '\u{1d7ce}',
    '\u{e0041}',
];

/// A name, and one that Unicode may call equal.
fn pair() -> impl Strategy<Value = (String, String)> {
    let name = prop::collection::vec(prop::sample::select(CHARACTERS), 1..8);
    (name, 0..6, any::<prop::sample::Index>()).prop_map(|(name, change, index)| {
        let name: String = name.into_iter().collect();
        let other: String = match change {
            0 => name.nfkc().collect(),
            1 => name.nfd().collect(),
            2 => name.to_uppercase(),
            3 => name.to_lowercase().nfkc().collect(),
            4 => name.chars().filter(|c| !is_invisible(*c)).collect(),
            _ => {
                let mut chars: Vec<char> = name.chars().collect();
                chars.insert(index.index(chars.len() + 1), '\u{200b}');
                chars.into_iter().collect()
            }
        };
        (name, other)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn no_two_names_that_unicode_calls_equal_count_as_different((one, other) in pair()) {
        for fold in FOLDS {
            prop_assume!(compared(&one, fold) == compared(&other, fold));
            for (pinned, name) in [(&one, &other), (&other, &one)] {
                // No tool with a pin has an asterisk or no visible character.
                if !pinned.contains('*') {
                    let known = LookAlikes::new([pinned.as_str()].into_iter());
                    prop_assert_eq!(known.find(name, &Work::default()), Some(0), "{:?} looks like {:?}", name, pinned);
                }
            }
        }
    }
}
