//! Resumed streams: the server repeats a list that it sent on an earlier stream, and the filter has not seen the request.

use super::{
    BARE,
    session::{Event, Session},
    with_everything,
};
use crate::{client::VERSIONS, forwarding::MODES};
use serde_json::json;

#[test]
fn a_list_that_a_resumed_stream_repeats_is_filtered_again() {
    with_everything("everything-resumption", async |gateway| {
        for listener in [BARE].into_iter().chain(MODES) {
            let session = Session::open(&gateway, listener).await;
            let events = session.events(VERSIONS[0], "tools/list", &json!({})).await;
            let [before, list] = &*events else { panic!("{listener}: {events:?}") };
            assert_eq!(before.data, "");
            assert_eq!(list.data.contains("get-env"), listener == BARE, "{listener}: {list:?}");

            let mut stream = session.stream(Some(&before.id)).await;
            assert_eq!(&Event::read(stream.event().await), list, "{listener}");
        }
    });
}
