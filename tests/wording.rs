//! Plain English: no sentence in the sources, documents, scripts and texts for users contains a word of the list below.
#![expect(clippy::expect_used, reason = "a test that finds something else than it expects should stop and say so")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words to avoid, and what to write instead. `.github/CONTRIBUTING.md` has the rule.
const AVOIDED: &[(&[&str], &str)] = &[
    (&["nobody", "somebody", "whoever", "whomever"], "say who it is: `no caller`, `an approver`, `each client that`"),
    (
        &["is told", "are told", "was told", "were told", "be told", "been told", "gets told"],
        "say who reports what: `the response names`, `the log contains`",
    ),
    (&["stand", "stands", "stood", "standing"], "use `is`, or say what happens"),
    (&["of which", "of whom", "of whose"], "begin a new sentence"),
    (&["anew"], "use `again`"),
    (&["make do", "makes do", "made do", "making do"], "say what is used instead"),
    (&["a yes", "a no"], "use `approval` and `rejection`"),
    (&["yields nothing", "no such thing", "for want of"], "use `returns nothing`, `does not exist`, `without`"),
    (&["wants a value", "wants a registry", "wants a number"], "use `requires`"),
    (&["is theirs", "are theirs", "of theirs", "of ours"], "say whose it is, or use `its own`"),
    (
        &[
            "is no part",
            "is no path",
            "is no failure",
            "is no reason",
            "is no finding",
            "is no json",
            "is no value",
            "is no object",
        ],
        "use `is not a`",
    ),
    (
        &["that is none", "that are none", "that is no", "that are no", "which is no", "which is none", "text is no"],
        "use `that is not a`, `that are not`",
    ),
    (
        &["not that of a", "where there is none", "where there is one", "where there are none"],
        "use `if`, and repeat the noun",
    ),
    (&["has it do", "has it inspect", "do without it"], "say what happens, in the active voice"),
    (&["goes on as a whole", "says nothing by it"], "say what is forwarded, or what the value means"),
];

/// Where people read sentences.
const PLACES: &[&str] = &[
    "src",
    "envoy",
    "tests",
    ".github",
    ".ci",
    ".cargo",
    ".clippy.toml",
    "build.sh",
    "Cargo.toml",
    "README.md",
    "CHANGELOG.md",
];

/// Texts that no one of us writes: lock files, and files that a program has generated.
const GENERATED: &[&str] =
    &["lock", "package-lock.json", "requirements.txt", "requirements-1.txt", "requirements-fastmcp.txt"];

const TEXTS: &[&str] =
    &["rs", "md", "sh", "py", "js", "mjs", "json", "jsonl", "html", "css", "toml", "yaml", "yml", "jinja", "trycmd"];

#[test]
fn no_text_contains_an_avoided_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> = PLACES.iter().flat_map(|place| texts(&root.join(place))).collect();
    assert!(files.len() > 500, "only {} files were read", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a text in UTF-8");
        let file = file.strip_prefix(root).expect("a file of the repository").display().to_string();
        if file == "tests/wording.rs" {
            continue;
        }
        let (sentences, lines) = join_lines(&text);
        for (phrases, instead) in AVOIDED {
            for (phrase, at) in phrases.iter().flat_map(|phrase| find(&sentences, phrase).map(move |at| (phrase, at))) {
                let line = lines.iter().take_while(|start| **start <= at).count();
                found.push(format!("{file}:{line}: `{phrase}`: {instead}"));
            }
        }
    }
    assert!(found.is_empty(), "{} sentences to rewrite:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_phrase_is_found_across_the_lines_of_a_comment_and_inside_a_name() {
    let (sentences, lines) = join_lines("/// A list, of\n    /// which one counts.\nfn who_is_told() {}\n");
    assert_eq!(sentences, "a list, of which one counts. fn who is told() {} ");
    assert_eq!(lines, [0, 11, 29]);
    assert_eq!(find(&sentences, "of which").collect::<Vec<_>>(), [8]);
    assert_eq!(find(&sentences, "hich").count(), 0, "a part of a word");
    assert_eq!(find("a key that is no longer used", "that is no").count(), 0);
    assert_eq!(find("a key that is no name", "that is no").count(), 1);
}

/// The files under a path that hold text which people write.
fn texts(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_text = match name.rsplit_once('.') {
            Some((_, ending)) => TEXTS.contains(&ending),
            None => true,
        };
        let is_written = is_text && !GENERATED.iter().any(|generated| name.ends_with(generated));
        return if is_written { vec![path.to_owned()] } else { Vec::new() };
    }
    let entries = fs::read_dir(path).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| !path.ends_with("node_modules") && !path.ends_with("target"))
        .flat_map(|path| texts(&path))
        .collect()
}

/// Where a phrase is in a text, as whole words. `is no longer` is not `is no`.
fn find<'t>(text: &'t str, phrase: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    text.match_indices(phrase).map(|(at, _)| at).filter(move |at| {
        let (before, rest) = text.split_at(*at);
        let after = rest.get(phrase.len()..).unwrap_or_default();
        let is_ended = phrase.ends_with(" no") && (after.starts_with(" longer") || after.starts_with(" more"));
        let is_inside = is_part(before.chars().next_back()) || is_part(after.chars().next());
        !is_inside && !is_ended
    })
}

/// The text on one line in lower case, without the marks of comments, and where each of its lines starts. The words of a name in
/// `snake_case` are words.
fn join_lines(text: &str) -> (String, Vec<usize>) {
    let mut joined = String::with_capacity(text.len());
    let mut starts = Vec::new();
    for line in text.lines() {
        starts.push(joined.len());
        let words = line.trim().trim_start_matches(['/', '!', '#', '*']).trim_start();
        joined.push_str(&words.replace('_', " ").to_ascii_lowercase());
        joined.push(' ');
    }
    (joined, starts)
}
