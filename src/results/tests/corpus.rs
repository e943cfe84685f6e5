//! Precision and recall, on samples made from public formats and on texts that look like them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    all_formats, format_named,
    random::{self, Random},
    redacted,
};

/// What is around a secret in the output of tools.
const AROUND: [(&str, &str); 12] = [
    ("", ""),
    ("key=", "\n"),
    ("\"", "\","),
    ("'", "'"),
    ("(", ")"),
    ("is ", "."),
    ("a: ", ", b"),
    ("<td>", "</td>"),
    ("\n", "\n"),
    ("\t", "\t"),
    ("é ", " é"),
    ("[", "]"),
];

/// Each sample of a format is replaced, and nothing around it.
#[track_caller]
fn finds(finder: &str, samples: impl IntoIterator<Item = String>) {
    let inspection = format_named(finder);
    let front = if finder == "bearer_token" { "Authorization: Bearer " } else { "" };
    for (index, sample) in samples.into_iter().enumerate() {
        let (before, behind) = AROUND[index % AROUND.len()];
        let text = format!("{before}{front}{sample}{behind}");
        assert_eq!(redacted(&inspection, &text), format!("{before}{front}[redacted]{behind}"), "{finder}");
    }
}

/// No text is changed.
#[track_caller]
fn finds_nothing<'t>(finder: &str, texts: impl IntoIterator<Item = &'t str>) {
    let inspection = format_named(finder);
    for text in texts {
        assert_eq!(redacted(&inspection, text), text, "{finder}");
    }
}

#[test]
fn samples_of_every_format_are_found() {
    for (finder, _) in crate::policy::BuiltIn::ALL {
        let mut random = Random(7);
        finds(finder, (0..300).map(|_| random::sample(&mut random, finder)));
    }
}

#[test]
fn cards_of_every_network_are_found_as_they_are_printed() {
    let mut random = Random(1);
    for (prefix, lengths) in random::NETWORKS {
        for length in lengths {
            for separator in ["", " ", "-"] {
                let card = random::card_of(&mut random, prefix, *length);
                finds("credit_card", [random::grouped(&card, separator), card.clone()]);
            }
        }
    }
    // The numbers that the networks publish for tests.
    finds(
        "credit_card",
        [
            "4111111111111111",
            "4012 8888 8888 1881",
            "5555-5555-5555-4444",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "30569309025904",
            "6011111111111117",
            "3530111333300000",
            "6200000000000005",
        ]
        .map(str::to_owned),
    );
}

#[test]
fn other_numbers_are_no_cards() {
    let mut random = Random(2);
    let mut wrong = Vec::new();
    for _ in 0..200 {
        let card = random::card(&mut random);
        let (front, last) = card.split_at(card.len() - 1);
        let other = (last.parse::<u8>().unwrap() + 1 + u8::try_from(random.below(8)).unwrap()) % 10;
        wrong.push(format!("{front}{other}"));
    }
    finds_nothing("credit_card", wrong.iter().map(String::as_str));
    finds_nothing(
        "credit_card",
        [
            "1764460800000",
            "1764460800000000000",
            "0000000000000000",
            "9999999999999999",
            "0.4111111111111111",
            "4111111111111111.5",
            "a4111111111111111",
            "4111111111111111f",
            "41111111111111111111111",
            "+49 30 1234567",
            "2026-11-30 00:25:10",
            "550e8400-e29b-41d4-a716-446655440000",
            "4111 1111 1111",
            "4111  1111  1111  1111",
            "4111-1111 1111-1111",
        ],
    );
}

#[test]
fn ibans_of_every_country_are_found_as_they_are_printed() {
    let mut random = Random(3);
    for (country, form) in random::IBANS {
        let iban = random::iban_of(&mut random, country, form);
        let groups: Vec<&str> = iban.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect();
        finds("iban", [iban.clone(), groups.join(" "), iban.to_lowercase()]);
        let (front, last) = iban.split_at(iban.len() - 1);
        let other = match last.bytes().next() {
            Some(b'0'..=b'8' | b'A'..=b'Y') => char::from(last.as_bytes()[0] + 1),
            _ => char::from(last.as_bytes()[0] - 1),
        };
        finds_nothing("iban", [format!("{front}{other}").as_str(), front, format!("{iban}1").as_str()]);
    }
    finds(
        "iban",
        ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR1420041010050500013M02606"].map(str::to_owned),
    );
}

#[test]
fn addresses_are_found_as_the_rfcs_write_them() {
    finds(
        "email",
        [
            "bob@example.com",
            "Bob.O'Neil@example.co.uk",
            "a@b.cc",
            "x+tag@sub.domain.example.org",
            "\"john doe\"@example.com",
            "user@[192.168.0.1]",
            "user@[IPv6:2001:db8::1]",
            "用户@例え.テスト",
            "user@xn--fsqu00a.xn--0zwm56d",
            "very.common@example.museum",
        ]
        .map(str::to_owned),
    );
    let inspection = format_named("email");
    assert_eq!(redacted(&inspection, "mailto:bob@example.com?x=1"), "mailto:[redacted]?x=1");
    assert_eq!(redacted(&inspection, "to=bob@example.com."), "to=[redacted].");
    assert_eq!(redacted(&inspection, "Bob <bob@example.com>; ann@example.com"), "Bob <[redacted]>; [redacted]");
    finds_nothing(
        "email",
        [
            "user@host",
            "@decorator",
            "npm i left-pad@1.3.0",
            "@scope/package@2.0.0",
            "icon@2x.png",
            "a@b..com",
            "a..b@example.com",
            "x@-a.com",
            "x@a-.com",
            "x@example.c",
            "root@localhost:~#",
            "1@2.3",
            "a @ b.com",
        ],
    );
}

