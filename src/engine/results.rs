//! How the answer to a request is judged: which `results` of the policy apply to it. Product contract, section 13.

use std::sync::Arc;

use crate::{
    config::{Config, NamedPolicy},
    mcp::{Body, Request, Target, requests, revision::Lifecycle},
    policy::{Lookup, Mode, Policy, ResultRules, Rule},
    results::{Inspection, Inspections, RefusalReply, ResultRequest},
    text::front,
};

use super::{
    BoundRequest,
    authorize::target::TargetName,
    tasks::{self, TaskWatch},
};

/// How to judge a response.
#[derive(Clone, Debug)]
pub struct ResultFilter {
    /// The request.
    pub request: ResultRequest,
    /// What applies to its answer.
    pub inspections: Inspections,
    /// Who owns the tasks that it creates.
    pub tasks: Option<TaskWatch>,
}

/// How to judge the answer to a request; `None` if no rule says anything about it.
pub(super) fn filter_for(
    config: &Config,
    request: &BoundRequest,
    body: &Body<'_>,
    lifecycle: Lifecycle,
    filter: &str,
) -> Option<ResultFilter> {
    let tasks = tasks::watch_for(config, request, body, filter);
    let named = request.policy().filter(|named| tasks.is_some() || named.policy.has_results())?;
    let calls: Vec<&Request<'_>> = requests(body.messages()).collect();
    let rules = |mode| calls.iter().flat_map(move |call| rules_for(&named.policy, call, mode)).collect();
    let inspections = inspections(config, named, rules);
    if inspections.is_empty() && tasks.is_none() {
        return None;
    }
    let only = match calls.as_slice() {
        [only] => TargetName::all(&only.target).next(),
        _ => None,
    };
    let is_tool_call = |call: &&Request<'_>| matches!(call.target, Target::Tool(_));
    let reply = RefusalReply {
        target: only.map(|target| (target.kind.word(), front(target.name).into())),
        as_tool_result: config.answers.as_results && calls.iter().all(is_tool_call),
        is_stateless: lifecycle == Lifecycle::Stateless,
        ..reply(named, request)
    };
    let ids = calls.iter().map(|call| call.id.token().to_owned()).collect();
    let is_subscription = calls.iter().any(|call| call.method == "subscriptions/listen");
    let request = ResultRequest { ids, is_batch: matches!(body, Body::Batch(_)), is_subscription, reply };
    Some(ResultFilter { request, inspections, tasks })
}

/// How to judge the stream that a GET opens: it may carry the answer to any call.
#[must_use]
pub fn filter_for_stream(config: &Config, request: &BoundRequest) -> Option<ResultFilter> {
    if !request.info.is_method("GET") {
        return None;
    }
    let named = request.policy().filter(|named| named.policy.has_results())?;
    let inspections = inspections(config, named, |mode| named.policy.results(mode).iter().collect());
    let request = ResultRequest { reply: reply(named, request), ..ResultRequest::default() };
    Some(ResultFilter { request, inspections, tasks: None })
}

/// Whether some answer under the request's policy is judged.
#[must_use]
pub fn may_inspect(request: &BoundRequest) -> bool {
    request.policy().is_some_and(|named| named.policy.has_results())
}

/// Whether some answer under the request's policy may be refused or changed.
#[must_use]
pub fn may_change(config: &Config, request: &BoundRequest) -> bool {
    let is_enforced = |named: &NamedPolicy| config.mode_of(&named.policy) == Mode::Enforce;
    request.policy().is_some_and(|named| is_enforced(named) && !named.policy.results(Mode::Enforce).is_empty())
}

/// The inspections by the rules of each mode. In shadow, the configuration and the policy only report.
fn inspections<'r>(config: &Config, named: &NamedPolicy, rules: impl Fn(Mode) -> Vec<&'r ResultRules>) -> Inspections {
    let [mut enforced, mut shadow] = [Mode::Enforce, Mode::Shadow].map(rules);
    if config.mode_of(&named.policy) == Mode::Shadow {
        enforced.append(&mut shadow);
        shadow = std::mem::take(&mut enforced);
    }
    Inspections { enforced: Inspection::new(enforced), shadow: Inspection::new(shadow) }
}

fn reply(named: &NamedPolicy, request: &BoundRequest) -> RefusalReply {
    RefusalReply {
        policy: Some(Arc::clone(&named.name)),
        request_id: request.info.request_id.clone(),
        ..RefusalReply::default()
    }
}

/// The rules of one mode that apply to the answer to a call.
fn rules_for<'p>(policy: &'p Policy, call: &Request<'_>, mode: Mode) -> Vec<&'p ResultRules> {
    let own = |lookup: Lookup<'p>| match lookup {
        Lookup::Rule(rule) => Some(rule),
        Lookup::Hidden | Lookup::NoMatch => None,
    };
    let rules: [Option<&Rule>; 2] = match &call.target {
        Target::Tool(name) => [own(policy.tool(name)), Some(policy.all_tools())],
        Target::Prompt(name) if call.method == "prompts/get" => [own(policy.prompt(name)), None],
        Target::Resource(uri) if call.method == "resources/read" => [own(policy.resource(uri)), None],
        // Their answers and streams belong to calls that are not known here.
        Target::Task(_) | Target::Subscriptions { .. } => return policy.results(mode).iter().collect(),
        _ if call.method == "tasks/list" => return policy.results(mode).iter().collect(),
        _ => [None, None],
    };
    rules.into_iter().flatten().filter(|rule| rule.mode == mode).flat_map(Rule::results).collect()
}
