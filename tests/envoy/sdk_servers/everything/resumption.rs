//! Streams that broke off, and what a client is told when it resumes them: a list that was answered on another stream,
//! to a request that nobody remembers.

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
            let told = session.events(VERSIONS[0], "tools/list", &json!({})).await;
            let [before, list] = &*told else { panic!("{listener}: {told:?}") };
            assert_eq!(before.data, "");
            assert_eq!(list.data.contains("get-env"), listener == BARE, "{listener}: {list:?}");

            let mut stream = session.stream(Some(&before.id)).await;
            assert_eq!(&Event::read(stream.event().await), list, "{listener}");
        }
    });
}
