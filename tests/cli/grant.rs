//! `mcp-policy grant`: a token that is printed once, and a file that keeps its layout.

use std::{fs, thread};

use super::{Ran, assert_fails, assert_prints, run, scratch::Scratch};

const TEXT: &str = r#"{
  "policy": { "version": "1", "default": "deny", "tools": { "get": {} } },

  "identity": [{ "tokens": {} }]
}
"#;

#[test]
fn a_token_is_made_listed_and_revoked() {
    let scratch = Scratch::new("grant");
    let file = scratch.file("gateway.json", TEXT);
    let made = run(&["grant", "new", "alice", &file, "--expires", "2999-01-31"]);
    let token = made.stdout.trim_end();
    assert!(token.starts_with("mcpg_") && token.len() == 77, "{made:?}");
    let note = format!(
        "added a token for `token:alice` to `{file}`; it expires on 2999-01-31; save the token now, since this command cannot show it again\n"
    );
    assert_eq!((made.code, made.stderr), (0, note));
    let written = fs::read_to_string(&file).unwrap();
    assert!(!written.contains(token), "{written}");

    assert_prints(&run(&["grant", "list", &file]), 0, "alice  expires on 2999-01-31\n");
    let listed = run(&["grant", "list", &file, "--format", "json"]);
    let start = r#"{"tokens":[{"name":"alice","sha256":""#;
    assert!(listed.stdout.starts_with(start), "{listed:?}");
    assert!(listed.stdout.ends_with("\"expires\":\"2999-01-31\",\"expired\":false}]}\n"), "{listed:?}");

    let explained = ["explain", &file, "--tool", "get", "--as", "token:alice"];
    assert!(run(&explained).stdout.contains("allow"), "{:?}", run(&explained));

    let revoked = run(&["grant", "revoke", "alice", &file]);
    let note = format!(
        "removed the token of `token:alice` from `{file}`; Envoy refuses it once it has loaded this configuration\n\
         it was the last token: now no caller has an identity, and every call is denied; `mcp-policy grant new` adds a token\n"
    );
    assert_eq!(revoked, Ran { code: 0, stdout: String::new(), stderr: note });
    assert_eq!(fs::read_to_string(&file).unwrap(), TEXT);
    assert_prints(&run(&["grant", "list", &file]), 0, "no tokens\n");
    let explained = run(&explained);
    assert!(explained.stdout.contains("the configuration lists no token `alice`"), "{explained:?}");
}

#[test]
fn a_revoked_token_is_the_last_one_only_where_no_other_is_left() {
    let scratch = Scratch::new("grant-last");
    let digest = |digit: &str| digit.repeat(64);
    let policy = r#""policy":{"version":"1","default":"deny"}"#;
    let (one, two) = (digest("1"), digest("2"));
    let tokens = format!(r#"{{"tokens":{{"a":{{"sha256":"{one}"}},"b":{{"sha256":"{two}"}}}}}}"#);
    let file = scratch.file("two.json", &format!(r#"{{{policy},"identity":[{tokens},{{"peer":"uri_san"}}]}}"#));
    let start = |name: &str| {
        format!(
            "removed the token of `token:{name}` from `{file}`; Envoy refuses it once it has loaded this configuration\n"
        )
    };
    let last = "it was the last token: now only the other sources of `identity` identify callers; `mcp-policy grant new` adds a token\n";
    assert_eq!(run(&["grant", "revoke", "a", &file]).stderr, start("a"));
    assert_eq!(run(&["grant", "revoke", "b", &file]).stderr, start("b") + last);
}

#[test]
fn a_token_that_an_agent_has_is_listed_by_its_digest() {
    let scratch = Scratch::new("grant-listed");
    let file = scratch.file("gateway.json", TEXT);
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let note = format!("added a token for `token:alice` to `{file}`; it never expires\n");
    let listed = run(&["grant", "new", "alice", &file, "--sha256", digest]);
    assert_eq!(listed, Ran { code: 0, stdout: String::new(), stderr: note });
    let json = format!(r#"{{"tokens":[{{"name":"alice","sha256":"{digest}","expires":null,"expired":false}}]}}"#);
    assert_prints(&run(&["grant", "list", &file, "--format", "json"]), 0, &format!("{json}\n"));
    let before = fs::read_to_string(&file).unwrap();
    assert_fails(
        &run(&["grant", "new", "bob", &file, "--sha256", "the token itself"]),
        2,
        "error: `--sha256`: expected the SHA-256 of the token, 64 digits from `0` to `f`, as `printf %s \"$TOKEN\" | sha256sum | cut -c \
         1-64` prints them\n",
    );
    assert_fails(
        &run(&["grant", "new", "bob", &file, "--sha256", digest]),
        1,
        &format!(
            "error: `{file}`: it lists this token already, as that of `alice`; revoke that one (`mcp-policy grant revoke alice`), or give \
             another token\n"
        ),
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_token_that_cannot_be_made_leaves_the_file_as_it_is() {
    let scratch = Scratch::new("grant-refused");
    let file = scratch.file("gateway.json", TEXT);
    assert_eq!(run(&["grant", "new", "alice", &file]).code, 0);
    let before = fs::read_to_string(&file).unwrap();
    assert_fails(
        &run(&["grant", "new", "alice", &file]),
        1,
        &format!("error: `{file}`: it has a token of `alice` already; revoke that one, or choose another name\n"),
    );
    assert_fails(
        &run(&["grant", "new", "bob", &file, "--expires", "soon"]),
        2,
        "error: `--expires soon`: expected days such as `90d`, or a date such as `2027-01-31`\n",
    );
    let past = run(&["grant", "new", "bob", &file, "--expires", "2020-01-01"]);
    let refused = "error: `--expires 2020-01-01`: from that day on the token is refused, and today is ";
    assert!(past.code == 2 && past.stderr.starts_with(refused), "{past:?}");
    assert!(past.stderr.ends_with("; choose a later date\n") && past.stdout.is_empty(), "{past:?}");
    assert_fails(
        &run(&["grant", "revoke", "alicia", &file]),
        1,
        &format!("error: `{file}`: it has no token of `alicia` (did you mean `alice`?)\n"),
    );
    assert_fails(&run(&["grant", "new", "bob", "-"]), 2, "error: stdin cannot be changed; name a file\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let left = fs::read_dir(scratch.folder()).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn tokens_that_are_made_at_once_all_arrive() {
    let scratch = Scratch::new("grant-at-once");
    let file = scratch.file("gateway.json", TEXT);
    thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || assert_eq!(run(&["grant", "new", &format!("agent-{number}"), file]).code, 0));
        }
    });
    assert_eq!(run(&["grant", "list", &file]).stdout.lines().count(), 8);
}

#[cfg(unix)]
#[test]
fn a_changed_file_keeps_its_mode_and_the_link_to_it() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let scratch = Scratch::new("grant-mode");
    let file = scratch.file("gateway.json", TEXT);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let link = scratch.folder().join("link.json");
    symlink(&file, &link).unwrap();
    assert_eq!(run(&["grant", "new", "alice", link.to_str().unwrap()]).code, 0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().contains("alice"));
}
