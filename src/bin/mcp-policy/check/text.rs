//! What was found, for people.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use anstream::{AutoStream, ColorChoice};
use mcp_policy::lint::{Change, printable};

use crate::input;

use super::report::{Checked, Problem, Report};

/// Each problem at its place, and a line for each file. Colours only on a terminal, and as `NO_COLOR` and its kin say.
pub(super) fn render(report: &Report) -> String {
    let renderer = match AutoStream::choice(&std::io::stdout()) {
        ColorChoice::Never => Renderer::plain(),
        _ => Renderer::styled(),
    };
    let mut text = String::new();
    for file in &report.files {
        for problem in &file.problems {
            text.push_str(&excerpt(&renderer, file, problem));
            text.push_str("\n\n");
        }
        text.push_str(&format!("{}: {}\n", input::name(file.source.file()), sum(file)));
        if let (Some(old), Some(changes)) = (&report.against, &file.changes) {
            text.push_str(&compared(old.name(), changes));
        }
    }
    text
}

fn excerpt(renderer: &Renderer, file: &Checked, problem: &Problem) -> String {
    let level = if problem.is_error() { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(problem.message.as_str());
    let title = match problem.name {
        Some(name) => title.id(name),
        None => title,
    };
    // Only the line, or a part of it: to look through the whole text for each problem takes minutes where both are long.
    let (line, marked) = file.source.excerpt(problem.at);
    let mark = AnnotationKind::Primary.span(marked).label(printable(&problem.pointer));
    let path = if file.source.file() == "-" { "stdin" } else { file.source.file() };
    let snippet = Snippet::source(line).line_start(problem.line).annotation(mark);
    // The column is counted from the start of what is shown, unless it is told.
    renderer.render(&[if file.source.is_cut(problem.at) {
        title.element(Origin::path(path).line(problem.line).char_column(problem.column)).element(snippet)
    } else {
        title.element(snippet.path(path))
    }])
}

/// Errors and warnings are never found together: advice is for what loads.
fn sum(file: &Checked) -> String {
    let warnings = file.problems.iter().filter(|problem| !problem.is_error()).count();
    match (file.fine, warnings) {
        (true, 0) => "fine".to_owned(),
        (true, warnings) => format!("fine, with {}", counted(warnings, "warning")),
        (false, 0) => counted(file.problems.len(), "error"),
        (false, warnings) => counted(warnings, "warning"),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// What becomes of counters, one a line.
fn compared(old: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return format!("compared with {old}: every counter goes on as it is\n");
    }
    let lines = changes.iter().map(|change| {
        let Change { fate, pointer, message, .. } = change;
        format!("  {fate:8}  {message} ({})\n", printable(pointer))
    });
    format!("compared with {old}:\n{}", lines.collect::<String>())
}
