//! `url_host_in`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::policy::condition::url::is_plain_host;

use super::{NO, UNFIT, YES, assert_x, build};

const HOSTS: &str =
    r#"["good.com", "*.under.org", "127.0.0.1", "[2001:db8::1]", "LocalHost", "xn--bcher-kva.example"]"#;

#[track_caller]
fn assert_urls(urls: &[&str], expected: [Option<bool>; 2]) {
    for url in urls {
        assert_x("url_host_in", HOSTS, &[(&serde_json::Value::from(*url).to_string(), expected)]);
    }
}

#[test]
fn a_listed_host_is_found_in_plain_urls() {
    assert_urls(
        &[
            "https://good.com",
            "http://good.com/",
            "HTTPS://GOOD.com/x",
            "https://good.com:8443/x",
            "https://good.com:443",
            "https://good.com?q=1",
            "https://good.com#top",
            "https://good.com/@user?a=b@c#d@e",
            "https://good.com//evil.com/../x%2f%00",
            "https://good.com/?u=https://evil.com/",
            "https://good.com/ä",
            "http://localhost:3000",
            "http://127.0.0.1/",
            "http://[2001:db8::1]/",
            "http://[2001:DB8:0:0:0:0:0:1]:80/",
            "https://xn--bcher-kva.example/",
        ],
        YES,
    );
}

#[test]
fn a_host_lies_under_a_listed_name() {
    assert_urls(
        &["https://a.under.org", "https://a.b.under.org/", "https://a_b-c.under.org", "https://A.Under.ORG:1/"],
        YES,
    );
    assert_urls(
        &["https://under.org", "https://xunder.org", "https://a.under.org.evil.com", "https://under.org.a"],
        NO,
    );
}

#[test]
fn another_host_is_another_host() {
    assert_urls(
        &[
            "https://evil.com",
            "https://evil.com/good.com",
            "https://evil.com?good.com",
            "https://evil.com#good.com",
            "https://good.com.evil.com",
            "https://xgood.com",
            "https://good.comx",
            "https://goo-d.com",
            "https://www.good.com",
            "http://127.0.0.2",
            "http://[::1]/",
            "http://127.0.0.1.evil.com/",
        ],
        NO,
    );
}

#[test]
fn what_two_parsers_may_read_differently_is_wrong() {
    assert_urls(
        &[
            // Userinfo, and what was taken for it.
            "https://good.com@evil.com",
            "https://good.com:80@evil.com/",
            "https://evil.com@good.com/",
            "https://@good.com/",
            "https://:@good.com/",
            "https://good.com#@evil.com/",
            "https://good.com?@evil.com/",
            // Backslash, white space, control characters: dropped, or read as `/`, by WHATWG parsers.
            "https://good.com\\@evil.com",
            "https:\\\\good.com",
            "https://good.com/a\\b",
            " https://good.com",
            "https://good.com ",
            "https://good.com/a b",
            "https://go\tod.com",
            "https://good.com\n.evil.com",
            "ht\ntps://good.com",
            "https://good.com\u{0}.evil.com",
            "https://good.com/\u{a0}",
            "https://good.com/\u{2028}",
            "https://good.com/\u{85}",
            "https://good.com/\u{1}",
            "https://good.com/\u{7f}",
            "\u{feff}https://good.com",
            // Slashes too few and too many.
            "https:good.com",
            "https:/good.com",
            "https:///good.com",
            "https:////good.com",
            "//good.com",
            "good.com",
            "/good.com",
            // Other schemes and wrappers.
            "ftp://good.com",
            "ws://good.com",
            "file://good.com",
            "javascript://good.com/%0aalert(1)",
            "view-source:https://good.com",
            "url:https://good.com",
            "https.://good.com",
            "httpſ://good.com",
            "",
            "https://",
            "https://:80",
            "https://?good.com",
            "https://#good.com",
        ],
        UNFIT,
    );
}

