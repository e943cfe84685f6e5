//! The vectors of RFC 8785, and numbers as ECMAScript prints them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Part, Writer};
use crate::json::{Reader, quoted};

#[track_caller]
fn canonical(text: &str) -> String {
    let mut reader = Reader::new(text.as_bytes(), 64).unwrap();
    reader.skip().and_then(|_| reader.finish()).unwrap();
    let mut out = b"before".to_vec();
    Writer::default().write(text.as_bytes(), 64, usize::MAX, None, &mut out).unwrap();
    String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned()
}

/// Section 3.2.2 of the RFC.
#[test]
fn the_example_of_the_rfc_has_its_canonical_form() {
    let text = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                    \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(canonical(text), expected);
}

/// Section 3.2.3 of the RFC.
#[test]
fn members_are_in_the_order_of_utf_16_code_units() {
    let text = r#"{
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let expected = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
                    \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\
                    \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}";
    assert_eq!(canonical(text), expected);
}

/// Appendix B of the RFC, by the bits of each double, and further numbers whose spelling changes.
#[test]
fn numbers_are_as_ecmascript_prints_them() {
    for (bits, printed) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        // All digits of the double, in which it is exactly what it is.
        let double = f64::from_bits(bits);
        for spelled in [format!("{double:.60e}"), format!("{double:e}"), printed.to_owned()] {
            assert_eq!(canonical(&spelled), printed, "{spelled}");
        }
    }
    for (spelled, printed) in [
        ("9223372036854775807", "9223372036854776000"),
        ("18446744073709551615", "18446744073709552000"),
        ("9007199254740993", "9007199254740992"),
        ("13.0000000000000000001", "13"),
        ("-0.0", "0"),
        ("1e-400", "0"),
        ("1E+2", "100"),
        ("1.0", "1"),
        ("0.00001", "0.00001"),
        ("0.0000001", "1e-7"),
        ("123456789012345678901", "123456789012345680000"),
        ("1234567890123456789012", "1.2345678901234568e+21"),
        ("3e-324", "5e-324"),
        ("2e-324", "0"),
    ] {
        assert_eq!(canonical(spelled), printed, "{spelled}");
    }
}

#[test]
fn many_members_are_sorted_as_few_are() {
    let names =
        ["", "a", "a\u{80}", "ab", "b", "\u{e9}", "\u{d7ff}", "\u{10000}", "\u{10ffff}", "\u{e000}", "\u{ffee}"];
    let all: Vec<String> = names.iter().flat_map(|name| (0..9).map(move |n| format!("{name}{n}"))).collect();
    for count in [3, 32, 33, all.len()] {
        let mut some: Vec<&str> = all.iter().rev().take(count).map(String::as_str).collect();
        let text =
            |names: &[&str]| names.iter().map(|name| format!("{}:1", quoted(name))).collect::<Vec<_>>().join(",");
        let written = canonical(&format!("{{{}}}", text(&some)));
        some.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
        assert_eq!(written, format!("{{{}}}", text(&some)));
    }
}

