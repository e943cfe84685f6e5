//! What lists show: what some call could get through, by the same policy that decides on calls. Product contract, section 5.

mod unlisted;

use std::sync::Arc;

use crate::{
    config::{Config, HeaderMode, NamedPolicy, Show},
    http::Header,
    mcp::{
        Body,
        list::{ListKind, ListRequest, PrivateLists},
        requests,
        revision::Lifecycle,
    },
    policy::{CallerDenials, Effect, Mode, Policy, Section, condition::Facts, pattern::Precision},
    time::Timestamp,
};

use super::{BoundRequest, authorize, definitions::ListOrigin, facts::CallerFacts};

pub use self::unlisted::UnlistedEntries;

/// How to filter a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFilter {
    /// The request.
    pub request: ListRequest,
    /// The name of the policy that says what is shown.
    pub policy: Arc<str>,
    /// Whether `accept-encoding` is removed before the request goes on.
    pub is_compressible: bool,
    /// The name of the route that the policy is bound to, if a binding names one; empty for one without a name. Another
    /// one makes the answer an error.
    pub route: Option<Arc<str>>,
    /// Whose list it is, if the policy pins definitions.
    pub origin: Option<Box<ListOrigin>>,
    /// What the policy denies this caller whatever it sends.
    pub caller: CallerDenials,
    /// The name of the route, if approvers are to read what the list says of tools.
    pub noted_route: Option<Box<str>>,
}

/// How to filter the response to a request; `None` if it lists nothing, or if everything is shown.
pub(super) fn filter_for(
    config: &Config,
    request: &BoundRequest,
    body: &Body<'_>,
    lifecycle: Lifecycle,
) -> Option<ListFilter> {
    let policy = request.policy()?;
    let mut all = requests(body.messages());
    let lists = all.any(|request| ListKind::by_method(&request.method).is_some());
    let list_request = || ListRequest {
        ids: requests(body.messages()).map(|request| request.id.token().to_owned()).collect(),
        is_batch: matches!(body, Body::Batch(_)),
        private: match lifecycle {
            Lifecycle::Session => PrivateLists::Never,
            Lifecycle::Stateless if config.shows_all_alike() && !policy.policy.shows_by_caller() => {
                PrivateLists::Filtered
            }
            Lifecycle::Stateless => PrivateLists::All,
        },
        max_bytes: config.lists.max_bytes,
        is_unchanged: is_in_shadow(config, policy),
    };
    // If no binding names a route, or the head has gone on, the header was removed with the head.
    // The calls of a batch would go on by the other route, too.
    let is_held =
        config.reads_route() && config.protocol.headers == HeaderMode::Hold && matches!(body, Body::Single(_));
    (lists && is_read(config, policy)).then(|| ListFilter {
        request: list_request(),
        policy: policy.name.clone(),
        is_compressible: is_held && request.info.headers.get("accept-encoding") != Header::Absent,
        route: config.reads_route().then(|| request.info.route.as_deref().unwrap_or_default().into()),
        origin: origin(request, policy),
        caller: caller_denials(config, request),
        noted_route: noted_route(config, request, policy),
    })
}

/// How to filter the stream that a GET opens: it may carry the response to any request.
#[must_use]
pub fn filter_for_stream(config: &Config, request: &BoundRequest) -> Option<ListFilter> {
    let policy = request.policy()?;
    let is_unchanged = is_in_shadow(config, policy);
    let list_request = || ListRequest { max_bytes: config.lists.max_bytes, is_unchanged, ..ListRequest::default() };
    (request.info.is_method("GET") && is_read(config, policy)).then(|| ListFilter {
        request: list_request(),
        policy: policy.name.clone(),
        is_compressible: false,
        route: None,
        origin: origin(request, policy),
        caller: caller_denials(config, request),
        noted_route: noted_route(config, request, policy),
    })
}

/// What the policy of a request denies its caller whatever it sends. Lists do not consider the time.
pub(super) fn caller_denials(config: &Config, request: &BoundRequest) -> CallerDenials {
    match (request.policy(), &request.info.grant) {
        (Some(policy), Ok(grant)) if policy.policy.shows_by_caller() => {
            let source = CallerFacts { config, request, grant, now: Timestamp(0) };
            policy.policy.caller_denials(&Facts::new(&source, std::iter::empty()))
        }
        _ => CallerDenials::default(),
    }
}

/// Whether the lists that this caller gets may show less than the server sends.
#[must_use]
pub fn may_filter(config: &Config, request: &BoundRequest) -> bool {
    request.policy().is_some_and(|policy| is_read(config, policy) && !is_in_shadow(config, policy))
}

