//! What is done to an honest request.
//!
//! Each kind says which ends it must come to when nothing else is done to a request, so that the generator cannot rot:
//! a kind that is only ever refused tests nothing but the refusal.

mod bytes;
mod headers;
mod members;
mod values;

use super::{
    random::Random,
    request::{Draft, Request},
};

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mutation {
    /// What it does, in two words.
    pub(crate) name: &'static str,
    /// How it is done.
    kind: Kind,
    /// The ends it must come to, of `forwarded`, `judged` and `refused`.
    pub(crate) ends: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// To the message.
    Draft(fn(&mut Draft, &mut Random)),
    /// To the request as it is written.
    Written(fn(&mut Request, &mut Random)),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Eq for Kind {}

const ALL: &[&str] = &["forwarded", "judged", "refused"];
const PASSES: &[&str] = &["forwarded", "judged"];
const NEVER: &[&str] = &["refused"];

const fn draft(name: &'static str, ends: &'static [&'static str], apply: fn(&mut Draft, &mut Random)) -> Mutation {
    Mutation { name, kind: Kind::Draft(apply), ends }
}

const fn bytes(name: &'static str, ends: &'static [&'static str], apply: fn(&mut Request, &mut Random)) -> Mutation {
    Mutation { name, kind: Kind::Written(apply), ends }
}

/// Every kind.
pub(crate) const MUTATIONS: [Mutation; 37] = [
    draft("duplicate name", NEVER, members::duplicate),
    draft("escaped name", PASSES, members::escaped),
    draft("escaped duplicate", NEVER, members::escaped_duplicate),
    draft("folded twin", ALL, members::folded_twin),
    draft("folded name", ALL, members::folded),
    draft("control twin", ALL, members::control_twin),
    draft("control name", ALL, members::control),
    draft("NUL twin", ALL, members::nul_twin),
    draft("other order", PASSES, members::reorder),
    draft("one missing", ALL, members::remove),
    draft("one more", PASSES, members::add),
    draft("nested", ALL, members::nest),
    draft("split", NEVER, members::split),
    draft("method and result", ALL, members::answer_too),
    draft("batch", ALL, members::batch),
    draft("odd number", ALL, values::number),
    draft("odd id", ALL, values::id),
    draft("escaped value", PASSES, values::escaped),
    draft("odd value", ALL, values::almost),
    draft("other type", ALL, values::other_type),
    draft("half surrogate", NEVER, values::surrogate),
    draft("bad escape", NEVER, values::bad_escape),
    draft("deep value", ALL, values::deep),
    draft("agreeing headers", ALL, headers::agree),
    draft("lying headers", ALL, headers::lie),
    bytes("comment", NEVER, bytes::comment),
    bytes("text behind", NEVER, bytes::behind),
    bytes("text before", NEVER, bytes::before),
    bytes("byte order mark", NEVER, bytes::mark),
    bytes("wide", NEVER, bytes::wide),
    bytes("invalid UTF-8", NEVER, bytes::invalid),
    bytes("cut", NEVER, bytes::cut),
    bytes("NUL inside", NEVER, bytes::nul),
    bytes("odd space", ALL, bytes::space),
    bytes("lenient syntax", NEVER, bytes::lenient),
    bytes("raw control", NEVER, bytes::control),
    bytes("one byte", ALL, bytes::one),
];

/// A request and what was done to it, as indexes into [`MUTATIONS`].
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The request.
    pub(crate) request: Request,
    /// What was done to it.
    pub(crate) done: Vec<usize>,
}

/// Makes a request, and changes it in one way or in a few.
pub(crate) fn generate(random: &mut Random) -> Case {
    let mut draft = Draft::any(random);
    let count = random.pick(&[1, 1, 1, 2, 3]);
    let done: Vec<usize> = (0..count).map(|_| random.below(MUTATIONS.len())).collect();
    let chosen = || done.iter().filter_map(|index| MUTATIONS.get(*index));
    for mutation in chosen() {
        if let Kind::Draft(apply) = mutation.kind {
            apply(&mut draft, random);
        }
    }
    let mut request = draft.write(random);
    for mutation in chosen() {
        if let Kind::Written(apply) = mutation.kind {
            apply(&mut request, random);
        }
    }
    Case { request, done }
}
