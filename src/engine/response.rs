//! What a decision makes of a request and of the server's response.

use crate::{
    mcp::{Body, revision::Lifecycle},
    store::Store,
};

use super::{
    AuthorizationResponse, Disposition, audit_record,
    authorize::{Authorizer, Decision, Denial, Filing, MessageDenial, Passed, denial_text},
    elicitation, lists, notice,
    refund::Receipt,
    reply::{self, ReplyContext},
    results,
};

/// What a decision makes of a request and, if it is forwarded, of the server's response.
pub(super) fn respond<'p, S: Store, W>(
    authorizer: &Authorizer<'p, S, W>,
    lifecycle: Lifecycle,
    body: &mut Body<'_>,
    mut decision: Decision<'p>,
) -> AuthorizationResponse {
    let Authorizer { config, request, filter, .. } = *authorizer;
    let record = audit_record::messages(config, request, body, &mut decision);
    let notice = match &decision.verdict {
        Err(MessageDenial {
            denial: Denial::ApprovalRequired { predicate, filing: Filing::Filed(pending), .. },
            ..
        }) => notice::announce(config, &record, pending, &denial_text::reason_for_notice(predicate)),
        _ => None,
    };
    let answer = dispose(authorizer, lifecycle, body, decision.verdict);
    let is_forwarded = matches!(answer, Disposition::Forward(_));
    let results = if is_forwarded { results::filter_for(config, request, body, lifecycle, filter) } else { None };
    let session = if is_forwarded { elicitation::watch_for(config, request, body, filter) } else { None };
    let lists = lists::filter_for(config, request, body, lifecycle).map(Box::new);
    let results = results.map(Box::new);
    AuthorizationResponse { answer, record, lists, results, session, notice }
}

/// What to do with a request, by the part of the decision that is enforced.
fn dispose<S: Store, W>(
    authorizer: &Authorizer<'_, S, W>,
    lifecycle: Lifecycle,
    body: &Body<'_>,
    verdict: Result<Passed, MessageDenial<'_>>,
) -> Disposition {
    let Authorizer { config, request, filter, now, store, .. } = *authorizer;
    match verdict {
        Ok(passed) => {
            let observed = request.policy().map_or(&[][..], |policy| policy.policy.observed());
            Disposition::Forward(Receipt::new(passed, config.limits.refund, body, observed))
        }
        Err(MessageDenial { denial: Denial::CalloutPending { ask, .. }, .. }) => Disposition::Callout(*ask),
        Err(denied) => {
            let is_asked =
                matches!(&denied.denial, Denial::ApprovalRequired { filing, .. } if filing.pending().is_some());
            let dialogue = if is_asked {
                elicitation::dialogue_for(config, request, body, lifecycle, filter, now, store)
            } else {
                None
            };
            let context = ReplyContext { config, request, lifecycle, dialogue, now };
            let reply = reply::denial_reply(context, body, &denied);
            Disposition::Reply(reply::set_legacy_status(config, request, reply))
        }
    }
}
