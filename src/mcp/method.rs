//! The methods of MCP, and what a policy has to know of each.

use crate::json::fold;

/// How a method is judged; see the product contract, section 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodClass {
    /// Passes whatever the default says, unless `methods` closes it.
    Open,
    /// Judged by the tool it names.
    Tool,
    /// Judged by the prompt it names.
    Prompt,
    /// Judged by the resource it names.
    Resource,
    /// Judged by each resource it asks to hear of.
    Listen,
    /// Passes where the prompt or resource it speaks of is not denied; no predicates, no charge.
    Reference,
    /// Like `Reference`, naming a resource.
    Unsubscribe,
    /// Known, but not open: falls to the default.
    Closed,
}

/// A method that the specification defines for clients, in any revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// As it stands in `method`, code point by code point.
    pub name: &'static str,
    /// How it is judged.
    pub class: MethodClass,
    /// Whether `params.taskId` names what it acts on.
    pub task: bool,
}

const fn method(name: &'static str, sort: MethodClass) -> Method {
    Method { name, class: sort, task: false }
}

const fn task(name: &'static str) -> Method {
    Method { name, class: MethodClass::Open, task: true }
}

/// MCP 2025-03-26 to 2026-07-28, client to server, with the tasks extension.
const METHODS: [Method; 20] = [
    method("tools/call", MethodClass::Tool),
    method("tools/list", MethodClass::Open),
    method("initialize", MethodClass::Open),
    method("ping", MethodClass::Open),
    method("server/discover", MethodClass::Open),
    method("prompts/get", MethodClass::Prompt),
    method("prompts/list", MethodClass::Open),
    method("resources/read", MethodClass::Resource),
    method("resources/subscribe", MethodClass::Resource),
    method("resources/unsubscribe", MethodClass::Unsubscribe),
    method("resources/list", MethodClass::Open),
    method("resources/templates/list", MethodClass::Open),
    method("completion/complete", MethodClass::Reference),
    method("logging/setLevel", MethodClass::Open),
    method("subscriptions/listen", MethodClass::Listen),
    task("tasks/get"),
    task("tasks/result"),
    task("tasks/cancel"),
    task("tasks/update"),
    method("tasks/list", MethodClass::Closed),
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

    /// Whether the specification lets clients send this notification.
    #[must_use]
    pub fn is_client_notification(name: &str) -> bool {
        NOTIFICATIONS.contains(&name)
    }

    /// Whether `name` is a notification by its form.
    #[must_use]
    pub fn is_notification(name: &str) -> bool {
        name.starts_with("notifications/")
    }

    /// The known method or notification that a lenient server would take `name` for: equal only after trimming,
    /// folding case or leaving out control characters.
    #[must_use]
    pub fn folded_match(name: &str) -> Option<&'static str> {
        let bare = name.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        let mut known = METHODS.iter().map(|method| method.name).chain(NOTIFICATIONS);
        known.find(|known| *known != name && fold::same_but_control(known, bare))
    }
}
