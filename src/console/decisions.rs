//! The newest refusals, approved calls and answers.

use crate::{audit::decision_log::Recent, http::Response, json::Writer, store::Store, time::Moment};

use super::{listed, written};

/// The records, the newest first.
pub(super) fn list<S: Store>(now: Moment, store: &S) -> Response {
    let records = Recent(store).all();
    let item = |(at, record): (Moment, String)| {
        let mut item = Writer::default();
        item.text("at", &written(at)).json("record", record);
        item.finish()
    };
    let items: Vec<String> = records.into_iter().map(item).collect();
    listed("decisions", &items, now, None)
}
