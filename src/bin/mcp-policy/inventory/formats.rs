//! The inventory for a terminal, for documents, for programs and as a page. Names come from servers: each format escapes them.

use std::fmt::Write;

use mcp_policy::text::count;
use serde_json::{Value, json};

use crate::{html, sanitize};

use super::report::{Report, Row, ServerReport, Totals};

const PAGE: &str = include_str!("inventory.html.jinja");

/// The mark of a tool that no rule names.
const MARK: &str = "!";

/// For a terminal.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for server in &report.servers {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}", sanitize::line(&heading(server)));
        let names: Vec<String> = server.tools.iter().map(|row| sanitize::line(&row.name)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        for (name, row) in names.iter().zip(&server.tools) {
            let (class, risk) = (row.class.name(), row.risk.name());
            let rest = policy(report, row).unwrap_or(&row.why);
            let _ = writeln!(text, "{} {name:width$}  {class:11}  {risk:8}  {}", mark(row), sanitize::line(rest));
        }
        for remark in &server.remarks {
            let _ = writeln!(text, "  note: {}", sanitize::line(remark));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", summary(&report.totals));
    if report.has_policy {
        let _ = writeln!(text, "{}", unnamed(&report.totals));
    }
    text
}

/// Tables for a document.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!("# Inventory\n\n{}\n", summary(&report.totals));
    if report.has_policy {
        let _ = writeln!(text, "\n{}", unnamed(&report.totals));
    }
    for server in &report.servers {
        let _ = writeln!(text, "\n## {}\n", cell(&heading(server)));
        if server.tools.is_empty() {
            continue;
        }
        text.push_str("| | tool | class | risk | why | policy |\n|---|---|---|---|---|---|\n");
        for row in &server.tools {
            let policy = policy(report, row).unwrap_or_default();
            let (class, risk) = (row.class.name(), row.risk.name());
            let _ = writeln!(
                text,
                "| {} | {} | {class} | {risk} | {} | {} |",
                mark(row).trim(),
                cell(&row.name),
                cell(&row.why),
                cell(policy)
            );
        }
    }
    text
}

/// For programs.
pub(super) fn json(report: &Report) -> String {
    // Texts and numbers always serialize.
    serde_json::to_string(report).unwrap_or_default()
}

/// A page without scripts.
///
/// # Errors
/// A sentence on a fault of the template.
pub(super) fn html(report: &Report) -> Result<String, String> {
    let servers = report.servers.iter().map(|server| {
        let rows = server.tools.iter().map(|row| {
            json!({
                "name": row.name, "class": row.class.name(), "risk": row.risk.name(), "why": row.why,
                "policy": policy(report, row).unwrap_or_default(), "unnamed": row.named == Some(false),
            })
        });
        json!({"heading": heading(server), "tools": rows.collect::<Vec<_>>(), "remarks": server.remarks})
    });
    let servers: Vec<Value> = servers.collect();
    let unnamed = if report.has_policy { unnamed(&report.totals) } else { String::new() };
    html::fill(
        PAGE,
        &json!({
            "title": "Inventory", "summary": summary(&report.totals), "unnamed": unnamed, "servers": servers,
            "has_policy": report.has_policy,
        }),
    )
}

/// What the policy does with a tool; `None` if no policy was named.
fn policy<'r>(report: &Report, row: &'r Row) -> Option<&'r str> {
    let words = row.policy.as_deref().unwrap_or("no policy for this server");
    report.has_policy.then_some(words)
}

fn heading(server: &ServerReport) -> String {
    let tools = count(server.tools.len(), "tool");
    match (&server.error, &server.catalog) {
        (Some(why), _) => format!("{}: tools not known: {why}", server.server),
        (None, Some(known)) => format!("{}: {tools}, as the catalogue has them of `{known}`", server.server),
        (None, None) => format!("{}: {tools}", server.server),
    }
}

fn mark(row: &Row) -> &'static str {
    if row.named == Some(false) { MARK } else { " " }
}

fn summary(totals: &Totals) -> String {
    let Totals { servers, tools, read, write, execute, financial, destructive, .. } = totals;
    format!(
        "{}, {}: {read} read, {write} write, {execute} execute, {financial} financial, {destructive} \
         destructive",
        count(*servers, "server"),
        count(*tools, "tool")
    )
}

fn unnamed(totals: &Totals) -> String {
    match totals.unnamed {
        0 => "a rule of the policy names every tool".to_owned(),
        1 => format!("`{MARK}` marks the tool that no rule of the policy names"),
        several => format!("`{MARK}` marks {several} tools that no rule of the policy names"),
    }
}

/// A text in a cell or heading of Markdown: nothing in it is markup.
fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for character in sanitize::line(text).chars() {
        if character.is_ascii_punctuation() && !"-.,:;/()'`".contains(character) || character == '`' {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
