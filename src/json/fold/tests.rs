use super::table::{PLANE_0, PLANE_1};
use super::{fold_char, same_but_control, same_folded};

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn every_char() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

#[test]
fn ascii_folds_to_lower_case() {
    for c in '\0'..='\x7f' {
        assert_eq!(fold_char(c), c.to_ascii_lowercase(), "{c:?}");
    }
}

#[test]
fn letters_fold_to_what_case_folding_txt_says() {
    for (c, folded) in [
        ('\u{17f}', 's'),           // ſ
        ('\u{212a}', 'k'),          // K, the Kelvin sign
        ('\u{b5}', '\u{3bc}'),      // µ, the micro sign: μ
        ('\u{c0}', '\u{e0}'),       // À: à
        ('\u{de}', '\u{fe}'),       // Þ: þ
        ('\u{12e}', '\u{12f}'),     // Į: į
        ('\u{178}', '\u{ff}'),      // Ÿ: ÿ
        ('\u{1c4}', '\u{1c6}'),     // DŽ: dž
        ('\u{1c5}', '\u{1c6}'),     // Dž, title case: dž
        ('\u{345}', '\u{3b9}'),     // a combining iota below: ι
        ('\u{3a3}', '\u{3c3}'),     // Σ: σ
        ('\u{3c2}', '\u{3c3}'),     // ς, at a word's end: σ
        ('\u{10a0}', '\u{2d00}'),   // Georgian, Asomtavruli: Nuskhuri
        ('\u{1c80}', '\u{432}'),    // ᲀ: в
        ('\u{1c89}', '\u{1c8a}'),   // new in Unicode 16
        ('\u{1c90}', '\u{10d0}'),   // Georgian, Mtavruli: Mkhedruli
        ('\u{1e9b}', '\u{1e61}'),   // ẛ: ṡ
        ('\u{1fbe}', '\u{3b9}'),    // a spacing iota: ι
        ('\u{1fd3}', '\u{390}'),    // one spelling of ΐ: the other
        ('\u{1fe3}', '\u{3b0}'),    // one spelling of ΰ: the other
        ('\u{2126}', '\u{3c9}'),    // Ω, the Ohm sign: ω
        ('\u{212b}', '\u{e5}'),     // Å, the Ångström sign: å
        ('\u{a7cb}', '\u{264}'),    // new in Unicode 16
        ('\u{a7dc}', '\u{19b}'),    // new in Unicode 16
        ('\u{fb05}', '\u{fb06}'),   // ſt: st
        ('\u{ff21}', '\u{ff41}'),   // A, full width: a
        ('\u{10400}', '\u{10428}'), // Deseret
        ('\u{10d50}', '\u{10d70}'), // Garay, new in Unicode 16
        ('\u{1e921}', '\u{1e943}'), // Adlam, the table's last
    ] {
        assert_eq!(fold_char(c), folded, "{c:?}");
        assert_eq!(fold_char(folded), folded, "{folded:?}");
    }
}

#[test]
fn cherokee_folds_to_upper_case() {
    for (upper, lower) in
        [('\u{13a0}', '\u{ab70}'), ('\u{13ef}', '\u{abbf}'), ('\u{13f0}', '\u{13f8}'), ('\u{13f5}', '\u{13fd}')]
    {
        assert_eq!(fold_char(lower), upper, "{lower:?}");
        assert_eq!(fold_char(upper), upper, "{upper:?}");
    }
}

#[test]
fn turkish_dotted_and_dotless_i_fold_to_themselves() {
    assert_eq!(fold_char('\u{130}'), '\u{130}');
    assert_eq!(fold_char('\u{131}'), '\u{131}');
    assert!(!same_folded("\u{130}d", "id"));
    assert!(!same_folded("\u{131}d", "id"));
}