#[test]
fn private_keys_are_found_in_every_form_and_public_ones_are_not() {
    let mut random = Random(4);
    for label in random::KEY_LABELS {
        let key = random::private_key_of(&mut random, label);
        finds("private_key", [key.clone(), key.clone(), key.replace('\n', "\r\n"), key.replace('\n', "\\n")]);
        // A key that is cut off is a key.
        let (front, _) = key.split_at(key.len() / 2);
        assert_eq!(redacted(&format_named("private_key"), front), "[redacted]", "{front}");
        let (_, back) = key.split_at(key.find("-----\n").unwrap() + 6);
        assert_eq!(redacted(&format_named("private_key"), &format!("!{back}")), "![redacted]", "{back}");
        let public = random::private_key_of(&mut random, &label.replace("PRIVATE", "PUBLIC"));
        finds_nothing("private_key", [public.as_str()]);
    }
    finds(
        "private_key",
        ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----".to_owned()],
    );
    finds_nothing(
        "private_key",
        ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "--- BEGIN ---", "a---b"],
    );
}

#[test]
fn tokens_that_say_too_little_are_none() {
    finds_nothing(
        "jwt",
        ["eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.x", "eyJmb28iOiJiYXIifQ.eyJmb28iOiJiYXIifQ.c2ln", "keyJar.size.of"],
    );
    let mut random = Random(5);
    finds("jwt", (0..20).map(|_| random::jwe(&mut random)));
    finds_nothing(
        "aws_key",
        ["AKIA", "AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN7EXAMPLEX", "xAKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN1EXAMPLE"],
    );
    finds_nothing(
        "github_token",
        ["ghp_short", "ghx_0123456789abcdefghijABCDEFGHIJ012345", "github_pat_short", "ugh_p"],
    );
    finds_nothing("slack_token", ["xoxb-", "xoxb-token-goes-here", "foxb-123456789012", "xoxb-your-token"]);
    finds_nothing(
        "bearer_token",
        [
            "a bearer of good news and of nothing else",
            "Bearer <token>",
            "Bearer $TOKEN",
            "Bearer YOUR_ACCESS_TOKEN",
            "the bearer authentication-scheme is described here",
            "forbearer 0123456789abcdef0123",
        ],
    );
    let grant = random::mcp_grant(&mut random);
    let wrong = format!("{}0", &grant[..grant.len() - 1]);
    let other = format!("{}1", &grant[..grant.len() - 1]);
    let kept = if wrong == grant { other } else { wrong };
    finds_nothing("mcp_grant", [kept.as_str(), "mcpg_", "mcpg_0123"]);
}

#[test]
fn secret_keys_of_aws_are_found_beside_their_name() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let inspection = format_named("aws_key");
    for (front, behind) in [
        ("AWS_SECRET_ACCESS_KEY=", "\n"),
        ("aws_secret_access_key = ", ""),
        ("export AWS_SECRET_ACCESS_KEY=\"", "\""),
        ("{\"SecretAccessKey\": \"", "\"}"),
        ("secretAccessKey: '", "'"),
    ] {
        let text = format!("{front}{secret}{behind}");
        assert_eq!(redacted(&inspection, &text), format!("{front}[redacted]{behind}"));
    }
    // In structured content the name is that of the member.
    let message = format!(r#"{{"id":1,"result":{{"structuredContent":{{"SecretAccessKey":"{secret}"}}}}}}"#);
    let out = super::stream(&inspection, &message);
    assert_eq!(out, r#"{"id":1,"result":{"structuredContent":{"SecretAccessKey":"[redacted]"}}}"#);
    finds_nothing("aws_key", [secret, "SecretAccessKey: see the console", "SECRET_ACCESS_KEY=short"]);
}

/// Text that holds nothing: prose, code, logs, identifiers of every kind. A find here is a false one.
#[test]
fn texts_without_secrets_stay_as_they_are() {
    let inspection = all_formats();
    let mut random = Random(6);
    let words = [
        "the",
        "of",
        "a",
        "result",
        "server",
        "in",
        "2026-11-30",
        "fn main() {",
        "}",
        "&mut self",
        "https://example.com/a/b?c=d",
        "10.0.0.1:8080",
        "v1.2.3-rc.4",
        "#!/bin/sh",
        "--flag=value",
        "x_y_z",
        "Über",
        "東京",
        "0x7fff5fbff8a0",
        "SELECT * FROM t;",
    ];
    for _ in 0..2000 {
        let mut text = String::new();
        for _ in 0..20 {
            match random.below(6) {
                0 => text.push_str(&random.text("0123456789abcdef", 40)),
                1 => text.push_str(&format!("{}", random.next() % 1_000_000_000_000)),
                2 => text.push_str(&random.text("0123456789abcdef", 8)),
                _ => text.push_str(words[random.below(words.len())]),
            }
            text.push(' ');
        }
        assert_eq!(redacted(&inspection, &text), text);
    }
    // A random number of 16 digits that a network could have issued passes its check in one case of ten.
    let numbers: Vec<String> =
        (0..5000).map(|_| format!("{}", 10_u64.pow(15) + random.next() % (9 * 10_u64.pow(15)))).collect();
    let changed = numbers.iter().filter(|number| redacted(&inspection, number) != **number).count();
    assert!(changed < 300, "{changed} of 5000 random numbers");
}
