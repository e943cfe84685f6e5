//! What the policy reference shows of `explain` and `test` is what they print, and the commands of the guides work.

use std::process::Command;

use crate::scratch::Scratch;

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

const README: &str = include_str!("../../README.md");

#[test]
fn the_commands_of_the_readme_and_the_reference_work_on_the_policy_of_the_readme() {
    let scratch = Scratch::new("readme");
    let policy = README.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a policy");
    scratch.file("my-policy.json", policy);
    scratch.file("gateway.json", &format!("{{\"policy\":{policy}}}"));
    scratch.file("my-policy.cases.json", r#"{"cases":[{"name":"a","calls":[{"tool":"get_a","expect":"allow"}]}]}"#);
    let mut verbs = Vec::new();
    let blocks =
        [README, REFERENCE].map(|text| text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()));
    let in_table = README.lines().filter_map(|line| line.split("`mcp-policy render envoy ").nth(1)?.split('`').next());
    let in_table: Vec<String> = in_table.map(|rest| format!("mcp-policy render envoy {rest}")).collect();
    assert_eq!(in_table.len(), 1, "{in_table:?}");
    let in_blocks = blocks.into_iter().flatten().flat_map(str::lines).filter(|line| line.starts_with("mcp-policy "));
    for line in in_blocks.chain(in_table.iter().map(String::as_str)) {
        // They ask a server, and `edit` serves until it is ended.
        if ["suggest --url", "pin ", "edit "].iter().any(|verb| line.starts_with(&format!("mcp-policy {verb}"))) {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &line.replacen("mcp-policy ", "\"$0\" ", 1), env!("CARGO_BIN_EXE_mcp-policy")])
            .current_dir(scratch.folder())
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        verbs.push(line.split(' ').nth(1).expect("a verb"));
    }
    verbs.sort_unstable();
    verbs.dedup();
    assert_eq!(verbs, ["catalog", "check", "explain", "grant", "render", "schema", "test"]);
}

const HOSTED: &str = include_str!("../../envoy/policies/hosted.md");

#[test]
fn the_commands_of_the_page_on_hosted_gateways_work_in_their_order() {
    let scratch = Scratch::new("hosted");
    scratch.file("policy.json", include_str!("../../envoy/policies/krea.json"));
    let blocks = HOSTED.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut ran = Vec::new();
    for line in blocks.flat_map(str::lines).filter(|line| !line.starts_with("envoy ")) {
        // There is no Envoy here that could have the policy.
        let line = line.replace(" --admin http://127.0.0.1:9901", "");
        let output = Command::new("sh")
            .args(["-c", &line.replace("mcp-policy ", "\"$0\" "), env!("CARGO_BIN_EXE_mcp-policy")])
            .current_dir(scratch.folder())
            .env("SERVER_TOKEN", "the-servers-token")
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        ran.push(line);
    }
    assert_eq!(ran.len(), 8, "{ran:#?}");
    let filter = std::fs::read_to_string(scratch.folder().join("gateway.d/mcp-policy.json")).unwrap();
    assert!(filter.contains("ci-main") && !filter.contains("alice-laptop"), "{filter}");
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
