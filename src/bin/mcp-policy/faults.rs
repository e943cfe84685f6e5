//! Faults of a document, each on a line that editors can jump to.

use mcp_policy::json::diagnostic::Problem;

/// `file:line:column: pointer: message`, a line each.
pub(crate) fn lines(file: &str, document: &str, problems: &[Problem]) -> String {
    problems.iter().map(|problem| line(file, document, problem)).collect()
}

fn line(file: &str, document: &str, problem: &Problem) -> String {
    let before = document.get(..problem.at).unwrap_or(document);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    format!("{file}:{line}:{column}: {problem}\n")
}