/// Whether the lists that this caller gets are read: they may show less than the server sends, or have pins.
#[must_use]
pub fn may_read(config: &Config, request: &BoundRequest) -> bool {
    request.policy().is_some_and(|policy| is_read(config, policy))
}

fn is_read(config: &Config, policy: &NamedPolicy) -> bool {
    is_trimmed(config, policy) || policy.policy.definitions().is_some()
}

fn is_trimmed(config: &Config, policy: &NamedPolicy) -> bool {
    config.lists.show != Show::Full && !is_in_shadow(config, policy)
}

fn is_in_shadow(config: &Config, policy: &NamedPolicy) -> bool {
    config.mode_of(&policy.policy) == Mode::Shadow
}

/// The name of the route, if approvers are to read what a list says of tools.
fn noted_route(config: &Config, request: &BoundRequest, policy: &NamedPolicy) -> Option<Box<str>> {
    let is_noted = policy.policy.asks_for_approval() && config.approvals.service.is_none();
    is_noted.then(|| request.info.route.as_deref().unwrap_or_default().into())
}

/// Whose list it is, if the policy pins definitions.
fn origin(request: &BoundRequest, policy: &NamedPolicy) -> Option<Box<ListOrigin>> {
    policy.policy.definitions()?;
    let route = request.info.route.clone().unwrap_or_default();
    let grant = request.info.grant.as_ref().map(|grant| grant.display().to_owned()).unwrap_or_default();
    Some(Box::new(ListOrigin { route, grant }))
}

/// Whether a list shows an entry to every caller that some rule does not deny whatever it sends.
#[must_use]
pub fn is_visible(config: &Config, policy: &Policy, kind: ListKind, name: &str) -> bool {
    is_visible_to(config, policy, &CallerDenials::default(), kind, name)
}

/// Whether a list shows an entry to a caller.
#[must_use]
pub fn is_visible_to(config: &Config, policy: &Policy, caller: &CallerDenials, kind: ListKind, name: &str) -> bool {
    match config.lists.show {
        Show::Full => true,
        Show::HiddenOnly => kind != ListKind::Tools || !policy.hides(name),
        Show::Permitted => is_permitted(policy, caller, kind, name),
    }
}

/// Whether some call, use or reading could pass for a caller, as far as the policy tells.
pub(super) fn is_permitted(policy: &Policy, caller: &CallerDenials, kind: ListKind, name: &str) -> bool {
    let method = match kind {
        ListKind::Tools => "tools/call",
        ListKind::Prompts => "prompts/get",
        ListKind::Resources | ListKind::Templates => "resources/read",
    };
    let is_open = policy.method(method).is_none_or(|gate| gate.effect == Effect::Allow);
    is_open && authorize::is_permitted(policy, caller, kind, name)
}

