//! What the policy reference shows of `explain` and `test` is what they print, and the commands of the guides work.

use std::process::Command;

const REFERENCE: &str = include_str!("../../envoy/policies/README.md");

#[test]
fn the_reference_shows_what_is_printed() {
    let blocks = REFERENCE.split("```text\n$ mcp-policy ").skip(1).map(|rest| rest.split("```").next().unwrap());
    let shown = blocks.filter_map(|block| block.split_once('\n'));
    let shown: Vec<_> = shown.filter(|(verb, _)| verb.starts_with("explain") || verb.starts_with("test")).collect();
    assert_eq!(shown.len(), 2);
    for (arguments, expected) in shown {
        let output = Command::new("sh")
            .args(["-c", &format!("\"$0\" {arguments}"), env!("CARGO_BIN_EXE_mcp-policy")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("a shell");
        assert_eq!(String::from_utf8(output.stdout).expect("text"), expected, "{arguments}");
    }
}

const GUIDE: &str = include_str!("../../envoy/README.md");

#[test]
fn the_guides_are_short_and_their_commands_work() {
    let blocks: Vec<&str> = GUIDE.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 6);
    let image = format!("registry.example.com/team/mcp-policy@sha256:{}", "0a".repeat(32));
    let mut rendered = Vec::new();
    for block in blocks {
        assert!(block.lines().count() < 15, "{block}");
        for line in block.lines().filter(|line| line.starts_with("mcp-policy ")) {
            // The one has approvals, and a window that no service counts by.
            let policy = if line.contains("limitador") { "krea" } else { "payments" };
            let policy = format!("envoy/policies/{policy}.json");
            let line = line.split(" >").next().unwrap().replace("my-policy.json", &policy);
            let output = Command::new("sh")
                .args(["-c", &line.replacen("mcp-policy ", "\"$0\" ", 1), env!("CARGO_BIN_EXE_mcp-policy")])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .env("image", &image)
                .output()
                .expect("a shell");
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
            let verbs: Vec<&str> = line.split(' ').take(3).collect();
            if verbs[1] == "render" {
                rendered.push(verbs[2].to_owned());
                let needs_image = !["envoy", "limitador"].contains(&verbs[2]);
                assert_eq!(String::from_utf8(output.stdout).expect("text").contains(&image), needs_image, "{line}");
            }
        }
    }
    assert_eq!(rendered, ["istio", "envoy-gateway", "sidecar", "limitador", "envoy", "envoy"]);
}