#[test]
fn a_host_in_other_than_plain_spelling_is_wrong() {
    assert_urls(
        &[
            // The dot of the root names the same host.
            "https://good.com.",
            "https://good.com./x",
            "https://good..com",
            "https://.good.com",
            "https://.",
            // Escapes and other signs.
            "https://good%2ecom",
            "https://%67ood.com",
            "https://good.com%00.evil.com",
            "https://good.com%2f.evil.com",
            "https://good.com%40evil.com",
            "https://good.com;evil.com",
            "https://good.com,evil.com",
            "https://good.com&evil.com",
            "https://good.com$evil.com",
            "https://good.com!evil.com",
            "https://good.com|evil.com",
            "https://*.under.org",
            // What IDNA maps to ASCII.
            "https://ｇｏｏｄ.com",
            "https://good。com",
            "https://good\u{ad}.com",
            "https://goo\u{200b}d.com",
            "https://bücher.example",
            "https://ⓖood.com",
            "https://good.com／.evil.com",
            "https://\u{202e}good.com",
            // Ports.
            "https://good.com:",
            "https://good.com:/",
            "https://good.com:+80",
            "https://good.com:-1",
            "https://good.com:65536",
            "https://good.com:99999999999",
            "https://good.com:80:80",
            "https://good.com:80x",
            "https://good.com:x@evil.com",
            "https://good.com:8%30",
        ],
        UNFIT,
    );
    assert_urls(&[&format!("https://{}.com/", "a".repeat(64)), &format!("https://{}com/", "a.".repeat(126))], UNFIT);
}

#[test]
fn an_address_counts_in_canonical_spelling_only() {
    assert_urls(
        &[
            "http://127.1/",
            "http://127.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0x7f000001/",
            "http://0X7F.0.0.1/",
            "http://0177.0.0.1/",
            "http://127.0.0.01/",
            "http://127.0.0.0x1/",
            "http://127.0.0.1./",
            "http://127.0.0.256/",
            "http://127.0.0.1.1/",
            "http://0/",
            "http://0x/",
            "http://1.2.3.0x/",
            "http://a.0xff/",
            "http://good.com.1/",
            // IPv6, and IPv4 inside it.
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[2001:db8::1%25eth0]/",
            "http://[2001:db8::1%eth0]/",
            "http://[2001:db8::1/",
            "http://[2001:db8::1].good.com/",
            "http://[2001:db8::1]good.com/",
            "http://2001:db8::1/",
            "http://[]/",
            "http://[good.com]/",
            "http://[127.0.0.1]/",
            "http://[v1.good.com]/",
            "http://[::1::1]/",
        ],
        UNFIT,
    );
}

#[test]
fn what_is_no_string_is_wrong() {
    for value in ["5", "true", "[\"https://good.com\"]", "{\"href\":\"https://good.com\"}"] {
        assert_x("url_host_in", HOSTS, &[(value, UNFIT)]);
    }
}

#[test]
fn hosts_are_written_plainly() {
    let bad = [
        "",
        "https://good.com",
        "good.com/",
        "good.com:80",
        "a@good.com",
        "good.com.",
        ".good.com",
        "*",
        "*.",
        "*.*.com",
        "a.*.com",
        "*good.com",
        "*.127.0.0.1",
        "*.1",
        "127.1",
        "0x7f.1",
        "bücher.example",
        "::1",
        "[::ffff:1.2.3.4]",
        " good.com",
        "good com",
    ];
    for host in bad {
        let message = build("args.x", "url_host_in", &format!("[\"{host}\"]")).expect_err(host);
        assert!(message.starts_with("/value/0: found `\"") && message.ends_with("no scheme, no port"), "{message}");
    }
}

#[test]
fn a_host_is_plain_only_in_the_spelling_that_all_parsers_give_it() {
    for (host, expected) in [
        ("example.com", true),
        ("a_b-c.example", true),
        ("127.0.0.1", true),
        ("[::1]", true),
        ("[2001:db8::1]", true),
        ("Example.com", false),
        ("example.com.", false),
        ("127.1", false),
        ("0x7f.1", false),
        ("[::0001]", false),
        ("[2001:DB8::1]", false),
        ("[::ffff:127.0.0.1]", false),
        ("[::1", false),
        ("::1", false),
        ("", false),
    ] {
        assert_eq!(is_plain_host(host), expected, "{host}");
    }
}

#[test]
fn a_host_has_labels_of_up_to_63_bytes_and_253_in_all() {
    let name =
        |last: usize| [&"a".repeat(63), ".", &"b".repeat(63), ".", &"c".repeat(63), ".", &"d".repeat(last)].concat();
    for (host, expected) in [
        ("a".repeat(63), true),
        ("a".repeat(64), false),
        (name(61), true),
        (name(62), false),
        ("a..b".to_owned(), false),
    ] {
        assert_eq!(is_plain_host(&host), expected, "{host}");
    }
}
