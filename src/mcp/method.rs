//! The methods of MCP, and what a policy has to know of each.

use crate::json::fold;

/// How a method is judged; see the product contract, section 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
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
    pub sort: Sort,
    /// Whether `params.taskId` names what it acts on.
    pub task: bool,
}

const fn method(name: &'static str, sort: Sort) -> Method {
    Method { name, sort, task: false }
}

const fn task(name: &'static str) -> Method {
    Method { name, sort: Sort::Open, task: true }
}

/// MCP 2025-03-26 to 2026-07-28, client to server, with the tasks extension.
const METHODS: [Method; 20] = [
    method("tools/call", Sort::Tool),
    method("tools/list", Sort::Open),
    method("initialize", Sort::Open),
    method("ping", Sort::Open),
    method("server/discover", Sort::Open),
    method("prompts/get", Sort::Prompt),
    method("prompts/list", Sort::Open),
    method("resources/read", Sort::Resource),
    method("resources/subscribe", Sort::Resource),
    method("resources/unsubscribe", Sort::Unsubscribe),
    method("resources/list", Sort::Open),
    method("resources/templates/list", Sort::Open),
    method("completion/complete", Sort::Reference),
    method("logging/setLevel", Sort::Open),
    method("subscriptions/listen", Sort::Listen),
    task("tasks/get"),
    task("tasks/result"),
    task("tasks/cancel"),
    task("tasks/update"),
    method("tasks/list", Sort::Closed),
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
    pub fn mistakable(name: &str) -> Option<&'static str> {
        let bare = name.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        let mut known = METHODS.iter().map(|method| method.name).chain(NOTIFICATIONS);
        known.find(|known| *known != name && fold::same_but_control(known, bare))
    }
}
