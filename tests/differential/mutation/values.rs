//! Changes to values.

use crate::{random::Random, request::Draft, spelling, tree::Tree};

/// Where servers look.
const PLACES: [&[&str]; 11] = [
    &["method"],
    &["jsonrpc"],
    &["params", "name"],
    &["params", "name"],
    &["params", "uri"],
    &["params", "taskId"],
    &["params", "arguments"],
    &["params", "arguments", "amount"],
    &["params", "arguments", "to"],
    &["params", "arguments", "to", "name"],
    &["params", "_meta"],
];

fn at<'d>(draft: &'d mut Draft, place: &[&str]) -> Option<&'d mut Tree> {
    place.iter().try_fold(&mut draft.tree, |tree, name| tree.get_mut(name))
}

/// A value where servers look that is a string.
fn any_text<'d>(draft: &'d mut Draft, random: &mut Random) -> Option<(&'d mut Tree, String)> {
    let texts: Vec<&[&str]> =
        PLACES.into_iter().filter(|place| matches!(at(draft, place), Some(Tree::Text(_)))).collect();
    if texts.is_empty() {
        return None;
    }
    let tree = at(draft, random.pick(&texts))?;
    let Tree::Text(text) = tree else { return None };
    let text = text.clone();
    Some((tree, text))
}

/// A number in another spelling.
pub(crate) fn number(draft: &mut Draft, random: &mut Random) {
    let number = random.pick(&[5, 100, 1000]);
    if let Some(amount) = at(draft, &["params", "arguments", "amount"]) {
        *amount = Tree::raw(spelling::number(number, random));
    }
}

/// An id of any kind.
pub(crate) fn id(draft: &mut Draft, random: &mut Random) {
    let long = format!("\"{}\"", "x".repeat(200 + random.below(100)));
    let fixed: [&str; 9] =
        ["null", "true", "[]", "{}", "1.5", "9007199254740993", "-9007199254740992", "\"\\u0031\"", &long];
    let spelled = spelling::number(1, random);
    let choices = [random.pick(&fixed), spelled.as_str()];
    let value = Tree::raw(random.pick(&choices));
    if let Some(id) = draft.tree.get_mut("id") {
        *id = value;
    } else if let Tree::Object(members) = &mut draft.tree {
        members.push((Tree::text("id"), value));
    }
}

/// A string with escapes.
pub(crate) fn escaped(draft: &mut Draft, random: &mut Random) {
    if let Some((tree, text)) = any_text(draft, random) {
        *tree = Tree::raw(spelling::escaped(&text, random));
    }
}

/// A string that some servers take for the one it was.
pub(crate) fn almost(draft: &mut Draft, random: &mut Random) {
    let Some((tree, text)) = any_text(draft, random) else { return };
    *tree = Tree::text(match random.below(6) {
        0 => spelling::folded(&text, random),
        1 => spelling::with_controls(&text, random),
        2 => spelling::behind_nul(&text, random),
        3 => format!(" {text}"),
        4 => format!("{text} "),
        _ => text.repeat(1 + random.below(150)),
    });
}

/// A value of another type.
pub(crate) fn other_type(draft: &mut Draft, random: &mut Random) {
    let texts = ["null", "true", "0", "[]", "[\"evil\"]", "{}", "\"evil\"", "\"{\\\"amount\\\":1000}\""];
    let value = Tree::raw(random.pick(&texts));
    let found: Vec<&[&str]> = PLACES.into_iter().filter(|place| at(draft, place).is_some()).collect();
    if !found.is_empty()
        && let Some(tree) = at(draft, random.pick(&found))
    {
        *tree = value;
    }
}

/// Half a surrogate pair.
pub(crate) fn surrogate(draft: &mut Draft, random: &mut Random) {
    let half = random.pick(&["\\ud800", "\\udc00", "\\uD83D\\u0041", "\\ude00\\ud83d"]);
    spoil(draft, random, half);
}

/// An invalid escape.
pub(crate) fn bad_escape(draft: &mut Draft, random: &mut Random) {
    let escape = random.pick(&["\\x6b", "\\u12", "\\q", "\\'", "\\u{6b}", "\\0", "\\U006b", "\\u+06b"]);
    spoil(draft, random, escape);
}

/// A value that nests deep.
pub(crate) fn deep(draft: &mut Draft, random: &mut Random) {
    let depth = random.pick(&[2, 20, 61, 62, 63, 64, 130]);
    let (open, close) = random.pick(&[("[", "]"), ("{\"a\":", "}")]);
    let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
    for place in [&["params", "arguments"][..], &["params"], &[]] {
        if let Some(Tree::Object(members)) = at(draft, place) {
            members.push((Tree::text("deep"), Tree::raw(value)));
            return;
        }
    }
}

/// Writes `what` into a string.
fn spoil(draft: &mut Draft, random: &mut Random, what: &str) {
    let Some((tree, text)) = any_text(draft, random) else { return };
    let quoted = serde_json::to_string(&text).unwrap();
    let inner = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
    *tree = Tree::raw(if random.once_in(2) { format!("\"{inner}{what}\"") } else { format!("\"{what}{inner}\"") });
}
