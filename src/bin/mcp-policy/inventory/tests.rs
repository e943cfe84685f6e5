//! The inventory: classes, marks and totals, and texts of servers that are only texts.

use mcp_policy::config::Config;

use crate::{
    catalog::embedded::Catalog,
    suggest::Class,
    tools::{self, ServerTools},
};

use super::{
    formats,
    report::{Report, Totals},
};

fn server(name: &str, tools: &str) -> ServerTools {
    ServerTools { name: name.to_owned(), listing: tools::read(tools) }
}

fn report(servers: Vec<ServerTools>, policy: Option<&str>) -> Report {
    let config = policy.map(|policy| Config::load(policy.as_bytes()).map_err(|invalid| invalid.to_string()).unwrap());
    Report::new(servers, &Catalog::load().unwrap(), config.as_ref())
}

const HOSTILE: &str = r##"[{"name": "get_<img src=x>|`a`\u202e*_[x](y)", "description": "<b>Gets</b>"}]"##;

#[test]
fn tools_are_classed_counted_and_marked() {
    let policy = r#"{"version": "1", "default": "deny", "tools": {"get_a": {}, "pay": {"rate_limit": "1/minute"}}}"#;
    let tools = r#"[{"name": "get_a"}, {"name": "delete_b"}, {"name": "pay"}]"#;
    let servers = vec![
        server("one", tools),
        ServerTools { name: "two".to_owned(), listing: Err("nothing listens at its address".to_owned()) },
    ];
    let report = report(servers, Some(policy));
    let totals =
        Totals { servers: 2, tools: 3, read: 1, financial: 1, destructive: 1, unnamed: 1, ..Totals::default() };
    assert_eq!(report.totals, totals);
    assert!(report.has_silent_server());
    assert_eq!(
        formats::text(&report),
        "one: 3 tools\n\
         \x20 get_a     read         low       open\n\
         ! delete_b  destructive  critical  denied by default\n\
         \x20 pay       financial    critical  1 a minute\n\
         \n\
         two: tools not known: nothing listens at its address\n\
         \n\
         2 servers, 3 tools: 1 read, 0 write, 0 execute, 1 financial, 1 destructive\n\
         `!` marks the tool that no rule of the policy names\n"
    );
    let markdown = formats::markdown(&report);
    assert!(markdown.contains("| ! | delete\\_b | destructive | critical | "), "{markdown}");
    let page = formats::html(&report).unwrap();
    assert!(page.contains("! no rule names it") && page.matches("<li>").count() == 3, "{page}");
}

#[test]
fn each_server_has_the_policy_of_its_name() {
    let policies = r#"{"policies": {
        "one": {"version": "1", "default": "deny", "tools": {"get_a": {}}},
        "two": {"version": "1", "default": "deny", "tools": {}}}, "bindings": []}"#;
    let servers = ["one", "two", "three"].map(|name| server(name, r#"[{"name": "get_a"}]"#));
    let report = report(servers.into(), Some(policies));
    let told: Vec<_> = report.servers.iter().map(|one| (one.tools[0].policy.as_deref(), one.tools[0].named)).collect();
    let expected = [(Some("open"), Some(true)), (Some("denied by default"), Some(false)), (None, Some(false))];
    assert_eq!(told, expected);
    let none = "no policy for this server";
    let text = formats::text(&report);
    assert!(text.contains(&format!("three: 1 tool\n! get_a  read         low       {none}\n")), "{text}");
    let markdown = formats::markdown(&report);
    let row = markdown.lines().last().unwrap_or_default();
    assert!(row.starts_with("| ! | get\\_a | read | low | ") && row.ends_with(&format!(" | {none} |")), "{markdown}");
    let page = formats::html(&report).unwrap();
    assert_eq!(page.matches(none).count(), 1, "{page}");
}

#[test]
fn one_server_and_one_tool_are_counted_as_one() {
    let report = report(vec![server("one", r#"[{"name": "get_a"}]"#)], None);
    let text = formats::text(&report);
    let summary = "1 server, 1 tool: 1 read, 0 write, 0 execute, 0 financial, 0 destructive\n";
    assert!(text.ends_with(&format!("\n\n{summary}")), "{text}");
}

#[test]
fn a_server_of_the_catalogue_is_recognized_by_its_tools_and_not_by_one_name() {
    let catalog = Catalog::load().unwrap();
    let names: Vec<_> =
        catalog.server("playwright").unwrap().entry.tools.iter().map(|tool| tool.name.as_str()).collect();
    let listed: Vec<String> = names.iter().map(|name| format!(r#"{{"name": "{name}"}}"#)).collect();
    let known = report(vec![server("x", &format!("[{}]", listed.join(",")))], None);
    assert_eq!(known.servers[0].catalog.as_deref(), Some("playwright"));
    let drop = known.servers[0].tools.iter().find(|row| row.name == "browser_drop").unwrap();
    assert_eq!(drop.class, Class::Execute, "as the catalogue says, not `suggest`");
    let borrowed = r#"[{"name": "image_gen"}, {"name": "delete_all"}, {"name": "exec"}]"#;
    let report = report(vec![server("x", borrowed)], None);
    assert_eq!(report.servers[0].catalog, None);
}

#[test]
fn names_of_servers_and_tools_are_texts_in_every_format() {
    let report = report(vec![server("<script>|\u{1b}[2J", HOSTILE)], None);
    let (text, markdown, page) = (formats::text(&report), formats::markdown(&report), formats::html(&report).unwrap());
    for shown in [&text, &markdown, &page] {
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    }
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(markdown.contains(r"get\_\<img src\=x\>\|\`a\`"), "{markdown}");
    let json: serde_json::Value = serde_json::from_str(&formats::json(&report)).unwrap();
    assert_eq!(json["servers"][0]["tools"][0]["class"], "read");
}
