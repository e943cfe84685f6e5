//! Requests as honest clients send them: what the mutations start from.

use super::{
    random::Random,
    tree::{Space, Tree},
};

/// A request under construction.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Headers but for `:method`, names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The message.
    pub(crate) tree: Tree,
    /// How it is written.
    pub(crate) space: Space,
}

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Headers but for `:method`, names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// The `_meta` member that names the revision.
pub(crate) const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The first revision whose headers repeat the body.
pub(crate) const MODERN: &str = "2026-07-28";

/// Methods with the member of `params` that names what they are about.
const METHODS: [(&str, &str, &str); 16] = [
    ("tools/call", "name", "ok"),
    ("tools/call", "name", "ok"),
    ("tools/call", "name", "evil"),
    ("tools/call", "name", "pay"),
    ("tools/call", "name", "pay"),
    ("tools/call", "name", "pay"),
    ("prompts/get", "name", "ok"),
    ("prompts/get", "name", "evil"),
    ("resources/read", "uri", "file:///ok"),
    ("resources/subscribe", "uri", "file:///evil"),
    ("tools/list", "cursor", ""),
    ("tasks/get", "taskId", "t1"),
    ("initialize", "protocolVersion", "2025-11-25"),
    ("notifications/initialized", "", ""),
    ("notifications/cancelled", "requestId", "1"),
    ("", "", ""),
];

/// Requests that revision 2026-07-28 no longer has.
const REMOVED: [&str; 2] = ["resources/subscribe", "initialize"];

impl Draft {
    /// Any of the requests that clients send.
    pub(crate) fn any(random: &mut Random) -> Self {
        let (method, place, name) = random.pick(&METHODS);
        let mut headers = vec![("content-type".to_owned(), b"application/json".to_vec())];
        let mut members = vec![(Tree::text("jsonrpc"), Tree::text("2.0"))];
        if !method.starts_with("notifications/") {
            let id = random.pick(&["1", "0", "-7", "\"a-1\"", "\"\"", "9007199254740991"]);
            members.push((Tree::text("id"), Tree::raw(id)));
        }
        if method.is_empty() {
            members.push((Tree::text("result"), Tree::object([("action", Tree::text("accept"))])));
            return Self { headers, tree: Tree::Object(members), space: space(random) };
        }
        members.push((Tree::text("method"), Tree::text(method)));
        let mut params = Vec::new();
        if !place.is_empty() {
            params.push((Tree::text(place), Tree::text(name)));
        }
        if method == "tools/call" && !random.once_in(6) {
            params.push((Tree::text("arguments"), arguments(random)));
        }
        if random.once_in(3) && !REMOVED.contains(&method) {
            params.push((Tree::text("_meta"), Tree::object([(VERSION, Tree::text(MODERN))])));
            headers.push(("mcp-protocol-version".to_owned(), MODERN.into()));
            headers.push(("mcp-method".to_owned(), method.into()));
            if ["tools/call", "prompts/get", "resources/read", "tasks/get"].contains(&method) {
                headers.push(("mcp-name".to_owned(), name.into()));
            }
        } else if random.once_in(3) {
            headers.push(("mcp-protocol-version".to_owned(), b"2025-06-18".to_vec()));
        }
        members.push((Tree::text("params"), Tree::Object(params)));
        Self { headers, tree: Tree::Object(members), space: space(random) }
    }

    /// As it is sent.
    pub(crate) fn write(&self, random: &mut Random) -> Request {
        let mut body = Vec::new();
        self.tree.write(self.space, random, &mut body);
        Request { headers: self.headers.clone(), body }
    }
}

fn space(random: &mut Random) -> Space {
    if random.once_in(3) { Space::Some } else { Space::None }
}

fn arguments(random: &mut Random) -> Tree {
    let amount = random.pick(&["5", "5", "100", "101", "1e2", "\"5\"", "null"]);
    let payee = random.pick(&["ann", "ann", "bob", "eve"]);
    let mut members = vec![(Tree::text("amount"), Tree::raw(amount))];
    if !random.once_in(3) {
        members.push((Tree::text("to"), Tree::object([("name", Tree::text(payee))])));
    }
    if random.once_in(3) {
        members.push((Tree::text("name"), Tree::text("evil")));
    }
    if random.once_in(4) {
        members.push((Tree::text("note"), Tree::text("a \"long\" prompt\n\u{e9}\u{1f600}")));
    }
    Tree::Object(members)
}
