//! Conditions: one form for each operator, since each takes other values; product contract, section 1.2.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// A condition on one argument, on the caller, on the time or on a counter.
#[derive(JsonSchema)]
#[schemars(tag = "op", rename_all = "snake_case", deny_unknown_fields, transform = name_operators)]
pub(super) enum Condition {
    /// The argument equals the value. Numbers compare as exact decimals; `"5"` is not `5`.
    Eq(Compared<Literal>),
    /// The argument does not equal the value.
    Neq(Compared<Literal>),
    /// The argument equals one of the values.
    In(Compared<Literals>),
    /// The argument equals none of the values.
    NotIn(Compared<Literals>),
    /// The argument is a number below the value.
    Lt(Compared<f64>),
    /// The argument is a number, at most the value.
    Lte(Compared<f64>),
    /// The argument is a number above the value.
    Gt(Compared<f64>),
    /// The argument is a number, at least the value.
    Gte(Compared<f64>),
    /// The argument is a string that the regular expression matches anywhere; `^` and `$` anchor it. It cannot use
    /// look-around, back-references or `\p{…}`.
    Regex(Compared<String>),
    /// The argument is a string that contains the value, or a list with an element that equals it; in `deny_if` and
    /// `require_approval` also a list with a string that contains it.
    Contains(Compared<Part>),
    /// The argument is a list with an element that equals the value.
    Includes(Compared<Literal>),
    /// `true`: the argument is present; `false`: it is missing. `null` counts as missing.
    Exists(Compared<bool>),
    /// The argument is a string that starts with the value.
    StartsWith(Compared<Text>),
    /// The argument is a string that ends with the value.
    EndsWith(Compared<Text>),
    /// The argument is the path of one of the folders or of something inside, after `.`, `..` and `//` are resolved. A
    /// relative path needs a `base`, to which it is joined first.
    PathWithin(Compared<AllowedFolders>),
    /// The argument is an http or https URL whose host is one of these, or is under a `*.x`.
    UrlHostIn(Compared<Hosts>),
    /// The argument is a string of at most this many code points.
    MaxLength(Compared<u64>),
    /// The argument is a list of at most this many elements.
    MaxItems(Compared<u64>),
    /// The argument is a string of words that are separated by spaces, or a list of strings, and has the value as a whole word.
    HasScope(Compared<Word>),
}

/// The argument, or what is compared in its place, and the value to compare it with.
#[derive(JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
pub(super) struct Compared<V> {
    /// The argument: `args.amount`, `args.order.items[0].price`, `args.files[*].path` for every element,
    /// `args["a.b"]` for a key that needs quotes. Or the caller: `caller.grant`, `caller.source`, `caller.authenticated`,
    /// `caller.claims.groups`. Or the time: `now.weekday` (`mon` to `sun`), `now.hour`, `now.time` (minutes since midnight),
    /// `now.date` (`2026-11-21`).
    #[schemars(title = "Path", regex(pattern = PATH), extend("examples" = ["args.amount"]))]
    path: Option<String>,
    /// The counter of a limit of this policy, in place of a path: what the caller has used of it before this call.
    #[schemars(title = "Counter", length(min = 1))]
    counter: Option<String>,
    /// The value to compare the argument with.
    #[schemars(title = "Value")]
    value: V,
}

/// A path; the first step is a key.
const PATH: &str = r#"^(args|caller|now)(\.[^.\[\]*"'\\ \t\r\n]+|\["([^"\\]|\\.)*"\])(\.[^.\[\]*"'\\ \t\r\n]+|\["([^"\\]|\\.)*"\]|\[(0|[1-9][0-9]{0,8}|\*)\])*$"#;

/// A path into the arguments.
pub(super) const ARGS_PATH: &str = r#"^args(\.[^.\[\]*"'\\ \t\r\n]+|\["([^"\\]|\\.)*"\])(\.[^.\[\]*"'\\ \t\r\n]+|\["([^"\\]|\\.)*"\]|\[(0|[1-9][0-9]{0,8}|\*)\])*$"#;

/// A value to compare with: anything but `null`, which counts as missing.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Literal>),
    Object(BTreeMap<String, Literal>),
}

/// Values to compare with.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(super) struct Literals(#[schemars(length(min = 1))] Vec<Literal>);

/// A text that is not empty.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(super) struct Text(#[schemars(length(min = 1))] String);

/// A text without spaces that is not empty.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(super) struct Word(#[schemars(regex(pattern = r"^\S+$"))] String);

/// What a string or a list contains.
#[derive(JsonSchema)]
#[schemars(inline, extend("not" = json!({"const": ""})))]
pub(super) struct Part(Literal);

/// Folders, or folders with a base for relative paths.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
pub(super) enum AllowedFolders {
    Folders(Folders),
    Based(Based),
}

/// Folders, and where a relative path starts.
#[derive(JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
pub(super) struct Based {
    /// The folders.
    #[schemars(title = "Folders")]
    folders: Folders,
    /// The folder in which the server runs.
    #[schemars(title = "Base", regex(pattern = FOLDER))]
    base: String,
}

const FOLDER: &str = r"^/([^/\\%]+/)*[^/\\%]*$";

/// Absolute folders, without `.`, `..`, `//`, `\` and `%`.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(super) struct Folders(#[schemars(length(min = 1), inner(regex(pattern = FOLDER)))] Vec<String>);

/// Host names, `*.` and a name for all under it, IPv4 addresses, or IPv6 addresses in brackets; no scheme, no port.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(super) struct Hosts(#[schemars(length(min = 1), inner(regex(pattern = HOST)))] Vec<String>);

const HOST: &str = r"^((\*\.)?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]+\])$";

/// The operators that compare a counter.
const COUNTER_OPERATORS: [&str; 8] = ["eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte"];

/// Editors show the description of a key, so `op` gets that of its form. A condition has a path or, if its operator compares
/// numbers, a counter.
fn name_operators(schema: &mut Schema) {
    let Some(Value::Array(forms)) = schema.get_mut("oneOf") else { return };
    for form in forms {
        let meaning = form.get("description").cloned();
        let op = form.pointer("/properties/op/const").and_then(Value::as_str).unwrap_or_default();
        let compares_counter = COUNTER_OPERATORS.contains(&op);
        if let Value::Object(form) = &mut *form {
            let (key, operands) = if compares_counter {
                ("oneOf", json!([{"required": ["path"]}, {"required": ["counter"]}]))
            } else {
                ("allOf", json!([{"required": ["path"]}, {"not": {"required": ["counter"]}}]))
            };
            form.insert(key.to_owned(), operands);
        }
        if let Some(Value::Object(op)) = form.pointer_mut("/properties/op") {
            op.insert("title".to_owned(), "Operator".into());
            op.extend(meaning.map(|meaning| ("description".to_owned(), meaning)));
        }
    }
}