/// The work that [`is_visible`] takes at most, in units of [`crate::budget::Work`].
#[must_use]
pub fn visibility_work(config: &Config, policy: &Policy, kind: ListKind, name: &str) -> usize {
    match config.lists.show {
        Show::Full => 0,
        Show::HiddenOnly if kind == ListKind::Tools => policy.search_work(Section::Hide, name, Precision::Exact),
        Show::HiddenOnly => 0,
        Show::Permitted => authorize::entry_work(policy, kind, name),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Config, ListKind, is_trimmed, is_visible};

    fn config(policy: &str, options: &str) -> Config {
        let text = format!(r#"{{"policy":{{"version":"1",{policy}}}{options}}}"#);
        Config::load(text.as_bytes()).unwrap()
    }

    #[track_caller]
    fn shown(policy: &str, kind: ListKind, names: &[&str], expected: &[&str]) {
        let config = config(policy, "");
        let shown: Vec<&str> =
            names.iter().copied().filter(|name| is_visible(&config, &config.policies[0].policy, kind, name)).collect();
        assert_eq!(shown, expected, "{policy}");
    }

    #[test]
    fn a_tool_is_shown_when_some_call_could_get_through() {
        let tools = ["hidden", "denied", "free", "asked", "limited", "never", "get_x", "unnamed"];
        let entries = r#""hide":["hid*"],"tools":{"hidden":{},"denied":{"action":"deny"},"free":{},
            "asked":{"require_approval":[{"conditions":[]}]},"limited":{"rate_limit":"1/minute"},
            "never":{"limits":[{"counter":"c","window":"minute","scope":"grant","max":0}]},"get_*":{"deny_if":[
            {"conditions":[{"path":"args.x","op":"exists","value":true}]}]}}"#;
        let named = ["free", "asked", "limited", "get_x"];
        shown(&format!(r#""default":"deny",{entries}"#), ListKind::Tools, &tools, &named);
        shown(
            &format!(r#""default":"allow",{entries}"#),
            ListKind::Tools,
            &tools,
            &[&named[..], &["unnamed"]].concat(),
        );
    }

    #[test]
    fn no_tool_is_shown_when_none_may_be_called() {
        for policy in [
            r#""default":"allow","methods":{"tools/call":"deny"}"#,
            r#""default":"allow","all_tools":{"action":"deny"},"tools":{"x":{}}"#,
            r#""default":"deny""#,
        ] {
            shown(policy, ListKind::Tools, &["x"], &[]);
        }
        shown(r#""default":"allow","methods":{"tools/call":"deny"}"#, ListKind::Prompts, &["x"], &["x"]);
        shown(r#""default":"allow","methods":{"prompts/get":"deny"}"#, ListKind::Prompts, &["x"], &[]);
        shown(r#""default":"allow","methods":{"resources/read":"deny"}"#, ListKind::Templates, &["a:{x}"], &[]);
    }

    #[test]
    fn a_rule_in_shadow_hides_nothing_and_permits_nothing() {
        let rule = r#""tools":{"x":{"action":"deny","mode":"shadow"}}"#;
        shown(&format!(r#""default":"allow",{rule}"#), ListKind::Tools, &["x"], &["x"]);
        shown(&format!(r#""default":"deny",{rule}"#), ListKind::Tools, &["x"], &[]);
        shown(r#""default":"allow","all_tools":{"action":"deny","mode":"shadow"}"#, ListKind::Tools, &["x"], &["x"]);
    }

    #[test]
    fn a_resource_is_shown_when_it_could_be_read() {
        let policy = r#""default":"deny","resources":{"file:///a/*":{},"file:///a/secret*":{"action":"deny"}}"#;
        let uris = ["file:///a/b", "file:///a/secret1", "file:///b", "file:///a/../b", "file:///a/%2e"];
        shown(policy, ListKind::Resources, &uris, &["file:///a/b"]);
    }

    #[test]
    fn a_template_is_shown_when_some_uri_behind_its_front_could_be_read() {
        let policy = r#""default":"deny","resources":{"file:///a/*":{},"file:///a/secret/*":{"action":"deny"},
            "file:///a/secret/open.txt":{},"file:///b/*.txt":{},"file:///a/log/*":{"action":"deny"}}"#;
        let templates = [
            "file:///{path}",
            "file:///a/{path}",
            "file:///a/secret/{path}",
            "file:///a/log/{path}",
            "file:///a/../{path}",
            "file:///a/.{path}",
            "file:///b/{path}.md",
            "file:///c/{path}",
            "{uri}",
            "file:///a/plain",
            "file:///c/plain",
        ];
        let expected = [
            "file:///{path}",
            "file:///a/{path}",
            "file:///a/secret/{path}",
            "file:///a/.{path}",
            "file:///b/{path}.md",
            "{uri}",
            "file:///a/plain",
        ];
        shown(policy, ListKind::Templates, &templates, &expected);
        let open = r#""default":"allow","resources":{"file:///a/*":{"action":"deny"}}"#;
        shown(open, ListKind::Templates, &["file:///a/{x}", "file:///{x}", "b:{x}"], &["file:///{x}", "b:{x}"]);
    }

    #[test]
    fn lists_show_less_only_where_the_policy_is_enforced() {
        let policy = r#""default":"deny","hide":["h"]"#;
        let is_trimmed = |config: &Config| is_trimmed(config, &config.policies[0]);
        let trimmed = |options: &str| is_trimmed(&config(policy, options));
        assert!(trimmed("") && trimmed(r#","lists":{"show":"hidden_only"}"#));
        assert!(!trimmed(r#","lists":{"show":"full"}"#) && !trimmed(r#","mode":"shadow""#));
        assert!(!is_trimmed(&config(r#""default":"deny","mode":"shadow""#, "")));
        let hidden = config(policy, r#","lists":{"show":"hidden_only"}"#);
        let shows = |config: &Config, kind, name: &str| is_visible(config, &config.policies[0].policy, kind, name);
        assert!(shows(&hidden, ListKind::Tools, "x") && !shows(&hidden, ListKind::Tools, "h"));
        assert!(shows(&hidden, ListKind::Prompts, "h") && shows(&hidden, ListKind::Resources, "h"));
    }
}
