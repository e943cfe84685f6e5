//! What it costs to look through an answer: for each byte as many instructions at its end as at its front, whatever the text and the
//! finders. Repeated are what each finder begins with, and what is nearly a find; each has been quadratic, or could become so.

use serde_json::{Value, json};

use super::{instructions, metered};
use crate::{proxy::Part, request::call};

/// Instructions for a byte of an answer. Own expressions are charged besides, so they may take [`EXPRESSIONS`].
const BYTE: u64 = 1000;
/// Instructions of all expressions for one answer: about ten milliseconds, and five times as much for one whose every match is found
/// only after the rest of a window was read.
const EXPRESSIONS: u64 = 500_000_000;
/// Four times as much text takes at most so many times as much.
const LINEAR: f64 = 4.5;
const SHORT: usize = 8 << 10;

/// Texts of each format, over and over.
const TEXTS: [(&str, &[&str]); 10] = [
    ("email", &["@", "a@", "a@b", "a@b.c ", "a@b.co ", "a.@b.co", "\"@", "a@[", "a@a-.", "é@é.", "a@b.co@", "ab"]),
    ("credit_card", &["1", "1 ", "4111 ", "4111-1111 ", "411111111111111", "4a", "4111 1111 1111 1111 "]),
    ("iban", &["DE89", "DE89 ", "ZZ11-", "AT11-", "VG11 1111 1111 1111 1111 1111 ", "1A", "XK1"]),
    (
        "private_key",
        &[
            "-",
            "--",
            "-----",
            "-----BEGIN ",
            "-----END ",
            "-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----",
            "----BEGIN PRIVATE KEY---",
            "-----BEGIN RSA PRIVATE ",
            "x-----END PRIVATE KEY---- ",
        ],
    ),
    (
        "jwt",
        &["eyJ", ".eyJ", "eyJ.", "eyJhbGciOiJIUzI1NiJ9.", "eyJhbGciOiJIUzI1NiJ9..", ".eyJhbGc", "J", "eyJhbGciOjF9.a "],
    ),
    (
        "aws_key",
        &[
            "A",
            "A_",
            "AKIA",
            "AKIA ",
            "-AKIAAAAAAAAAAAAAAAA",
            "tA",
            "_A",
            "secret_access_key",
            "SecretAccessKey=",
            "t_",
        ],
    ),
    (
        "github_token",
        &["_", "ghp_", "ghp_a", "github_pat_", "github_pat_a_", "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_"],
    ),
    (
        "slack_token",
        &[
            "-",
            "x-",
            "xoxb-",
            "xoxb-1",
            "xoxb-123",
            "xapp-",
            "xoxb-1234567-",
            "xoxb-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",
        ],
    ),
    (
        "bearer_token",
        &["Bearer", "Bearer-", "Bearer ", "-Bearer:", "Bearer a", "Bearer aaaaaaaaaaaaaaaa ", "b", "Bearer Bearer-"],
    ),
    (
        "mcp_grant",
        &["_", "mcpg_", "mcpg_0", "mcpg_000000000000000000000000000000000000000000000000000000000000000000000000"],
    ),
];

/// Other spellings, and what is nearly one: whatever the finder.
const SPELLINGS: [&str; 14] = [
    "&",
    "&a",
    "&amp;",
    "&#",
    "&#00000000",
    "%",
    "%4",
    "%40",
    "\\\\",
    "\\\\u00",
    "\u{200b}",
    "\u{2019}",
    "YWFh",
    "YWFhYWFhYWFhYWFhYWFhYWFh ",
];

fn text(again: &str, bytes: usize) -> String {
    answer(&json!([{ "type": "text", "text": again.repeat(bytes / again.len()) }]))
}

/// The characters of a text, each in a block of its own.
fn blocks(again: &str, bytes: usize) -> String {
    // A block has a few more bytes than its text.
    let letters = again.chars().cycle().take(bytes / r#"{"text":"a"},"#.len());
    answer(&letters.map(|letter| json!({ "text": letter })).collect())
}

fn answer(content: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 7, "result": { "content": content } }).to_string()
}

