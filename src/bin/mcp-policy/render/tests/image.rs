//! `--image` takes what every registry's client reads as a reference, pinned by a digest.

use crate::render::image::Image;

const NEXT: &str = "give `registry/name@sha256:…`, as `./build.sh image --push` prints it";

fn digest() -> String {
    "0123456789abcdef".repeat(4)
}

#[test]
fn references_are_read() {
    for name in [
        "r.io/a",
        "localhost/a",
        "localhost:5000/team/mcp-policy",
        "10.0.0.7:80/a",
        "Registry.Example.com/a/b/c",
        "r.io/a:1",
        "r.io:5000/a:_1.2-x",
        "r.io/a.b_c__d---e/0",
        "team/mcp-policy",
    ] {
        let reference = format!("{name}@sha256:{}", digest());
        for text in [reference.clone(), format!("oci://{reference}")] {
            let image: Image = text.parse().unwrap();
            let expected = serde_json::json!({ "reference": reference, "digest": digest() });
            assert_eq!(serde_json::to_value(image).unwrap(), expected);
        }
    }
}

#[test]
fn references_that_registries_refuse_are_refused_with_the_part_that_is_wrong() {
    let long = "a".repeat(256);
    let part = "is not a part of an image name: it has `a` to `z` and `0` to `9` and, between them, `.`, `_`, `__` or any \
                number of `-`";
    let registry = "is not a registry: it is a DNS name or an IPv4 address, perhaps with a port";
    let tag = "is not a tag: it has 1 to 128 letters, digits, `_`, `.` and `-`, and starts with neither `.` nor `-`";
    for (name, message) in [
        ("", "`` names no registry".to_owned()),
        ("a", "`a` names no registry".to_owned()),
        ("r.io", "`r.io` names no registry".to_owned()),
        ("r.io:5000", "`r.io:5000` names no registry".to_owned()),
        ("a b/c", format!("`a b` in `a b/c` {part}")),
        ("/a", format!("`` in `/a` {part}")),
        ("r.io/", format!("`` in `r.io/` {part}")),
        ("r.io//a", format!("`` in `r.io//a` {part}")),
        ("r.io/A", format!("`A` in `r.io/A` {part}")),
        ("Team/a", format!("`Team` in `Team/a` {part}")),
        ("r.io/a..b", format!("`a..b` in `r.io/a..b` {part}")),
        ("r.io/a___b", format!("`a___b` in `r.io/a___b` {part}")),
        ("r.io/-a", format!("`-a` in `r.io/-a` {part}")),
        ("r.io/a-", format!("`a-` in `r.io/a-` {part}")),
        ("r.io/../a", format!("`..` in `r.io/../a` {part}")),
        ("r.io/\u{e9}", format!("`\u{e9}` in `r.io/\u{e9}` {part}")),
        ("http://r.io/a", format!("`http:` {registry}")),
        ("r.io:0/a", format!("`r.io:0` {registry}")),
        ("r.io:65536/a", format!("`r.io:65536` {registry}")),
        ("r.io:+80/a", format!("`r.io:+80` {registry}")),
        ("r.io:/a", format!("`r.io:` {registry}")),
        ("-r.io/a", format!("`-r.io` {registry}")),
        ("r..io/a", format!("`r..io` {registry}")),
        ("[::1]:5000/a", format!("`[::1]:5000` {registry}")),
        ("r.io/a:", format!("`` {tag}")),
        ("r.io/a:-1", format!("`-1` {tag}")),
        ("r.io/a:1:2", format!("`a:1` in `r.io/a:1` {part}")),
        (&format!("r.io/a:{long}"), format!("`{long}` {tag}")),
        (&format!("r.io/{long}"), format!("`r.io/{long}` has 261 bytes, and an image name has at most 255")),
    ] {
        let refused = format!("{name}@sha256:{}", digest()).parse::<Image>().unwrap_err();
        assert_eq!(refused, format!("{message}; {NEXT}"));
    }
}

#[test]
fn references_without_a_digest_are_refused() {
    let wrong = |digest: &str| {
        format!("`{digest}` is not a SHA-256 digest: after `sha256:`, it has 64 of `0` to `9` and `a` to `f`")
    };
    for (text, message) in [
        ("r.io/a:1".to_owned(), "`r.io/a:1` is not pinned by a digest".to_owned()),
        ("r.io/a@sha256:AB".to_owned(), wrong("sha256:AB")),
        (format!("r.io/a@sha512:{}", digest()), wrong(&format!("sha512:{}", digest()))),
        (format!("r.io/a@{}", digest()), wrong(&digest())),
        (format!("r.io/a@sha256:{0}@sha256:{0}", digest()), wrong(&format!("sha256:{0}@sha256:{0}", digest()))),
    ] {
        assert_eq!(text.parse::<Image>().unwrap_err(), format!("{message}; {NEXT}"));
    }
}
