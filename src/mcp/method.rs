//! The methods of MCP, and how a policy decides on each.

use crate::json::fold;

/// How a policy decides on a method; product contract, section 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodClass {
    /// Allowed whatever the default is, unless `methods` denies it.
    Open,
    /// By the rule for the tool it names.
    Tool,
    /// By the rule for the prompt it names.
    Prompt,
    /// By the rule for the resource it names.
    Resource,
    /// By the rule for each resource it subscribes to.
    Listen,
    /// Allowed unless the prompt or resource it refers to is denied; predicates and limits are not evaluated.
    Reference,
    /// As `Reference`, for the resource in `params.uri`.
    Unsubscribe,
    /// Known, but by the default.
    Closed,
}

/// A method that the specification defines for clients, in any revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// The exact value of `method`.
    pub name: &'static str,
    /// How a policy decides on it.
    pub class: MethodClass,
    /// Whether it acts on the task in `params.taskId`.
    pub task: bool,
    /// Whether revision 2026-07-28 and its extensions have it.
    pub is_stateless: bool,
}

const fn method(name: &'static str, class: MethodClass) -> Method {
    Method { name, class, task: false, is_stateless: true }
}

const fn task(name: &'static str) -> Method {
    Method { task: true, ..method(name, MethodClass::Open) }
}

/// A method that revision 2026-07-28 no longer has.
const fn removed(method: Method) -> Method {
    Method { is_stateless: false, ..method }
}

/// MCP 2025-03-26 to 2026-07-28, client to server, with the tasks extension.
const METHODS: [Method; 20] = [
    method("tools/call", MethodClass::Tool),
    method("tools/list", MethodClass::Open),
    removed(method("initialize", MethodClass::Open)),
    removed(method("ping", MethodClass::Open)),
    method("server/discover", MethodClass::Open),
    method("prompts/get", MethodClass::Prompt),
    method("prompts/list", MethodClass::Open),
    method("resources/read", MethodClass::Resource),
    removed(method("resources/subscribe", MethodClass::Resource)),
    removed(method("resources/unsubscribe", MethodClass::Unsubscribe)),
    method("resources/list", MethodClass::Open),
    method("resources/templates/list", MethodClass::Open),
    method("completion/complete", MethodClass::Reference),
    removed(method("logging/setLevel", MethodClass::Open)),
    method("subscriptions/listen", MethodClass::Listen),
    task("tasks/get"),
    removed(task("tasks/result")),
    task("tasks/cancel"),
    task("tasks/update"),
    removed(method("tasks/list", MethodClass::Closed)),
];

/// Notifications that a client may send; MCP 2025-03-26 to 2025-11-25.
const NOTIFICATIONS: [&str; 5] = [
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/tasks/status",
];

impl Method {
    /// The method of exactly this name.
    #[must_use]
    pub fn known(name: &str) -> Option<&'static Self> {
        METHODS.iter().find(|method| method.name == name)
    }

    /// The names of all methods and notifications that the specification defines for clients.
    #[cfg(not(target_os = "wasi"))]
    pub fn names() -> impl Iterator<Item = &'static str> {
        METHODS.iter().map(|method| method.name).chain(NOTIFICATIONS)
    }

    /// Whether the specification lets clients send this notification.
    #[must_use]
    pub fn is_client_notification(name: &str) -> bool {
        NOTIFICATIONS.contains(&name)
    }

    /// Whether `name` has the form of a notification.
    #[must_use]
    pub fn is_notification(name: &str) -> bool {
        name.starts_with("notifications/")
    }

    /// The known method or notification that a lenient server would take `name` for: it is equal only after trimming,
    /// folding case or removing control characters.
    #[must_use]
    pub fn folded_match(name: &str) -> Option<&'static str> {
        let bare = name.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        let mut known = METHODS.iter().map(|method| method.name).chain(NOTIFICATIONS);
        known.find(|known| *known != name && fold::same_but_control(known, bare))
    }
}
