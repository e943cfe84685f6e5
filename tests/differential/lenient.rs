//! Readers more lenient than ours, each after a parser or a server in the field.

use std::borrow::Cow;

use super::{
    effect::{self, Act, Find},
    lenient_parser::{self, Tolerance, Value},
    request::{MODERN, Request, VERSION},
};

mod find;
mod headers;

/// A reader.
pub(crate) struct Reader {
    /// After whom it is modelled.
    pub(crate) name: &'static str,
    tolerance: Tolerance,
    find: Find,
    method: fn(&str) -> String,
}

const fn reader(name: &'static str, tolerance: Tolerance, find: Find) -> Reader {
    Reader { name, tolerance, find, method: str::to_owned }
}

const GO: Tolerance = Tolerance { lossy: true, escapes: true, ..Tolerance::NONE };

/// All that run within the test.
pub(crate) const READERS: [Reader; 16] = [
    reader("last wins", Tolerance::NONE, find::last),
    reader("first wins", Tolerance::NONE, find::first),
    reader("Go json.Unmarshal", GO, find::merged_and_folded),
    reader("Go json.Decoder", Tolerance { trailing: true, ..GO }, find::merged_and_folded),
    reader("value after value", Tolerance { trailing: true, stream: true, ..Tolerance::NONE }, find::last),
    reader("go-sdk 1.3.1, segmentio", Tolerance { trailing: true, ..GO }, find::without_controls),
    reader("C strings, first", Tolerance { nul_ends: true, escapes: true, ..Tolerance::NONE }, find::first_to_nul),
    reader("C strings, last", Tolerance { nul_ends: true, trailing: true, ..Tolerance::NONE }, find::last_to_nul),
    reader("Ruby", Tolerance { comments: true, escapes: true, ..Tolerance::NONE }, find::last),
    reader("Jackson", Tolerance { encodings: true, trailing: true, lossy: true, ..Tolerance::NONE }, find::last),
    reader("Kotlin", Tolerance { bare: true, ..Tolerance::NONE }, find::last),
    reader("C# web", Tolerance { encodings: true, ..Tolerance::NONE }, find::folded_in_params),
    reader("everything, last", Tolerance::ALL, find::last),
    reader("everything, first", Tolerance::ALL, find::first),
    reader("everything, folded", Tolerance::ALL, find::merged_and_folded),
    Reader { name: "trims methods", tolerance: Tolerance::NONE, find: find::last, method: trimmed },
];

impl Reader {
    /// What a server with this reader does; `None` where it refuses.
    pub(crate) fn read(&self, request: &Request) -> Option<Vec<Act>> {
        let text = lenient_parser::decode(&request.body, self.tolerance)?;
        let value = lenient_parser::parse(&text, self.tolerance)?;
        Some(effect::acts(&value, self.find, self.method))
    }
}

/// `serde_json`, as it is.
pub(crate) fn serde_json(request: &Request) -> Option<Vec<Act>> {
    let value: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    Some(effect::acts(&own(&value), find::last, str::to_owned))
}

fn own(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => Value::Number(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(list) => Value::Array(list.iter().map(own).collect()),
        serde_json::Value::Object(map) => {
            Value::Object(map.iter().map(|(name, value)| (name.clone(), own(value))).collect())
        }
    }
}

/// A server of the 2026 era that routes by the headers and looks at the body for nothing but its id and arguments.
/// `None` where it finds no call in them.
pub(crate) fn headers(request: &Request) -> Option<Vec<Act>> {
    let acts = READERS.first()?.read(request)?;
    let [body] = acts.as_slice() else { return None };
    let text = lenient_parser::decode(&request.body, Tolerance::NONE)?;
    let value = lenient_parser::parse(&text, Tolerance::NONE)?;
    let claim = ["params", "_meta", VERSION].iter().try_fold(value, |value, name| match value {
        Value::Object(members) => find::last(&members, name).map(Cow::into_owned),
        _ => None,
    });
    let claims = matches!(claim, Some(Value::Text(version)) if *version >= *MODERN);
    headers::act(&request.headers, claims, body).map(|act| vec![act])
}

/// A method as a server reads it that takes it loosely: without white space around it, in any case.
fn trimmed(method: &str) -> String {
    let loose = method.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_lowercase();
    let known = effect::ABOUT.iter().map(|(name, _)| *name).chain(["tools/list", "initialize"]);
    let meant = known.into_iter().find(|known| *known == loose);
    meant.unwrap_or(method).to_owned()
}