#[test]
fn capital_sharp_s_folds_to_the_small_one_and_not_to_two_letters() {
    assert_eq!(fold_char('\u{1e9e}'), '\u{df}');
    assert_eq!(fold_char('\u{df}'), '\u{df}');
    assert!(same_folded("gro\u{1e9e}", "GRO\u{df}"));
    assert!(!same_folded("gro\u{df}", "gross"));
}

#[test]
fn what_has_no_case_folds_to_itself() {
    for c in [
        '\u{80}',
        '\u{d7}',
        '\u{f7}',
        '\u{3a2}',
        '\u{4e00}',
        '\u{d7ff}',
        '\u{e000}',
        '\u{ffff}',
        '\u{10000}',
        '\u{10041}',
        '\u{1f600}',
        '\u{1ffff}',
        '\u{200c0}',
        '\u{e0041}',
        char::MAX,
    ] {
        assert_eq!(fold_char(c), c, "{c:?}");
    }
}

#[test]
fn folding_twice_changes_nothing_more() {
    for c in every_char() {
        let folded = fold_char(c);
        assert_eq!(fold_char(folded), folded, "{c:?}");
    }
}

#[test]
fn the_runs_are_whole_ascending_and_apart() {
    for runs in [PLANE_0, PLANE_1] {
        assert!(runs.is_sorted_by(|a, b| a.last < b.first));
        for run in runs {
            assert!(run.first <= run.last && run.step > 0, "{run:?}");
            assert_eq!((run.last - run.first) % run.step, 0, "{run:?}");
        }
    }
    assert!(size_of_val(PLANE_0) + size_of_val(PLANE_1) < 2048);
}

#[test]
fn names_that_differ_in_case_are_the_same_folded() {
    for (a, b) in [
        ("", ""),
        ("name", "name"),
        ("name", "NAME"),
        ("params", "param\u{17f}"),
        ("PARAMS", "param\u{17f}"),
        ("k", "\u{212a}"),
        ("\u{3c3}\u{3c2}", "\u{3a3}\u{3c3}"),
        ("\u{10400}", "\u{10428}"),
    ] {
        assert!(same_folded(a, b) && same_folded(b, a), "{a:?} {b:?}");
        assert!(same_but_control(a, b), "{a:?} {b:?}");
    }
}

#[test]
fn other_names_are_not_the_same_folded() {
    for (a, b) in [
        ("", "n"),
        ("name", "nam"),
        ("name", "names"),
        ("name", "mane"),
        ("name", "n\u{e4}me"),
        ("e\u{301}", "\u{e9}"),
        ("@", "`"),
        ("[", "{"),
        ("_meta", "\u{7f}meta"),
        ("\u{ff4e}ame", "name"),
    ] {
        assert!(!same_folded(a, b) && !same_folded(b, a), "{a:?} {b:?}");
    }
}

#[test]
fn control_characters_count_only_when_asked() {
    for hidden in [
        "name\0",
        "\0name",
        "na\0\0me",
        "NAME\0",
        "name\r\n",
        "na\tme",
        "name\x1f",
        "name\x7f",
        "name\u{80}",
        "name\u{85}",
        "name\u{9f}",
        "\x01n\x02A\x03m\x04E\x05",
    ] {
        assert!(same_but_control("name", hidden), "{hidden:?}");
        assert!(same_but_control(hidden, "name"), "{hidden:?}");
        assert!(!same_folded("name", hidden), "{hidden:?}");
    }
    assert!(same_but_control("name\0", "\0name"));
    assert!(same_but_control("\0\x7f", ""));
}

#[test]
fn only_control_characters_are_left_out() {
    for other in [
        "name ",
        "name\u{a0}",
        "name\u{ad}",
        "name\u{200b}",
        "\u{feff}name",
        "name\u{2028}",
        "name\u{fffd}",
        "name\0s",
        "nam\0",
        "\0",
        "",
    ] {
        assert!(!same_but_control("name", other), "{other:?}");
        assert!(!same_but_control(other, "name"), "{other:?}");
    }
}