#[test]
fn spelling_makes_no_difference() {
    for text in [r#"{"a":"é","b":[],"c":{}}"#, " { \"c\" : { } , \"\\u0061\" : \"\\u00E9\", \"b\":[ ] } "] {
        assert_eq!(canonical(text), r#"{"a":"é","b":[],"c":{}}"#);
    }
}

#[test]
fn only_parts_that_are_chosen_are_written() {
    let choose = |name: &[u8]| match name {
        b"a" => Part::Nothing,
        b"b" => Part::Members(|name| if name == b"c\n" { Part::Whole } else { Part::Nothing }),
        _ => Part::Whole,
    };
    for (text, expected) in [
        (r#"{"d":1,"a":[{"x":1}],"b":{"x":1,"c\n":{"z":1,"a":2}}}"#, r#"{"b":{"c\n":{"a":2,"z":1}},"d":1}"#),
        (" { \"\\u0061\" : 1 , \"b\" : { } , \"d\" : [ ] } ", r#"{"d":[]}"#),
        (r#"{"b":{"a":1,"x":2}}"#, "{}"),
        (r#"{"b":[1.0],"x":{"a":1},"a":2}"#, r#"{"b":[1],"x":{"a":1}}"#),
        (r#"[{"a":1}]"#, r#"[{"a":1}]"#),
    ] {
        let mut out = Vec::new();
        Writer::default().write(text.as_bytes(), 8, 100, Some(choose), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{text}");
    }
}

#[test]
fn depth_and_values_are_bounded() {
    let written =
        |text: &str, depth, values| Writer::default().write(text.as_bytes(), depth, values, None, &mut Vec::new());
    for (text, depth, values) in [("1", 0, 1), ("[[]]", 2, 2), (r#"{"a":{"b":[1]}}"#, 3, 4), ("[1,2,3]", 1, 4)] {
        assert_eq!(written(text, depth, values), Some(()), "{text}");
        assert_eq!(written(text, depth, values - 1), None, "{text}");
        assert!(depth == 0 || written(text, depth - 1, values).is_none(), "{text}");
    }
    let mut writer = Writer::default();
    assert_eq!(writer.write(br#"{"b":1,"a":{"c\n":"#, 8, 8, None, &mut Vec::new()), None);
    let mut out = Vec::new();
    assert_eq!(writer.write(br#"{"d":1,"c":2}"#, 8, 8, None, &mut out), Some(()), "nothing of the text before is left");
    assert_eq!(out, br#"{"c":2,"d":1}"#);
}

/// Against `serde_json_canonicalizer`, which prints numbers by `ryu-js`.
#[cfg(not(target_family = "wasm"))]
mod differential {
    use proptest::prelude::*;

    use super::{Writer, canonical};

    /// Writes a value in some other way: members in any order, white space, and escapes.
    fn spell(value: &serde_json::Value, random: &mut fastrand::Rng, out: &mut String) {
        let space = |random: &mut fastrand::Rng| random.choice(["", "", " ", "\n\t", "\r "]).unwrap();
        out.push_str(space(random));
        match value {
            serde_json::Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    spell(value, random, out);
                }
                out.push_str(if values.is_empty() { "[ ]" } else { "]" });
            }
            serde_json::Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                random.shuffle(&mut members);
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push(if index == 0 { '{' } else { ',' });
                    out.push_str(space(random));
                    spell_string(name, random, out);
                    out.push_str(space(random));
                    out.push(':');
                    spell(value, random, out);
                }
                out.push_str(if members.is_empty() { "{ }" } else { "}" });
            }
            serde_json::Value::String(text) => spell_string(text, random, out),
            other => out.push_str(&other.to_string()),
        }
        out.push_str(space(random));
    }

    fn spell_string(text: &str, random: &mut fastrand::Rng, out: &mut String) {
        out.push('"');
        let is_escaped = random.bool();
        for c in text.chars() {
            let escaped: Vec<String> =
                c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect();
            let usual = serde_json::to_string(&c).unwrap();
            out.push_str(match c {
                '/' if is_escaped => "\\/",
                _ if is_escaped && random.u8(..4) == 0 => {
                    out.push_str(&escaped.concat());
                    continue;
                }
                _ => usual.get(1..usual.len() - 1).unwrap(),
            });
        }
        out.push('"');
    }

    fn check(text: &str) {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(canonical(text), serde_json_canonicalizer::to_string(&value).unwrap(), "{text}");
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_value_has_the_canonical_form_of_another_implementation(value in value(), spaces in any::<bool>()) {
            check(&if spaces { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap());
        }

        #[test]
        fn any_spelling_has_the_canonical_form_of_another_implementation(value in value(), seed in any::<u64>()) {
            let mut text = String::new();
            spell(&value, &mut fastrand::Rng::with_seed(seed), &mut text);
            assert_eq!(canonical(&text), serde_json_canonicalizer::to_string(&value).unwrap(), "{text}");
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), text in "[\\[\\]{}:,\"\\\\a0 .-]{0,40}") {
            for text in [&*bytes, text.as_bytes()] {
                let _ = Writer::default().write(text, 8, 100, None, &mut Vec::new());
            }
        }

        #[test]
        fn any_number_is_printed_as_by_another_implementation(
            digits in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?",
            power in -340_i32..300,
            has_power in any::<bool>(),
        ) {
            let text = if has_power { format!("{digits}e{power}") } else { digits };
            let double: f64 = text.parse().unwrap();
            prop_assume!(double.is_finite());
            let printed = serde_json_canonicalizer::to_string(&double).unwrap();
            assert_eq!(canonical(&text), printed, "{text}");
        }
    }
}
