//! The case file beside the policy: cases are kept in its text, run, and compared under two policies.

use mcp_policy::{
    cases::{self, CallReport, Case},
    config::Config,
    store::InMemory,
};
use serde::Serialize;

use crate::source::SourceFile;

use super::splice::{Change, Splice};

/// The outcome of a case.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct CaseRow {
    name: String,
    /// What differs from its expectation, and the steps of that call; empty if it passes.
    failure: Vec<String>,
}

/// A call that two policies decide differently.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Flip {
    case: String,
    /// The number of the call, from 1.
    call: usize,
    title: String,
    before: String,
    after: String,
}

/// How often a call of a case is decided when two policies are compared.
const MAX_TIMES: u32 = 1000;

/// Reads the cases of a text; an empty one has none.
///
/// # Errors
/// A line for each mistake.
fn read(file: &str, text: &str) -> Result<Vec<Case>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let cases = cases::read(text);
    cases.map_err(|problems| SourceFile::new(file, text.to_owned()).problem_lines(&problems))
}

/// Runs all cases of a text.
///
/// # Errors
/// The mistakes of the text.
pub(super) fn run(file: &str, text: &str, config: &Config) -> Result<Vec<CaseRow>, String> {
    let row = |case: Case| CaseRow {
        failure: case
            .run(Some(config))
            .map_or_else(|failure| [vec![failure.to_string()], failure.lines()].concat(), |()| Vec::new()),
        name: case.name,
    };
    Ok(read(file, text)?.into_iter().map(row).collect())
}

/// The calls of all cases that two policies decide differently.
///
/// # Errors
/// The mistakes of the text.
pub(super) fn compare(file: &str, text: &str, old: &Config, new: &Config) -> Result<Vec<Flip>, String> {
    let mut flips = Vec::new();
    for case in read(file, text)? {
        let sides = [old, new].map(|config| (config, InMemory::new(*b"a seed for cases")));
        for (index, call) in case.calls.iter().enumerate() {
            let [before, after] = sides.each_ref().map(|(config, store)| {
                let reports = (0..call.times.min(MAX_TIMES)).map(|_| call.decide(config, store));
                reports.map(|report| decision(&report)).collect::<Vec<_>>()
            });
            let first = before.into_iter().zip(after).find(|(before, after)| before != after);
            flips.extend(first.map(|(before, after)| Flip {
                case: case.name.clone(),
                call: index.saturating_add(1),
                title: format!("{} as `{}`", call.title, call.grant),
                before,
                after,
            }));
        }
    }
    Ok(flips)
}

fn decision(report: &CallReport) -> String {
    let (name, rule) = (report.record.decision.name().replace('_', " "), &report.record.rule);
    if rule.is_empty() { name } else { format!("{name} by {rule}") }
}

/// The text with one more case, whose name gets a number if another case has it.
///
/// # Errors
/// The mistakes of the text.
pub(super) fn keep(file: &str, text: &str, name: &str, case: impl Fn(&str) -> String) -> Result<String, String> {
    let names: Vec<String> = read(file, text)?.into_iter().map(|case| case.name).collect();
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let free = [name.to_owned()].into_iter().chain(numbered).find(|name| !names.contains(name)).unwrap_or_default();
    let text = if text.trim().is_empty() { "{\n  \"cases\": []\n}\n" } else { text };
    let change = Change::Append { pointer: vec!["cases".to_owned()], json: case(&free) };
    let splice = Splice::new(text, &change)?;
    let kept = splice.map_or_else(|| text.to_owned(), |splice| splice.apply(text));
    read(file, &kept).map(|_| kept)
}

/// The text without a case; empty without the last.
///
/// # Errors
/// A sentence on what in the text is in the way.
pub(super) fn remove(text: &str, index: usize) -> Result<String, String> {
    let change = Change::Remove { pointer: vec!["cases".to_owned(), index.to_string()] };
    let splice = Splice::new(text, &change)?;
    Ok(splice.map_or_else(|| text.to_owned(), |splice| splice.apply(text)))
}

#[cfg(test)]
mod tests {
    use mcp_policy::config::Config;

    use super::{CaseRow, Flip, compare, keep, remove, run};

    fn config(tool: &str) -> Config {
        let text = format!(r#"{{"version": "1", "default": "deny", "tools": {{"{tool}": {{}}}}}}"#);
        Config::load(text.as_bytes()).map_err(|errors| errors.to_string()).unwrap()
    }

    fn case(name: &str) -> String {
        format!(r#"{{"name": "{name}", "calls": [{{"tool": "a", "expect": "allow"}}]}}"#)
    }

    #[test]
    fn cases_are_kept_run_and_removed() {
        let one = keep("f", "", "first", case).unwrap();
        assert_eq!(
            one,
            "{\n  \"cases\": [\n    { \"name\": \"first\", \"calls\": [{ \"tool\": \"a\", \"expect\": \"allow\" }] }\n  ]\n}\n"
        );
        let two = keep("f", &one, "first", case).unwrap();
        let names =
            |text: &str| run("f", text, &config("a")).unwrap().into_iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names(&two), ["first", "first (2)"]);
        assert_eq!(run("f", &one, &config("a")), Ok(vec![CaseRow { name: "first".to_owned(), failure: Vec::new() }]));
        let failed = run("f", &one, &config("b")).unwrap();
        assert!(failed[0].failure[0].starts_with("call 1, the tool `a`"), "{failed:?}");
        assert_eq!(names(&remove(&two, 0).unwrap()), ["first (2)"]);
        let broken = run("f", "{", &config("a")).unwrap_err();
        assert!(broken.starts_with("f:1:2: (top level): not JSON: "), "{broken}");
    }

    #[test]
    fn calls_that_a_change_decides_differently_are_found() {
        let text = keep("f", "", "first", case).unwrap();
        assert_eq!(compare("f", &text, &config("a"), &config("a")), Ok(Vec::new()));
        let flip = Flip {
            case: "first".to_owned(),
            call: 1,
            title: "the tool `a` as `anybody`".to_owned(),
            before: "allowed".to_owned(),
            after: "denied by (default deny)".to_owned(),
        };
        assert_eq!(compare("f", &text, &config("a"), &config("b")), Ok(vec![flip]));
    }
}
