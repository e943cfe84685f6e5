//! Other spellings: those on the list are undone, and what they hide is replaced in the text as it is written.

use base64::{Engine as _, engine::general_purpose::STANDARD};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    all_formats, format_named,
    random::{self, Random},
    redacted, stream,
};

#[test]
fn what_html_percent_signs_and_escapes_hide_is_found() {
    let email = format_named("email");
    for hidden in [
        "bob&#64;example.com",
        "bob&#x40;example.com",
        "bob&#0064example.com",
        "bob&commat;example&period;com",
        "bob%40example.com",
        "%62%6f%62%40example%2Ecom",
        "bob\\u0040example.com",
        "bob\\x40example.com",
        "bo\u{200b}b@exam\u{ad}ple.com",
        "bo&#8203;b@example.com",
        "b\u{feff}o\u{2060}b%40e\u{200d}xample.com",
    ] {
        assert_eq!(redacted(&email, &format!("to {hidden}, now")), "to [redacted], now", "{hidden}");
    }
    let card = format_named("credit_card");
    assert_eq!(redacted(&card, "4111&nbsp;1111&#32;1111\\u00201111 ok"), "[redacted] ok");
    assert_eq!(
        redacted(&format_named("jwt"), "x%2A%65yJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
        "x%2A[redacted]"
    );
}

#[test]
fn what_base64_holds_is_found() {
    let email = format_named("email");
    for (text, front) in
        [("please write to bob@example.com today", "see "), ("{\"email\":\"bob@example.com\"}", "token=")]
    {
        let coded = STANDARD.encode(text);
        assert_eq!(redacted(&email, &format!("{front}{coded}!")), format!("{front}[redacted]!"), "{coded}");
    }
    // Encoders wrap long texts.
    let long = format!("{}bob@example.com{}", "x ".repeat(40), " y".repeat(80));
    let lines: Vec<String> =
        STANDARD.encode(&long).as_bytes().chunks(76).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    assert_eq!(redacted(&email, &lines.join("\n")), "[redacted]");
    assert_eq!(redacted(&email, &lines.join("\r\n")), "[redacted]");
    // Bytes that are not text hold nothing.
    let bytes: Vec<u8> = (0..200_u8).chain([0, 255]).collect();
    let coded = STANDARD.encode(bytes);
    assert_eq!(redacted(&email, &coded), coded);
}

#[test]
fn what_is_not_on_the_list_is_not_found() {
    let email = format_named("email");
    for hidden in
        ["bob (at) example.com", "bob%2540example.com", "moc.elpmaxe@", "bob＠example.com", "&amp;#64;example.com"]
    {
        assert_eq!(redacted(&email, hidden), hidden);
    }
}

#[test]
fn every_sample_is_found_however_json_spells_it() {
    let (inspection, mut random) = (all_formats(), Random(8));
    for (finder, _) in crate::policy::BuiltIn::ALL {
        for _ in 0..20 {
            let sample = random::sample(&mut random, finder);
            let front = if finder == "bearer_token" { "Bearer " } else { "" };
            let escaped: String = sample.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let message = format!(r#"{{"id":1,"result":{{"x":"{front}{escaped}"}}}}"#);
            let expected = format!(r#"{{"id":1,"result":{{"x":"{front}[redacted]"}}}}"#);
            assert_eq!(stream(&inspection, &message), expected, "{finder} {sample}");
            // JSON in a text, such as tools return it.
            let inside = crate::json::quoted(&format!("{{\"x\":\"{front}{escaped}\"}}"));
            let message = format!(r#"{{"id":1,"result":{{"x":{inside}}}}}"#);
            assert!(!stream(&inspection, &message).contains(&escaped[6..]), "{finder} {sample}");
        }
    }
}
