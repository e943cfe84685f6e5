#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{is_ambiguous, is_ambiguous_pattern, is_ambiguous_prefix, normalize, part_read_alone};

#[track_caller]
fn assert_ambiguous(uris: &[&str]) {
    for uri in uris {
        assert!(is_ambiguous(uri), "{uri:?} is taken for plain");
    }
}

#[track_caller]
fn assert_plain(uris: &[&str]) {
    for uri in uris {
        assert!(!is_ambiguous(uri), "{uri:?} is taken for ambiguous");
    }
}

#[test]
fn ordinary_uris_are_plain() {
    assert_plain(&[
        "file:///srv/docs/a%20b.txt",
        "file:///srv/docs/",
        "file:///srv/.hidden/..data/a...b",
        "file:///srv/r%C3%A9sum%c3%a9.txt",
        "file:///srv/résumé.txt",
        "file:///C:/Users/a",
        "file:///a#part",
        "https://example.com/",
        "https://example.com/a?b=../c&d=1..2#e",
        "https://example.com:8443/a",
        "https://example.com/go?to=https://other.example:443/x",
        "https://example.com/a//b",
        "http://[::1]:8080/a",
        "http://10.0.0.7/a",
        "https://xn--bcher-kva.example/a",
        "https://my_host/a@b",
        "ws://example.com:443/a",
        "wss://example.com:80/a",
        "ftp://example.com/a",
        "repo://octocat/hello/contents/README",
        "postgres://user@Host:5432/db",
        "custom:Opaque",
        "git:HEAD:./a",
        "repo:..a",
        "urn:isbn:0451450523",
        "README.md",
        "Docs/a:b",
        "a%zz",
        "a%",
        "a%2",
        "memo://x?q=100",
    ]);
}

#[test]
fn dot_segments_are_ambiguous_wherever_they_are() {
    assert_ambiguous(&[
        "file:///a/../b",
        "file:///a/./b",
        "file:///a/..",
        "..",
        "./a",
        "repo://a/../b",
        "file:///srv/docs/x?/../../../etc/passwd",
        "file:///srv/docs/x#/../../../etc/passwd",
        "file:///a/..?b",
        "file:///a/..#b",
        "file:///a/..;x/b",
        "file:///a?..",
        "urn:a/../b",
        "repo:../a",
        "repo:./a",
        "repo:..",
        "repo:.",
        "repo:..;x/a",
        "repo:..?x",
        "repo:.#x",
    ]);
}

#[test]
fn escapes_of_what_needs_none_are_ambiguous() {
    assert_ambiguous(&[
        "file:///a/%2e%2e/b",
        "file:///a/%2E./b",
        "file:///a%2fb",
        "file:///a%2Fb",
        "file:///a%5cb",
        "file:///%61",
        "file:///%5A",
        "file:///%30",
        "file:///%7e",
        "file:///%5F%2d",
        "file:///a%252e",
        "a%25",
        "a%00",
        "a%0a",
        "a%7f",
        "a%c0%ae",
        "a%C0%AF",
        "a%e0%80%ae",
        "a%ff",
        "a%C3",
    ]);
}

#[test]
fn white_space_backslashes_and_control_characters_are_ambiguous() {
    assert_ambiguous(&[
        " file:///a",
        "file:///a ",
        "file:///a b",
        "file:///a\tb",
        "file:///a\n",
        "file:///a\u{a0}",
        "file:///a\u{3000}b",
        "file:///a\\b",
        "a\u{0}",
        "a\u{7f}",
        "a\u{85}",
    ]);
}

#[test]
fn a_scheme_has_one_spelling() {
    assert_ambiguous(&["FILE:///a", "File:///a", "HTTPS://example.com/", "Repo://a", "X:a"]);
}

#[test]
fn a_file_uri_has_no_host_and_no_empty_segment() {
    assert_ambiguous(&["file:/a", "file:a", "file://a", "file://localhost/a", "file:", "file:///a//b", "file:////a"]);
}

#[test]
fn the_host_and_port_of_web_uris_have_one_spelling() {
    assert_ambiguous(&[
        "http:a",
        "http:/a",
        "http://",
        "http:///a",
        "https://example.com",
        "https://example.com?a/",
        "https://example.com#/",
        "https://Example.com/",
        "https://example.com./",
        "https://ex%61mple.com/",
        "https://b\u{fc}cher.example/",
        "https://example.com\u{3002}evil/",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://@example.com/",
        "https://example.com:/",
        "https://example.com:443/",
        "http://example.com:80/",
        "http://example.com:080/",
        "https://example.com:0443/",
        "https://example.com:65536/",
        "https://example.com:+1/",
        "https://example.com:x/",
        "ws://example.com:80/",
        "wss://example.com:443/",
        "ftp://example.com:21/",
        "http://a..b/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://010.0.0.7/",
        "http://[::1]:80/",
        "http://[0:0::1]/",
        "http://[::FF]/",
        "http://[::ffff:10.0.0.7]/",
        "http://[::1/",
        "http://[::1]x/",
    ]);
}

#[test]
fn uris_are_compared_percent_encoded_in_upper_case() {
    for (uri, normal) in [
        ("file:///srv/a", "file:///srv/a"),
        ("file:///r\u{e9}", "file:///r%C3%A9"),
        ("file:///r%c3%a9", "file:///r%C3%A9"),
        ("file:///r%C3%a9\u{1f600}x", "file:///r%C3%A9%F0%9F%98%80x"),
        ("a\"<>^`{|}b", "a%22%3C%3E%5E%60%7B%7C%7Db"),
        ("a%2cb%zcc%", "a%2Cb%zcc%"),
        ("%ab%%cd*", "%AB%%CD*"),
    ] {
        assert_eq!(normalize(uri), normal);
        assert_eq!(normalize(normal), normal);
    }
}

#[test]
fn some_servers_read_a_part_alone() {
    for (uri, part) in [
        ("file:///a", None),
        ("file:///", None),
        ("file:///a/", Some("file:///a")),
        ("file:///a?b#c", Some("file:///a")),
        ("file:///a/?b", Some("file:///a")),
        ("https://example.com/a?b", None),
        ("https://example.com/a/", None),
        ("https://example.com/a?b#c/", Some("https://example.com/a?b")),
        ("repo://a#b", Some("repo://a")),
    ] {
        assert_eq!(part_read_alone(uri), part, "{uri}");
    }
}

#[test]
fn a_beginning_is_ambiguous_if_nothing_can_follow() {
    for front in
        ["", "file:", "file://", "file:///a", "https://", "https://a", "https://a:", "https://a:8", "ht", "a%2"]
    {
        assert!(!is_ambiguous_prefix(front), "{front}");
    }
    for front in ["file:///../a", "FILE:", "file:///a b", "https://a@b/", "https://A", "a%2e", "file://host/"] {
        assert!(is_ambiguous_prefix(front), "{front}");
    }
}

#[test]
fn a_pattern_is_ambiguous_if_every_uri_that_matches_it_is() {
    for pattern in ["*", "file:*", "file:///*", "https://*", "https://*.example.com/*", "https://*:*/*", "https://a*"] {
        assert!(!is_ambiguous_pattern(pattern), "{pattern}");
    }
    for pattern in ["file:///*/../b", "FILE:///*", "https://user@*", "https://a:443/*", "file://a/*", "* *"] {
        assert!(is_ambiguous_pattern(pattern), "{pattern}");
    }
}