/// Against other crates' copies of the data for Unicode 16: the foldings, and what belongs together.
#[cfg(not(target_family = "wasm"))]
mod native {
    use super::super::table::{PLANE_0, PLANE_1, Run};
    use super::{every_char, fold_char, same_but_control, same_folded};
    use proptest::prelude::*;
    use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
    use std::collections::HashMap;
    use std::fmt::Write as _;

    /// The code points that fold to the same one as `c`, ascending.
    fn class(c: char) -> Vec<char> {
        let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
        class.try_case_fold_simple().unwrap();
        class.iter().flat_map(|r| r.start()..=r.end()).collect()
    }

    #[test]
    fn two_chars_fold_to_the_same_only_if_regex_syntax_has_them_in_one_class() {
        let mut folding_to: HashMap<char, Vec<char>> = HashMap::new();
        for c in every_char() {
            folding_to.entry(fold_char(c)).or_default().push(c);
        }
        for c in every_char() {
            assert_eq!(folding_to[&fold_char(c)], class(c), "{c:?}");
        }
    }

    /// What CaseFolding.txt maps a code point to, with the statuses C and S.
    fn folded(c: char) -> char {
        unicode_case_mapping::case_folded(c).map_or(c, |folded| char::from_u32(folded.get()).unwrap())
    }

    #[test]
    fn every_char_folds_to_what_case_folding_txt_says() {
        assert_eq!(unicode_case_mapping::UNICODE_VERSION, (16, 0, 0), "the table is for Unicode 16");
        for c in every_char() {
            assert_eq!(fold_char(c), folded(c), "{c:?}");
        }
    }

    /// Runs as long as they can be, each code point or every other one.
    fn generate(plane: impl Iterator<Item = char>) -> Vec<Run> {
        let low = |c: char| (u32::from(c) & 0xffff) as u16;
        let mut runs: Vec<Run> = Vec::new();
        for c in plane {
            if folded(c) == c {
                continue;
            }
            assert_eq!(u32::from(c) >> 16, u32::from(folded(c)) >> 16, "{c:?}");
            let (code, to) = (low(c), low(folded(c)));
            match runs.last_mut() {
                Some(run)
                    if to.wrapping_sub(run.to) == code - run.first
                        && code - run.last <= 2
                        && (run.first == run.last || code - run.last == run.step) =>
                {
                    run.step = code - run.last;
                    run.last = code;
                }
                _ => runs.push(Run { first: code, last: code, step: 1, to }),
            }
        }
        runs
    }

    fn source(runs: &[Run]) -> String {
        runs.iter().fold(String::new(), |mut rows, run| {
            let Run { first, last, step, to } = run;
            writeln!(rows, "    run({first:#06x}, {last:#06x}, {step}, {to:#06x}),").unwrap();
            rows
        })
    }

    #[test]
    fn the_table_is_as_generated() {
        for (name, plane, table) in
            [("PLANE_0", '\u{80}'..='\u{ffff}', PLANE_0), ("PLANE_1", '\u{10000}'..='\u{1ffff}', PLANE_1)]
        {
            let runs = generate(plane);
            assert!(runs == table, "{name} should be:\n{}", source(&runs));
        }
    }

    fn names() -> impl Strategy<Value = String> {
        let letters = "sS\u{17f}kK\u{212a}\u{df}\u{1e9e}iI\u{130}\u{131}\0\x7f\u{85}\u{10400}";
        let letters = prop::sample::select(letters.chars().collect::<Vec<_>>());
        prop::collection::vec(letters, 0..4).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn strings_compare_as_their_foldings_do(a in names(), b in names()) {
            let fold = |s: &str| s.chars().map(fold_char).collect::<String>();
            let bare = |s: &str| fold(s).replace(char::is_control, "");
            prop_assert_eq!(same_folded(&a, &b), fold(&a) == fold(&b));
            prop_assert_eq!(same_but_control(&a, &b), bare(&a) == bare(&b));
        }
    }
}
