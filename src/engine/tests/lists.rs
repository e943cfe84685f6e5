//! How the answers to lists are filtered, as whole values, and whom that concerns.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Gateway, RequestInfo, batch, call};
use crate::{
    engine::{
        definitions::ListOrigin,
        lists::{ListFilter, filter_for_stream, is_visible, may_filter, may_read, visibility_work},
    },
    http::Headers,
    identity::IdentityError,
    mcp::list::{ListKind, ListRequest, PrivateLists},
    policy::CallerDenials,
};

const DIGEST: &str = "b0a2f6de2bfec3d9ac0bcdd3e6c4f46b9e6f4d26e5b44a8ab0f17f0b4a9b2f11";

fn info(method: &str, extra: &[(&str, &str)]) -> RequestInfo {
    let pairs = [&[(":method", method), ("content-type", "application/json")], extra].concat();
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call("alice") }
}

/// A list in a session, and one of a stateless revision with its headers.
const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
const STATELESS: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
const HEAD: [(&str, &str); 2] = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];

/// A configuration of one policy with these members and options.
fn gateway(policy: &str, options: &str) -> Gateway {
    Gateway::new(&format!(r#"{{"policy":{{"version":"1","default":"deny"{policy}}}{options}}}"#))
}

/// A configuration in which a binding reads the route.
fn with_routes(options: &str) -> Gateway {
    Gateway::new(&format!(
        r#"{{"policies":{{"default":{{"version":"1","default":"deny"}}}},"bindings":[{{"route":"other","bypass":true}},{{"policy":"default"}}]{options}}}"#
    ))
}

fn filter(gateway: &Gateway, info: &RequestInfo, body: &str) -> Option<ListFilter> {
    gateway.judge(info, body).lists.map(|filter| *filter)
}

/// The filter of the list in a session, if nothing is special.
fn usual() -> ListFilter {
    let request = ListRequest { ids: vec!["7".to_owned()], max_bytes: 8_388_608, ..ListRequest::default() };
    ListFilter {
        request,
        policy: "default".into(),
        is_compressible: false,
        route: None,
        origin: None,
        caller: CallerDenials::default(),
        noted_route: None,
    }
}

#[test]
fn only_the_answers_to_lists_are_filtered() {
    let gateway = gateway("", r#","protocol":{"batches":"judge"}"#);
    for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
        let body = LIST.replace("tools/list", method);
        assert_eq!(filter(&gateway, &call("alice"), &body), Some(usual()), "{method}");
    }
    assert_eq!(filter(&gateway, &call("alice"), &LIST.replace("tools/list", "ping")), None);
    let mut two = usual();
    two.request.ids = vec!["7".to_owned(), r#""b""#.to_owned()];
    two.request.is_batch = true;
    let both = format!("[{LIST},{}]", r#"{"jsonrpc":"2.0","id":"b","method":"ping"}"#);
    assert_eq!(filter(&gateway, &call("alice"), &both), Some(two));
    assert_eq!(filter(&gateway, &call("alice"), &batch(&["x"])), None);
}

#[test]
fn no_list_is_read_where_nothing_would_be_taken_out_unless_definitions_are_pinned() {
    let pins = format!(r#","definitions":{{"pay":{{"sha256":"{DIGEST}"}}}}"#);
    let unchanged = |filter: Option<ListFilter>| filter.map(|filter| filter.request.is_unchanged);
    for (policy, options, is_unchanged, filters) in [
        ("", "", Some(false), true),
        ("", r#","lists":{"show":"hidden_only"}"#, Some(false), true),
        ("", r#","lists":{"show":"full"}"#, None, false),
        ("", r#","mode":"shadow""#, None, false),
        (r#","mode":"shadow""#, "", None, false),
        (&*pins, "", Some(false), true),
        (&*pins, r#","lists":{"show":"full"}"#, Some(false), true),
        (&*pins, r#","mode":"shadow""#, Some(true), false),
        (&*format!(r#"{pins},"mode":"shadow""#), "", Some(true), false),
    ] {
        let gateway = gateway(policy, options);
        let what = format!("{policy} {options}");
        assert_eq!(unchanged(filter(&gateway, &call("alice"), LIST)), is_unchanged, "{what}");
        let get = BoundRequest::new(&gateway.config, info("GET", &[]));
        assert_eq!(unchanged(filter_for_stream(&gateway.config, &get)), is_unchanged, "{what}");
        assert_eq!(may_read(&gateway.config, &get), is_unchanged.is_some(), "{what}");
        assert_eq!(may_filter(&gateway.config, &get), filters, "{what}");
    }
}

#[test]
fn nobodys_lists_are_read_without_a_policy() {
    let gateway = Gateway::new(r#"{"policies":{"p":{"version":"1","default":"deny"}},"bindings":[]}"#);
    let get = BoundRequest::new(&gateway.config, info("GET", &[]));
    assert!(!may_read(&gateway.config, &get) && !may_filter(&gateway.config, &get));
    assert_eq!(filter_for_stream(&gateway.config, &get), None);
    assert_eq!(filter(&gateway, &call("alice"), LIST), None);
}

#[test]
fn only_a_get_opens_a_stream_that_may_carry_any_list() {
    let gateway = gateway("", r#","lists":{"max_bytes":4096}"#);
    let of = |method| filter_for_stream(&gateway.config, &BoundRequest::new(&gateway.config, info(method, &[])));
    let request = ListRequest { max_bytes: 4096, ..ListRequest::default() };
    assert_eq!(of("GET"), Some(ListFilter { request, ..usual() }));
    assert_eq!([of("POST"), of("DELETE")], [None, None]);
}

#[test]
fn a_list_of_a_stateless_revision_is_private_where_callers_may_see_different_ones() {
    let private = |gateway: &Gateway| filter(gateway, &info("POST", &HEAD), STATELESS).unwrap().request.private;
    assert_eq!(private(&gateway("", "")), PrivateLists::Filtered);
    let by_caller = r#","tools":{"t":{"deny_if":[{"conditions":[{"path":"caller.source","op":"eq","value":"jwt"}]}]}}"#;
    assert_eq!(private(&gateway(by_caller, "")), PrivateLists::All);
    assert_eq!(private(&with_routes("")), PrivateLists::All);
    let routes_and_callers = Gateway::new(&format!(
        r#"{{"policies":{{"default":{{"version":"1","default":"deny"{by_caller}}}}},"bindings":[{{"route":"o","bypass":true}},{{"policy":"default"}}]}}"#
    ));
    assert_eq!(private(&routes_and_callers), PrivateLists::All);
    let in_session = filter(&gateway(by_caller, ""), &call("alice"), LIST).unwrap();
    assert_eq!(in_session.request.private, PrivateLists::Never);
}

#[test]
fn a_list_is_compressible_only_where_its_head_is_held_for_the_route_and_accepts_encodings() {
    let hold = r#","protocol":{"headers":"hold"}"#;
    let gzip = info("POST", &[("accept-encoding", "gzip")]);
    let of = |gateway: &Gateway, info: &RequestInfo| {
        let filter = filter(gateway, info, LIST).unwrap();
        (filter.is_compressible, filter.route)
    };
    assert_eq!(of(&with_routes(hold), &gzip), (true, Some("".into())));
    assert_eq!(of(&with_routes(hold), &call("alice")), (false, Some("".into())));
    assert_eq!(of(&with_routes(""), &gzip), (false, Some("".into())));
    assert_eq!(of(&gateway("", hold), &gzip), (false, None));
    let routed = RequestInfo { route: Some("tools".to_owned()), ..gzip };
    assert_eq!(of(&with_routes(hold), &routed), (true, Some("tools".into())));
}

#[test]
fn a_filter_knows_whose_list_it_is_where_definitions_are_pinned() {
    let gateway = gateway(&format!(r#","definitions":{{"pay":{{"sha256":"{DIGEST}"}}}}"#), "");
    let routed = RequestInfo { route: Some("tools".to_owned()), ..call("alice") };
    let origin = ListOrigin { route: "tools".to_owned(), grant: "constant:alice".to_owned() };
    let expected = ListFilter { origin: Some(Box::new(origin)), ..usual() };
    assert_eq!(filter(&gateway, &routed, LIST), Some(expected));
    let unknown = RequestInfo { grant: Err(IdentityError::NoIdentity), ..info("GET", &[]) };
    let stream = filter_for_stream(&gateway.config, &BoundRequest::new(&gateway.config, unknown)).unwrap();
    assert_eq!(*stream.origin.unwrap(), ListOrigin::default());
}

#[test]
fn what_a_list_says_of_tools_is_noted_for_approvers_who_use_the_console() {
    let asks = r#","tools":{"t":{"action":"require_approval"}}"#;
    let console = r#","approvals":{"url":"http://c/"}"#;
    let service = r#","approvals":{"service":{"cluster":"c","path":"/"}}"#;
    let routed = RequestInfo { route: Some("tools".to_owned()), ..call("alice") };
    let noted = |policy: &str, options: &str, info: &RequestInfo| {
        filter(&gateway(policy, options), info, LIST).unwrap().noted_route
    };
    assert_eq!(noted(asks, console, &routed), Some("tools".into()));
    assert_eq!(noted(asks, console, &call("alice")), Some("".into()));
    assert_eq!(noted(asks, service, &routed), None);
    assert_eq!(noted("", console, &routed), None);
}

#[test]
fn a_filter_holds_what_the_policy_denies_this_caller_whatever_it_sends() {
    let denies = |source: &str| {
        let condition = format!(r#"{{"path":"caller.source","op":"eq","value":"{source}"}}"#);
        gateway(&format!(r#","tools":{{"t":{{"deny_if":[{{"conditions":[{condition}]}}]}}}}"#), "")
    };
    let caller = |gateway: &Gateway, info: &RequestInfo| filter(gateway, info, LIST).unwrap().caller;
    let other = caller(&denies("jwt"), &call("alice"));
    assert_ne!(caller(&denies("constant"), &call("alice")), other);
    let unknown = RequestInfo { grant: Err(IdentityError::NoIdentity), ..call("") };
    assert_eq!(caller(&denies("constant"), &unknown), CallerDenials::default());
}

#[test]
fn looking_a_name_up_takes_work_only_where_the_policy_is_asked() {
    let kinds = [ListKind::Tools, ListKind::Prompts, ListKind::Resources, ListKind::Templates];
    let work = |show: &str, name: &str| {
        let patterns = r#","hide":["h*"],"tools":{"a*":{}},"prompts":{"a*":{}},"resources":{"a:*":{}}"#;
        let gateway = gateway(patterns, &format!(r#","lists":{{"show":"{show}"}}"#));
        kinds.map(|kind| visibility_work(&gateway.config, &gateway.config.policies[0].policy, kind, name))
    };
    assert_eq!(work("full", "a:name"), [0; 4]);
    let [tools, others @ ..] = work("hidden_only", "a:name");
    assert!(tools > 1 && others == [0; 3], "{tools} {others:?}");
    for (short, long) in work("permitted", "a:{x}").into_iter().zip(work("permitted", &format!("a:{}", "b".repeat(99))))
    {
        assert!(1 < short && short < long, "{short} {long}");
    }
}

#[test]
fn a_tool_whose_arguments_cannot_be_checked_is_not_shown() {
    let pin = format!(r#"{{"sha256":"{DIGEST}","schema":{{}}}}"#);
    let gateway = Gateway::new(&format!(
        r#"{{"version":"1","default":"allow","arguments":"declared","definitions":{{"pinned":{pin}}}}}"#
    ));
    let shows = |kind, name| is_visible(&gateway.config, &gateway.config.policies[0].policy, kind, name);
    assert!(shows(ListKind::Tools, "pinned") && !shows(ListKind::Tools, "other"));
    assert!(shows(ListKind::Prompts, "other") && shows(ListKind::Resources, "a:other"));
}

#[test]
fn a_tool_whose_limit_never_has_room_is_not_shown() {
    let limit = |terms: &str| format!(r#"{{"limits":[{{"counter":"c","window":"day","scope":"grant",{terms}}}]}}"#);
    for (terms, is_shown) in [
        (r#""max":0"#, false),
        (r#""max":1,"increment":2"#, false),
        (r#""max":0,"increment_from":"args.a""#, false),
        (r#""max":0.000001,"increment_from":"args.a""#, true),
        (r#""max":1"#, true),
        (r#""increment":2"#, true),
    ] {
        let policy = format!(r#"{{"version":"1","default":"allow","tools":{{"t":{}}}}}"#, limit(terms));
        let gateway = Gateway::new(&policy);
        let policy = &gateway.config.policies[0].policy;
        assert_eq!(is_visible(&gateway.config, policy, ListKind::Tools, "t"), is_shown, "{terms}");
    }
}
