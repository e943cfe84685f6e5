//! The result of `check`, for people.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use anstream::{AutoStream, ColorChoice};
use mcp_policy::{json::diagnostic::MAX_LISTED, lint::Change};

use crate::{sanitize, source::display_name};

use super::{
    excerpt::Excerpt,
    report::{Checked, Entry, Located, Report, Severity},
};

/// Each problem with its line of the file, and a summary of each file. Colours only on a terminal, or as `NO_COLOR` and
/// `CLICOLOR_FORCE` say.
pub(super) fn render(report: &Report) -> String {
    let renderer = match AutoStream::choice(&std::io::stdout()) {
        ColorChoice::Never => Renderer::plain(),
        _ => Renderer::styled(),
    };
    let mut text = String::new();
    for entry in &report.files {
        let file = match entry {
            Entry::Checked(file) => file,
            Entry::UnreadableFile(file) => {
                text.push_str(&format!("error: {}\n", sanitize::line(&file.error)));
                continue;
            }
        };
        for problem in &file.problems {
            text.push_str(&render_problem(&renderer, file, problem));
            text.push_str("\n\n");
        }
        let name = sanitize::line(&file.source.display_name());
        if file.more > 0 {
            text.push_str(&format!("{name}: and {} more\n", file.more));
        }
        text.push_str(&format!("{name}: {}\n", summary(file)));
        if let (Some(baseline), Some(changes)) = (&report.against, &file.changes) {
            text.push_str(&render_changes(baseline.display_name(), changes));
        }
    }
    text
}

fn render_problem(renderer: &Renderer, file: &Checked, problem: &Located) -> String {
    let level = if file.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(sanitize::line(&problem.message));
    let title = match problem.name {
        Some(name) => title.id(name),
        None => title,
    };
    // Only the line, or a part of it: the renderer would read the whole text for each problem.
    let excerpt = Excerpt::new(&file.source, problem.at);
    let mark = AnnotationKind::Primary.span(excerpt.marked).label(sanitize::line(&problem.pointer));
    let path = match file.source.file() {
        "-" => display_name("-"),
        path => sanitize::line(path),
    };
    let is_shifted = excerpt.is_shifted;
    let snippet = Snippet::source(excerpt.line).line_start(problem.line).annotation(mark);
    // The renderer counts the column from the start of the excerpt.
    renderer.render(&[if is_shifted {
        title.element(Origin::path(path).line(problem.line).char_column(problem.column)).element(snippet)
    } else {
        title.element(snippet.path(path))
    }])
}

fn summary(file: &Checked) -> String {
    let count = file.problems.len().saturating_add(file.more);
    if let Some(cases) = file.cases {
        return format!("a case file without mistakes, {}; `mcp-policy test` runs it", plural(cases, "case"));
    }
    match (file.fine, file.severity) {
        (true, _) if count == 0 => "fine".to_owned(),
        (true, _) => format!("fine, with {}", plural(count, "warning")),
        (false, Severity::Error) if count > MAX_LISTED => format!("more than {MAX_LISTED} errors"),
        (false, Severity::Error) => plural(count, "error"),
        (false, Severity::Warning) => plural(count, "warning"),
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// What happens to counters, one a line.
fn render_changes(baseline: &str, changes: &[Change]) -> String {
    let baseline = sanitize::line(baseline);
    if changes.is_empty() {
        return format!("compared with {baseline}: every counter keeps its count\n");
    }
    let lines = changes.iter().map(|change| {
        let Change { fate, pointer, message, .. } = change;
        format!("  {fate:8}  {} ({})\n", sanitize::line(message), sanitize::line(pointer))
    });
    format!("compared with {baseline}:\n{}", lines.collect::<String>())
}
