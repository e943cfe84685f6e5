//! A predicate as it is written; product contract, section 1.2.

use crate::{
    bytes::whole_number,
    json::cursor::{Cursor, Keys},
    policy::{
        condition::{Condition, ConditionError, Operand, Part},
        path::Path,
    },
};

/// A predicate document.
#[derive(Debug)]
pub struct Predicate<'w, 'a> {
    /// Its place.
    pub at: Cursor<'w, 'a>,
    /// `conditions`
    pub conditions: Vec<Condition>,
    /// `on_deny`
    pub on_deny: Option<&'w str>,
    /// `expires`, in seconds
    pub expires: u32,
}

/// The key that a predicate belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Require,
    DenyIf,
    Approval,
}

/// The default of `expires`, in seconds.
pub const DEFAULT_EXPIRES: u32 = 600;

/// The keys of a predicate in `require` and `deny_if`.
pub const PREDICATE_KEYS: Keys = Keys { known: &["conditions", "on_deny"] };
/// The keys of a predicate in `require_approval`.
pub const APPROVAL_KEYS: Keys = Keys { known: &["conditions", "on_deny", "expires"] };
/// The keys of a `path_within` that has a base.
pub const PATH_WITHIN_KEYS: Keys = Keys { known: &["folders", "base"] };
/// The keys of a condition.
pub const CONDITION_KEYS: Keys = Keys { known: &["path", "counter", "op", "value"] };

impl<'w, 'a> Predicate<'w, 'a> {
    pub(super) fn read(at: &Cursor<'w, 'a>, form: Form) -> Option<Self> {
        if at.has_any_key(CONDITION_KEYS.known) && !at.has_any_key(&["conditions"]) {
            at.report("this is a condition; put it into a predicate: `{\"conditions\": [{\"path\": …, \"op\": …, \"value\": …}]}`");
            return None;
        }
        let fields = at.fields(if form == Form::Approval { APPROVAL_KEYS } else { PREDICATE_KEYS })?;
        let on_deny = fields.get("on_deny").and_then(|text| text.string());
        let expires = fields.get("expires").map_or(Some(DEFAULT_EXPIRES), |expires| read_duration(&expires));
        let list = fields.required("conditions")?;
        let items = list.items()?;
        if items.is_empty() && form == Form::Require {
            list.report("no conditions always hold, so this requires nothing; write a condition, or leave it out");
        }
        let conditions: Vec<Condition> = items.iter().filter_map(read_condition).collect();
        (conditions.len() == items.len()).then_some(Self { at: *at, conditions, on_deny, expires: expires? })
    }
}

fn read_condition(at: &Cursor<'_, '_>) -> Option<Condition> {
    let fields = at.fields(CONDITION_KEYS)?;
    let operand = match (fields.get("counter"), fields.get("path")) {
        (Some(counter), None) => read_counter(&counter).map(|name| Operand::Counter(name.into())),
        (Some(counter), Some(_)) => {
            counter.report("a condition looks at a `path` or at a `counter`; remove one of the two");
            None
        }
        (None, _) => fields.required("path").and_then(|path| read_path(&path)).map(Operand::Path),
    };
    let operator = fields.required("op");
    let name = operator?.string()?;
    let value = fields.get("value");
    // Without an operand the rest is checked all the same, so that all mistakes are reported at once.
    let placeholder = || Path::new("args.x").ok().map(Operand::Path);
    let known = operand.is_some();
    match Condition::new(operand.or_else(placeholder)?, name, value.map(|value| value.node())) {
        Ok(condition) => {
            condition.operator().count_expression(value.as_ref().unwrap_or(at))?;
            known.then_some(condition)
        }
        Err(errors) => {
            for error in errors {
                report_errors(*at, operator, value, &error);
            }
            None
        }
    }
}

/// Reports what is wrong with an operator or its value, at its place.
fn report_errors(
    at: Cursor<'_, '_>,
    operator: Option<Cursor<'_, '_>>,
    value: Option<Cursor<'_, '_>>,
    complaint: &ConditionError,
) {
    let ConditionError { part, found, allowed, .. } = complaint;
    let message = || {
        let meant = complaint.meant().map(|meant| format!(" (did you mean `{meant}`?)")).unwrap_or_default();
        format!("found {found}, expected {allowed}{meant}")
    };
    match (part, operator, value) {
        (Part::Op, Some(operator), _) => operator.report_with(&message),
        (Part::Value, _, Some(value)) => value.report_with(&message),
        (Part::Item(_) | Part::Folder(_) | Part::Base, ..) => {
            let place = at.at_pointer(&part.pointer());
            place.as_ref().unwrap_or(&at).report_with(&message);
        }
        (Part::Value, _, None) => at.report(format!("the key `value` is missing: expected {allowed}")),
        _ => at.report_with(&message),
    }
}

fn read_path(at: &Cursor<'_, '_>) -> Option<Path> {
    Path::new(at.string()?).map_err(|error| at.report(error.to_string())).ok()
}

/// A path into the arguments.
pub(super) fn read_args_path(at: &Cursor<'_, '_>) -> Option<Path> {
    Path::into_args(at.string()?).map_err(|error| at.report(error.to_string())).ok()
}

/// The name of a counter.
pub(super) fn read_counter<'w>(at: &Cursor<'w, '_>) -> Option<&'w str> {
    match at.text_or_empty() {
        "" => at.report_expected("a name"),
        name => Some(name),
    }
}

/// Reads a duration from one minute to one day, such as `90s`, `10m` or `24h`, as seconds.
fn read_duration(at: &Cursor<'_, '_>) -> Option<u32> {
    let text = at.text_or_empty();
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).unwrap_or_default();
    let unit = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let whole = whole_number(digits.as_bytes()).and_then(|whole| u32::try_from(whole).ok());
    let seconds = unit.zip(whole).and_then(|(unit, whole)| whole.checked_mul(unit));
    match seconds.filter(|seconds| (60..=86_400).contains(seconds)) {
        Some(seconds) => Some(seconds),
        None => at.report_expected("a duration from `1m` to `24h`, such as `90s`, `10m` or `2h`"),
    }
}
