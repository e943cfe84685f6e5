//! Counters, with their fill.

use crate::{
    http::Response,
    json::Writer,
    limit::{CounterInfo, CounterInfos},
    store::Store,
    time::Timestamp,
};

use super::{listed, timestamp};

/// The counters that are not over.
pub(super) fn list<S: Store>(now: Timestamp, store: &S) -> Response {
    let items: Vec<String> = CounterInfos(store)
        .all(now)
        .into_iter()
        .map(|(label, used)| {
            let CounterInfo { filter, policy, counter, scope, grant, quota, .. } = label;
            let mut item = Writer::default();
            item.text("filter", &filter)
                .text("policy", &policy)
                .text("counter", &counter)
                .text("scope", &scope)
                .nonempty("grant", &grant)
                .json("window", quota.window.seconds())
                .json("max", quota.max)
                .json("used", used)
                .text("resetAt", &timestamp(quota.ends(now)));
            item.finish()
        })
        .collect();
    listed("counters", &items, now, None)
}
