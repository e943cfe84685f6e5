//! Tests of what answers may hold.

mod bounds;
mod corpus;
mod crossing;
mod disguises;
mod expressions;
#[cfg(not(target_os = "wasi"))]
mod located;
mod messages;
mod random;
mod streams;

use crate::{config::Config, policy::Mode};

use super::{Inspection, Inspections, ResultRequest, ResultStream};

/// The inspection that these `results` say, written as in a policy.
pub(super) fn inspection(results: &str) -> Inspection {
    Inspection::new(config(results).policies[0].policy.results(Mode::Enforce)).unwrap()
}

fn config(results: &str) -> Config {
    let text = format!(r#"{{"version":"1","default":"allow","all_tools":{{"results":{results}}}}}"#);
    Config::load(text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// All formats that are known, replaced.
pub(super) fn all_formats() -> Inspection {
    let finders: Vec<String> =
        crate::policy::BuiltIn::ALL.iter().map(|(name, _)| format!(r#"{{"find":"{name}"}}"#)).collect();
    inspection(&format!(r#"{{"redact":[{}]}}"#, finders.join(",")))
}

/// One format, replaced.
pub(super) fn format_named(name: &str) -> Inspection {
    inspection(&format!(r#"{{"redact":[{{"find":"{name}"}}]}}"#))
}

/// A text with its finds replaced.
#[track_caller]
pub(super) fn redacted(inspection: &Inspection, text: &str) -> String {
    let message = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"x":{}}}}}"#, crate::json::quoted(text));
    let out = stream(inspection, &message);
    let node: serde_json::Value = serde_json::from_str(&out).unwrap();
    node["result"]["x"].as_str().map_or(out, str::to_owned)
}

/// The request with the id 1.
pub(super) fn request() -> ResultRequest {
    ResultRequest { ids: vec!["1".to_owned()], ..ResultRequest::default() }
}

pub(super) fn enforced(inspection: &Inspection) -> Inspections {
    Inspections { enforced: Some(inspection.clone()), shadow: None }
}

/// What goes on of a JSON answer.
pub(super) fn stream(inspection: &Inspection, text: &str) -> String {
    let mut stream = ResultStream::new(request(), enforced(inspection), Some(crate::mcp::ResponseFormat::Json));
    let mut out = stream.push(text.as_bytes(), usize::MAX);
    out.extend(stream.end());
    String::from_utf8(out).unwrap()
}
