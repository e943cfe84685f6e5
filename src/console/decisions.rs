//! The newest refusals, approved calls and answers.

use crate::{audit::decision_log::DecisionLog, http::Response, json::Writer, store::Store, time::Timestamp};

use super::{listed, timestamp};

/// The records, the newest first.
pub(super) fn list<S: Store>(now: Timestamp, store: &S) -> Response {
    let records = DecisionLog(store).all();
    let item = |(at, record): (Timestamp, String)| {
        let mut item = Writer::default();
        item.text("at", &timestamp(at)).json("record", record);
        item.finish()
    };
    let items: Vec<String> = records.into_iter().map(item).collect();
    listed("decisions", &items, now, None)
}