/// The instructions and the bytes of memory that an answer takes under these finders, and whether it is refused.
fn cost(finders: &Value, answer: &str) -> (u64, usize, bool) {
    let (instructions, memory, body) = judge(&json!({ "redact": finders }), "application/json", answer);
    (instructions, memory, String::from_utf8_lossy(&body).contains(r#""error":"#))
}

/// The instructions and the bytes of memory that an answer takes under these results, and what goes on.
fn judge(results: &Value, media: &str, answer: &str) -> (u64, usize, Vec<u8>) {
    let policy = json!({ "version": "1", "default": "allow", "tools": { "ok": { "results": results } } });
    let mut worker = metered(&json!({ "policy": policy }).to_string());
    let mut stream = call("ok").send(&mut worker);
    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", media)]), false);
    let before = worker.memory();
    let instructions = instructions(&mut worker, |worker| {
        stream.answer(worker, Part::Body(answer.as_bytes()), false);
        stream.answer(worker, Part::Body(b""), true);
    });
    let memory = worker.memory() - before;
    stream.close(&mut worker);
    (instructions, memory, stream.answer.body)
}

/// Looks through a text that is four times as long as another one.
#[track_caller]
fn is_linear(name: &str, finders: &Value, text: impl Fn(usize) -> String) {
    let (short, long) = (text(SHORT), text(4 * SHORT));
    let (few, _, _) = cost(finders, &short);
    let (many, memory, is_refused) = cost(finders, &long);
    let (a_byte, times) = (many / long.len() as u64, many as f64 / few as f64);
    println!(
        "{name}: {a_byte} instructions a byte, {times:.2} times as many for four times the text, {memory} bytes of memory"
    );
    assert!(!is_refused, "{name}");
    assert!(times < LINEAR, "{name}: {times}");
    assert!(a_byte < BYTE, "{name}: {a_byte}");
    assert!(memory < 16 * long.len() + (1 << 20), "{name}: {memory}");
}

#[test]
fn each_byte_of_an_answer_costs_the_same_whatever_is_repeated() {
    let all: Value = TEXTS.iter().map(|(finder, _)| json!({ "find": finder })).collect();
    for (finder, texts) in TEXTS {
        for again in texts {
            is_linear(&format!("{finder}, {again:?}"), &json!([{ "find": finder }]), |bytes| text(again, bytes));
        }
        is_linear(&format!("all, what {finder} has by blocks"), &all, |bytes| blocks(&texts.concat(), bytes));
    }
    for again in SPELLINGS {
        is_linear(&format!("all, {again:?}"), &all, |bytes| text(again, bytes));
        // Beside something that is undone, all of it is.
        is_linear(&format!("all, {again:?} and an escape"), &all, |bytes| text(again, bytes).replacen(again, "%40", 1));
    }
}

#[test]
fn a_token_over_many_blocks_costs_as_much_as_in_one() {
    let token = format!("xoxb-1234567890-{}", "a".repeat(60));
    is_linear("a token by blocks", &json!([{ "find": "slack_token" }]), |bytes| blocks(&token, bytes));
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", "MIIE".repeat(500));
    is_linear("a key by blocks", &json!([{ "find": "private_key" }]), |bytes| blocks(&key, bytes));
}

#[test]
fn expressions_take_bounded_work_whatever_the_text() {
    let many = |near: &dyn Fn(usize) -> String, regex: &str| -> Value {
        (0..32).map(|n| json!({ "regex": format!("{regex}{n:02}"), "near": near(n) })).collect()
    };
    for (name, finders, again) in [
        ("32 expressions that begin alike", many(&|n| format!("a{n:02}"), "x"), "a"),
        ("32 expressions that are nearly there", many(&|n| format!("{}{n:02}", "a".repeat(62)), "x"), "a"),
        ("32 expressions with many places", many(&|_| "aaa".to_owned(), "x"), "a"),
        ("32 expressions with many short matches", many(&|_| "aaa".to_owned(), "a|b"), "a"),
        ("matches whose window is read again", json!([{ "regex": "a[^b]*b|a", "near": "aaa" }]), "a"),
        ("empty matches whose window is read again", json!([{ "regex": "(?:a[^b]*b)?", "near": "aaa" }]), "a"),
    ] {
        for bytes in [SHORT, 64 * SHORT] {
            let text = text(again, bytes);
            let (cost, memory, is_refused) = cost(&finders, &text);
            println!(
                "{name}: {} bytes, {cost} instructions, {memory} bytes of memory, refused: {is_refused}",
                text.len()
            );
            assert!(cost < BYTE * text.len() as u64 + EXPRESSIONS, "{name}: {cost}");
            assert!(memory < 16 * text.len() + (1 << 20), "{name}: {memory}");
        }
    }
}

#[test]
fn what_takes_the_place_of_an_answer_is_a_small_multiple_of_it() {
    let again = |text: &str, bytes: usize| text.repeat(bytes / text.len());
    let refused =
        format!("data: [{}{{\"id\":2,\"result\":\"alice@example.com\"}}]\n\n", again(r#"{"id":1},"#, 1 << 20));
    let long = json!({ "redact": [{ "find": "email", "replace": "-".repeat(64) }], "max_bytes": 1 << 20 });
    for (name, results, media, answer, most) in [
        ("ids again and again", json!({ "deny_if": [{ "find": "email" }] }), "text/event-stream", refused, 1000),
        ("long replacements", long.clone(), "application/json", text("a@b.co ", 200 << 10), 2 << 20),
        ("too long replacements", long, "application/json", text("a@b.co ", 1 << 20), 1000),
    ] {
        let (_, memory, body) = judge(&results, media, &answer);
        println!("{name}: {} bytes, {} go on, {memory} bytes of memory", answer.len(), body.len());
        assert!(!body.is_empty() && body.len() < most, "{name}: {}", body.len());
        assert!(memory < 16 * answer.len() + 4 * body.len() + (1 << 20), "{name}: {memory}");
    }
}
