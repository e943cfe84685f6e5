//! Changes to the members of objects.

use crate::{
    random::Random,
    request::Draft,
    spelling,
    tree::{Members, Tree},
};

/// A member that is there and its index, in any object that has one. The envelope and `params` come more often than
/// what lies in them.
fn any<'d>(draft: &'d mut Draft, random: &mut Random) -> Option<(&'d mut Members, usize)> {
    let count = draft.tree.objects();
    let mut number = if random.once_in(2) { random.below(count.min(2)) } else { random.below(count) };
    let mut copy = number;
    if draft.tree.object_mut(&mut copy).is_some_and(|members| members.is_empty()) {
        number = 0;
    }
    let members = draft.tree.object_mut(&mut number)?;
    let index = random.below(members.len());
    (!members.is_empty()).then_some((members, index))
}

fn text(name: &Tree) -> String {
    match name {
        Tree::Text(text) => text.clone(),
        Tree::Raw(bytes) => serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into()),
        Tree::Object(_) | Tree::Array(_) => String::new(),
    }
}

/// A value that a server would act on instead of `value`.
fn rival(name: &str, value: &Tree, random: &mut Random) -> Tree {
    match (name.to_lowercase().as_str(), value) {
        ("name", _) => Tree::text(random.pick(&["evil", "pay", "eve"])),
        ("method", _) => Tree::text(random.pick(&["tools/call", "tools/list"])),
        ("amount", _) => Tree::raw("1000"),
        ("uri", _) => Tree::text("file:///evil"),
        ("params", _) => Tree::object([("name", Tree::text("evil"))]),
        ("arguments", _) => Tree::object([("amount", Tree::raw("1000"))]),
        ("to", _) => Tree::object([("name", Tree::text("eve"))]),
        ("id", _) => Tree::raw("2"),
        (_, value) => value.clone(),
    }
}

fn twin(draft: &mut Draft, random: &mut Random, spell: fn(&str, &mut Random) -> Tree) {
    let Some((members, index)) = any(draft, random) else { return };
    let Some((name, value)) = members.get(index) else { return };
    let name = text(name);
    let member = (spell(&name, random), rival(&name, value, random));
    members.insert(random.below(members.len() + 1), member);
}

fn rename(draft: &mut Draft, random: &mut Random, spell: fn(&str, &mut Random) -> Tree) {
    let Some((members, index)) = any(draft, random) else { return };
    if let Some((name, _)) = members.get_mut(index) {
        *name = spell(&text(name), random);
    }
}

/// The same name again, with another value.
pub(crate) fn duplicate(draft: &mut Draft, random: &mut Random) {
    twin(draft, random, |name, _| Tree::text(name));
}

/// A name with escapes.
pub(crate) fn escaped(draft: &mut Draft, random: &mut Random) {
    rename(draft, random, |name, random| Tree::raw(spelling::escaped(name, random)));
}

/// The same name again, with escapes.
pub(crate) fn escaped_duplicate(draft: &mut Draft, random: &mut Random) {
    twin(draft, random, |name, random| Tree::raw(spelling::escaped(name, random)));
}

/// The same name again, in another case.
pub(crate) fn folded_twin(draft: &mut Draft, random: &mut Random) {
    twin(draft, random, |name, random| Tree::text(spelling::folded(name, random)));
}

/// A name in another case.
pub(crate) fn folded(draft: &mut Draft, random: &mut Random) {
    rename(draft, random, |name, random| Tree::text(spelling::folded(name, random)));
}

/// The same name again, with control characters.
pub(crate) fn control_twin(draft: &mut Draft, random: &mut Random) {
    twin(draft, random, |name, random| Tree::text(spelling::with_controls(name, random)));
}

/// A name with control characters.
pub(crate) fn control(draft: &mut Draft, random: &mut Random) {
    rename(draft, random, |name, random| Tree::text(spelling::with_controls(name, random)));
}

/// The same name again, and more behind a NUL.
pub(crate) fn nul_twin(draft: &mut Draft, random: &mut Random) {
    twin(draft, random, |name, random| Tree::text(spelling::behind_nul(name, random)));
}

/// Members in another order.
pub(crate) fn reorder(draft: &mut Draft, random: &mut Random) {
    let Some((members, _)) = any(draft, random) else { return };
    for last in (1..members.len()).rev() {
        members.swap(last, random.below(last + 1));
    }
}

/// One member less.
pub(crate) fn remove(draft: &mut Draft, random: &mut Random) {
    if let Some((members, index)) = any(draft, random) {
        members.remove(index);
    }
}

/// An unknown member.
pub(crate) fn add(draft: &mut Draft, random: &mut Random) {
    let Some((members, _)) = any(draft, random) else { return };
    let name = random.pick(&["x", "", "__proto__", "0", "n\u{e4}me", "names", "par\u{e4}ms"]);
    let value = Tree::object([("name", Tree::text("evil")), ("method", Tree::text("tools/call"))]);
    members.push((Tree::text(name), value));
}

/// Something moved one level down, or the whole message.
pub(crate) fn nest(draft: &mut Draft, random: &mut Random) {
    let name = random.pick(&["0", "params", "arguments", "message", "__proto__"]);
    if random.once_in(3) {
        let inner = std::mem::replace(&mut draft.tree, Tree::raw("null"));
        draft.tree = Tree::object([(name, inner)]);
    } else if let Some((members, index)) = any(draft, random)
        && let Some((_, value)) = members.get_mut(index)
    {
        let inner = std::mem::replace(value, Tree::raw("null"));
        *value = Tree::object([(name, inner)]);
    }
}

/// `params` twice, each with a part of the members.
pub(crate) fn split(draft: &mut Draft, random: &mut Random) {
    let other = Tree::object([("arguments", Tree::object([("amount", Tree::raw("1000"))]))]);
    let rival = Tree::object([("name", Tree::text("evil"))]);
    let Tree::Object(members) = &mut draft.tree else { return };
    let second = if random.once_in(2) { rival } else { other };
    let at = random.below(members.len() + 1);
    members.insert(at, (Tree::text("params"), second.clone()));
    if members.iter().filter(|(name, _)| text(name) == "params").count() < 2 {
        members.push((Tree::text("params"), second));
    }
}

/// A request that is an answer, or an answer that is a request.
pub(crate) fn answer_too(draft: &mut Draft, random: &mut Random) {
    let Tree::Object(members) = &mut draft.tree else { return };
    let name = random.pick(&["result", "error", "method", "Result", "results"]);
    let value = if name == "method" { Tree::text("tools/call") } else { Tree::object([]) };
    members.insert(random.below(members.len() + 1), (Tree::text(name), value));
}

/// Several messages at once.
pub(crate) fn batch(draft: &mut Draft, random: &mut Random) {
    let mut messages = vec![draft.tree.clone()];
    for _ in 0..random.below(3) {
        let other = if random.once_in(4) { draft.clone() } else { Draft::any(random) };
        messages.push(other.tree);
    }
    // With ids of their own but for some, as readers disagree on what a second answer to one id is.
    for (number, message) in messages.iter_mut().enumerate().skip(1) {
        if let Some(id) = message.get_mut("id").filter(|_| !random.once_in(6)) {
            *id = Tree::raw((100 + number).to_string());
        }
    }
    let at = random.below(messages.len());
    messages.swap(0, at);
    draft.tree = Tree::Array(messages);
}
