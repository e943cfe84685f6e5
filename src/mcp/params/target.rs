//! What a message names, and which names are valid.

use std::borrow::Cow;

use crate::{mcp::refusal_text, text::has_control};

/// What a message calls, gets or reads: what policies name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Nothing with a name.
    Nothing,
    /// A tool, by `params.name`.
    Tool(Cow<'a, str>),
    /// A prompt, by `params.name` or `params.ref.name`.
    Prompt(Cow<'a, str>),
    /// A resource, by `params.uri` or `params.ref.uri`.
    Resource(Cow<'a, str>),
    /// What a client listens to, by `params.notifications`.
    Subscriptions {
        /// The URIs of resources, in `resourceSubscriptions`.
        resources: Vec<Cow<'a, str>>,
        /// The ids of tasks, in `taskIds`.
        tasks: Vec<Cow<'a, str>>,
    },
    /// A task, by `params.taskId`.
    Task(Cow<'a, str>),
}

pub(super) const RESOURCE: &str = "a URI of `params.notifications.resourceSubscriptions`";
pub(super) const RESOURCES: &str = "params.notifications.resourceSubscriptions";
pub(super) const TASKS: &str = "params.notifications.taskIds";
/// Longest URI in bytes; RFC 9110, section 4.1, recommends that all programs support 8,000.
pub const MAX_URI: usize = 8192;
/// Longest name in bytes; MCP 2025-11-25 recommends up to 128 characters.
pub const MAX_NAME: usize = 256;

/// Whether the name or URI of a target is one that requests may have.
pub(in crate::mcp) fn is_target_name(name: &str, is_uri: bool) -> bool {
    !name.is_empty() && if is_uri { name.len() <= MAX_URI } else { name.len() <= MAX_NAME && !has_control(name) }
}

pub(super) fn check_name<'a>(place: &str) -> impl Fn(Cow<'a, str>) -> Result<Cow<'a, str>, String> {
    move |name| match &*name {
        long if long.len() > MAX_NAME => Err(refusal_text::long_name(place, MAX_NAME)),
        text if has_control(text) => Err(refusal_text::control_character(place)),
        _ => Ok(name),
    }
}

pub(super) fn check_uri<'a>(place: &str) -> impl Fn(Cow<'a, str>) -> Result<Cow<'a, str>, String> {
    move |uri| match uri.len() {
        0..=MAX_URI => Ok(uri),
        _ => Err(refusal_text::long_uri(place, MAX_URI)),
    }
}
