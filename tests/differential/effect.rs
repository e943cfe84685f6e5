//! What a server would do with a body.

use std::{borrow::Cow, fmt};

use super::lenient_parser::Value;

/// One message carried out. Two are the same if a server does the same for both, as far as a policy can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Act {
    /// The method; none for an answer.
    pub(crate) method: Option<String>,
    /// The tool, prompt, resource or task that the method is about.
    pub(crate) about: Option<String>,
    /// The id, as [`scalar`] writes it.
    pub(crate) id: Option<String>,
    /// `arguments.amount` of a tool call, likewise.
    pub(crate) amount: Option<String>,
    /// `arguments.to.name` of a tool call, likewise.
    pub(crate) payee: Option<String>,
}

/// The members of `params` that name what each method is about.
pub(crate) const ABOUT: [(&str, &str); 9] = [
    ("tools/call", "name"),
    ("prompts/get", "name"),
    ("resources/read", "uri"),
    ("resources/subscribe", "uri"),
    ("resources/unsubscribe", "uri"),
    ("tasks/get", "taskId"),
    ("tasks/result", "taskId"),
    ("tasks/cancel", "taskId"),
    ("tasks/update", "taskId"),
];

/// How a server finds a member: one of this name in these members.
pub(crate) type Find = for<'t> fn(&'t [(String, Value)], &str) -> Option<Cow<'t, Value>>;

/// Everything that a server does for a value: a batch is several messages.
pub(crate) fn acts(value: &Value, find: Find, method: fn(&str) -> String) -> Vec<Act> {
    match value {
        Value::Array(messages) => messages.iter().flat_map(|message| acts(message, find, method)).collect(),
        Value::Object(members) => vec![act(members, find, method)],
        _ => Vec::new(),
    }
}

fn act(members: &[(String, Value)], find: Find, spelled: fn(&str) -> String) -> Act {
    let id = find(members, "id").map(|id| scalar(&id));
    let Some(Value::Text(method)) = find(members, "method").as_deref().cloned() else {
        return Act { id, ..Act::default() };
    };
    let method = spelled(&method);
    let params = inside(find(members, "params"));
    let place = ABOUT.iter().find(|(name, _)| *name == method).map(|(_, place)| *place);
    let about = match place.and_then(|place| find(&params, place)).as_deref() {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let mut act = Act { method: Some(method), about, id, ..Act::default() };
    if act.method.as_deref() == Some("tools/call") {
        let arguments = inside(find(&params, "arguments"));
        act.amount = find(&arguments, "amount").map(|amount| scalar(&amount));
        let to = inside(find(&arguments, "to"));
        act.payee = find(&to, "name").map(|name| scalar(&name));
    }
    act
}

fn inside(value: Option<Cow<'_, Value>>) -> Vec<(String, Value)> {
    match value.as_deref() {
        Some(Value::Object(members)) => members.clone(),
        _ => Vec::new(),
    }
}

/// A value in a form that all readers agree on: numbers by the bits of their double, as JavaScript has no others.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(text) => match text.parse::<f64>() {
            Ok(number) => format!("n{:016x}", (number + 0.0).to_bits()),
            Err(_) => format!("?{text}"),
        },
        Value::Text(text) => format!("s{text}"),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(method) = &self.method else { return write!(f, "an answer to {:?}", self.id) };
        write!(f, "{method:?} of {:?}, id {:?}", self.about, self.id)?;
        write!(f, ", amount {:?}, to {:?}", self.amount, self.payee)
    }
}
