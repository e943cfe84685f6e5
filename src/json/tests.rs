//! The reader against texts that are JSON, and texts that some readers take for it.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Decimal, Fault, KnownNames, NameComparison, Node, Reader, Reason, Value, Writer, list, parse, quoted};

fn skim(text: &[u8]) -> Result<(), String> {
    let mut reader = Reader::new(text, 64).map_err(|fault| fault.to_string())?;
    reader.skip().and_then(|_| reader.finish()).map_err(|fault| fault.to_string())?;
    reader.name_fault().map_or(Ok(()), |fault| Err(fault.to_string()))
}

#[track_caller]
fn assert_refused(cases: &[(&[u8], &str)]) {
    for (text, message) in cases {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(skim(text).expect_err(&shown), *message, "{shown}");
    }
}

#[test]
fn accepts_what_rfc_8259_allows() {
    let texts = [
        r#"{"a":[1,-0,0.5,1e5,1E-5,-1.5e+3],"b":{"c":null,"d":true,"e":false},"f":""}"#,
        " \t\r\n[ ] ",
        r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#,
        "\"\u{7f}\u{2028}\"",
        "1.7976931348623157e308",
        "-1.797693134862315807e308",
        "0e999999999999999999999",
        "-0.00e+309",
        "0.00017976931348623157e+0312",
        "17976931348623158079.372897140530341507993413271003782693617377898044496829276475094664901797758720e0289",
        "1e-99999999999999999999",
    ];
    for text in texts {
        assert_eq!(skim(text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn every_prefix_of_a_text_ends_too_early() {
    let text = r#"{"a":[1.5e3,true,null,"x\u00e9\ud83d\ude00"],"b":{"c":false}}"#;
    for end in 0..text.len() {
        let message = skim(&text.as_bytes()[..end]).unwrap_err();
        let kinds = ["the text ends too early", "an unknown escape", "half a surrogate", "expected `"];
        assert!(kinds.iter().any(|kind| message.starts_with(kind)), "{message}: {end}");
    }
}

#[test]
fn refuses_what_readers_differ_on() {
    assert_refused(&[
        (b"", "the text ends too early (byte 0)"),
        (b"\xEF\xBB\xBF{}", "the text starts with a byte order mark (byte 0)"),
        (b"{} x", "there is text after the value (byte 3)"),
        (b"{}\0", "there is text after the value (byte 2)"),
        (b"\x0b{}", "expected a value (byte 0)"),
        (b"[1,]", "expected a value (byte 3)"),
        (b"[1 2]", "expected `,` or `]` (byte 3)"),
        (b"{a:1}", "expected a string (byte 1)"),
        (b"{'a':1}", "expected a string (byte 1)"),
        (b"{\"a\" 1}", "expected `:` (byte 5)"),
        (b"{\"a\":1 /* */}", "expected `,` or `}` (byte 7)"),
        (b"[NaN]", "expected a value (byte 1)"),
        (b"[-Infinity]", "expected a digit (byte 2)"),
        (b"nul", "expected `null` (byte 0)"),
        (b"[01]", "expected a number without a leading zero (byte 1)"),
        (b"[+1]", "expected a value (byte 1)"),
        (b"[.5]", "expected a value (byte 1)"),
        (b"[5.]", "expected a digit (byte 3)"),
        (b"[0x1]", "expected `,` or `]` (byte 2)"),
        (b"[1e999]", "a number that is too long or too large (byte 1)"),
        (b"[-1.797693134862315808e308]", "a number that is too long or too large (byte 1)"),
        (b"[0.00017976931348623159e+0312]", "a number that is too long or too large (byte 1)"),
        (b"[1e309]", "a number that is too long or too large (byte 1)"),
        (b"[1e99999999999999999999]", "a number that is too long or too large (byte 1)"),
        (b"[\"a\nb\"]", "an unescaped control character in a string (byte 3)"),
        (b"[\"0123456789\x00\"]", "an unescaped control character in a string (byte 12)"),
        (b"[\"\\x6b\"]", "an unknown escape in a string (byte 2)"),
        (b"[\"\\u12G4\"]", "an unknown escape in a string (byte 2)"),
        (b"[\"\\ud800\"]", "half a surrogate pair in a string (byte 2)"),
        (b"[\"\\ud800\\ud800\"]", "half a surrogate pair in a string (byte 2)"),
        (b"[\"\\udc00\"]", "half a surrogate pair in a string (byte 2)"),
        (b"[\"ok\xff\"]", "the text is not UTF-8 (byte 4)"),
        (b"[\"\xc1\xaf\"]", "the text is not UTF-8 (byte 2)"),
        ("[\"é0123456789\u{0}\"]".as_bytes(), "an unescaped control character in a string (byte 14)"),
        (b"[\"0123456789\xe9 \"]", "the text is not UTF-8 (byte 12)"),
        (b"[\"01\xe9\", \"01234567\"]", "the text is not UTF-8 (byte 4)"),
        (b"[\"\xed\xa0\x80\"]", "the text is not UTF-8 (byte 2)"),
        (b"{\"a\":1,\"b\":2,\"a\":3}", "the member `a` is repeated (byte 13)"),
        (b"[{\"name\":1,\"na\\u006de\":2}]", "the member `name` is repeated (byte 1)"),
    ]);
}

#[test]
fn refuses_a_number_of_more_than_256_bytes() {
    assert_eq!(skim("1".repeat(256).as_bytes()), Ok(()));
    let message = skim("1".repeat(257).as_bytes()).unwrap_err();
    assert_eq!(message, "a number that is too long or too large (byte 0)");
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert_eq!(skim(nested(64).as_bytes()), Ok(()));
    assert_eq!(skim(nested(65).as_bytes()).unwrap_err(), "more than 64 levels of nesting (byte 65)");
    assert_eq!(skim("[".repeat(1_000_000).as_bytes()).unwrap_err(), "more than 64 levels of nesting (byte 65)");
}

#[test]
fn finds_a_duplicate_among_many_names_in_time() {
    let names: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":0")).collect();
    assert_eq!(skim(format!("{{{}}}", names.join(",")).as_bytes()), Ok(()));
    let text = format!("{{{},\"k\\u0035\":1}}", names.join(","));
    assert_eq!(skim(text.as_bytes()).unwrap_err(), "the member `k5` is repeated (byte 0)");
}

#[test]
fn two_objects_may_have_a_name_in_common() {
    assert_eq!(skim(br#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#), Ok(()));
}

fn unmistakable(text: &str) -> Option<Reason> {
    let mut reader = Reader::new(text.as_bytes(), 64).unwrap();
    reader
        .members(NameComparison::Unmistakable(&KnownNames::new(&["name", "taskId"])), |reader, _| {
            reader.skip().map(drop)
        })
        .unwrap();
    reader.name_fault().map(|fault| fault.reason.clone())
}

#[test]
fn a_name_that_resembles_a_known_one_or_another_is_found() {
    let lookalike = |name: &str| Some(Reason::Lookalike(name.to_owned()));
    assert_eq!(unmistakable(r#"{"name":1,"Name":2}"#), lookalike("Name"));
    assert_eq!(unmistakable(r#"{"NAME":2}"#), lookalike("NAME"));
    assert_eq!(unmistakable("{\"tas\u{212A}Id\":2}"), lookalike("tas\u{212A}Id"));
    assert_eq!(unmistakable(r#"{"name\u0000":2}"#), lookalike("name\0"));
    assert_eq!(unmistakable(r#"{"NAME\u0000x":2}"#), lookalike("NAME\0x"));
    assert_eq!(unmistakable(r#"{"na\u0000me":2}"#), lookalike("na\0me"));
    assert_eq!(unmistakable(r#"{"x\u0000name":2,"x":3,"xname\u0000":4}"#), lookalike("xname\0"));
    assert_eq!(unmistakable(r#"{"x\u0000name":2,"x":3,"y\u0000":4}"#), None);
    assert_eq!(unmistakable(r#"{"xame\u0000":2,"\u0000":3,"taskIx\u0000":4}"#), None, "of the same length");
    assert_eq!(unmistakable(r#"{"Name":1,"x":2,"x":3}"#), Some(Reason::Duplicate("x".to_owned())));
    assert_eq!(unmistakable(r#"{"other":1,"Other":2}"#), lookalike("Other"));
    assert_eq!(unmistakable(r#"{"name":1,"taskId":2,"other":3,"nam":4,"__proto__":5}"#), None);
    let many: Vec<String> = (0..50).map(|n| format!("\"k{n}\":0")).collect();
    assert_eq!(unmistakable(&format!("{{{}}}", many.join(","))), None);
    assert_eq!(unmistakable(&format!("{{{},\"K7\":1}}", many.join(","))), lookalike("K7"));
}

#[test]
fn strings_are_decoded_and_borrowed_where_they_can_be() {
    let text = r#"["plain","\u0065vil\/\n\ud83d\ude00é","\\u0041"]"#;
    let Node { value: Value::Array(nodes), .. } = parse(text.as_bytes(), 8).unwrap() else { panic!() };
    let strings: Vec<&Value<'_>> = nodes.iter().map(|node| &node.value).collect();
    assert_eq!(strings[0], &Value::String("plain".into()));
    assert!(matches!(strings[0], Value::String(std::borrow::Cow::Borrowed(_))));
    assert_eq!(strings[1], &Value::String("evil/\n😀é".into()));
    assert_eq!(strings[2], &Value::String("\\u0041".into()));
}

#[test]
fn each_value_of_a_tree_has_its_offset() {
    let node = parse(br#"{ "a" : [ 1.50 ] }"#, 8).unwrap();
    let Value::Object(members) = &node.value else { panic!() };
    assert_eq!((members[0].at, members[0].node.at), (2, 8));
    let Value::Array(elements) = &members[0].node.value else { panic!() };
    assert_eq!(elements[0], Node { at: 10, value: Value::Number("1.50".into()) });
    assert_eq!(parse(b"[1] 2", 8), Err(Fault { at: 4, reason: Reason::Trailing }));
}

#[test]
fn a_node_has_members_if_it_is_an_object_and_a_text_if_it_is_a_string() {
    let node = parse(br#"{"a":"x","b":1}"#, 8).unwrap();
    let text = |name: &str| node.member(name).and_then(Node::as_str);
    assert_eq!([text("a"), text("b"), text("c"), node.as_str()], [Some("x"), None, None, None]);
    assert_eq!(node.member("a").unwrap().member("a"), None);
}

fn decimal(text: &str) -> Decimal {
    Decimal::new(text).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn decimals_compare_by_value_not_by_spelling() {
    for same in [["100", "1e2"], ["100", "100.0"], ["0", "-0.0e9"], ["0.001", "1E-3"], ["-1.5", "-15e-1"]] {
        assert_eq!(decimal(same[0]), decimal(same[1]), "{same:?}");
    }
    let rising =
        ["-1e9", "-2", "-1.5", "-0.1", "0", "1e-400", "0.1", "0.11", "1", "9007199254740992", "9007199254740993"];
    for pair in rising.windows(2) {
        assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
    }
    for text in [
        "", "-", "1.x", "e5", "1e", "1e+", "+1", " 1", "0x1", "01", "00", "-01", "00.5", "1.", "-0.", "1.e2", ".5",
        "1.2.3",
    ] {
        assert_eq!(Decimal::new(text), None, "{text}");
        assert!(text == " 1" || skim(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn decimals_scale_to_whole_numbers_or_not_at_all() {
    assert_eq!(decimal("10").scaled(0), Some(10));
    assert_eq!(decimal("1e1").scaled(0), Some(10));
    assert_eq!(decimal("1.25").scaled(6), Some(1_250_000));
    assert_eq!(decimal("0.0000001").scaled(6), None);
    assert_eq!(decimal("-1").scaled(0), None);
    assert_eq!(decimal("1e300").scaled(0), None);
    assert_eq!(decimal("0e300").scaled(0), Some(0));
    assert_eq!(decimal("18446744073709551615").scaled(0), Some(u64::MAX));
    assert_eq!(decimal("18446744073709551616").scaled(0), None);
}

#[test]
fn what_is_written_reads_back() {
    let texts = ["", "plain", "\"\\/", "a\nb\tc\r\u{0}\u{1f}\u{7f}", "é😀\u{2028}", "\\\\\"\""];
    for text in texts {
        let mut writer = Writer::default();
        writer
            .add_member(text, quoted(text))
            .add_optional_string("none", None)
            .add_json("n", 1.5)
            .add_json("o", Writer::default().finish());
        let written = writer.finish();
        let Node { value: Value::Object(members), .. } = parse(written.as_bytes(), 8).unwrap() else { panic!() };
        assert_eq!((&*members[0].name, &members[0].node.value), (text, &Value::String(text.into())), "{written}");
        assert_eq!(members[1].node.value, Value::Number("1.5".into()));
        assert_eq!(members[2].node.value, Value::Object(Vec::new()));
        let mut writer = Writer::with_capacity(8);
        writer.add_object("o", |inner| {
            inner.add_string("t", text).add_raw("list", &list([text, text].into_iter()));
        });
        writer.add_object("e", |_| {}).add_optional_string("t", Some(text)).add_member(text, 1);
        let text = quoted(text);
        let expected = format!(r#"{{"o":{{"t":{text},"list":[{text},{text}]}},"e":{{}},"t":{text},{text}:1}}"#);
        assert_eq!(writer.finish(), expected);
    }
}

#[test]
fn decimals_show_as_json_that_means_the_same() {
    for text in ["0", "-0", "1", "100", "-1.5", "0.001", "12.34", "1e30", "-1e-30", "123e-1", "9007199254740993"] {
        let shown = decimal(text).to_string();
        assert_eq!(decimal(&shown), decimal(text), "{text} {shown}");
        assert_eq!(skim(shown.as_bytes()), Ok(()), "{shown}");
    }
    let shown = |text: &str| decimal(text).to_string();
    assert_eq!([shown("1e2"), shown("100.50"), shown("-0.0"), shown("1e-3")], ["100", "100.5", "0", "1e-3"]);
}

#[test]
fn a_decimal_has_one_text_for_each_value() {
    for (texts, expected) in [
        (&["0", "-0", "0.00", "0e5"][..], "e0"),
        (&["1", "1.0", "10e-1"], "1e1"),
        (&["-1.5", "-15e-1"], "-15e1"),
        (&["0.5", "5e-1"], "5e0"),
        (&["0.05"], "5e-1"),
        (&["-0.00012"], "-12e-3"),
        (&["1200"], "12e4"),
    ] {
        for text in texts {
            assert_eq!(Decimal::new(text).unwrap().comparison_key(), expected, "{text}");
        }
    }
}

#[cfg(not(target_os = "wasi"))]
#[test]
fn a_number_of_more_than_twenty_zeroes_is_shown_with_an_exponent() {
    for (text, shown) in [
        ("1e20", "100000000000000000000"),
        ("1e21", "1e21"),
        ("-12e20", "-1200000000000000000000"),
        ("-12e21", "-12e21"),
        ("0.05", "5e-2"),
        ("0e9", "0"),
        ("12.50", "12.5"),
    ] {
        assert_eq!(decimal(text).to_string(), shown, "{text}");
    }
}
