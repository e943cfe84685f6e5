//! A relay between Envoy and the server that records the time of each event.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    time::Instant,
};

/// When each event has passed, by its id.
#[derive(Clone, Default)]
pub(super) struct Passed(Arc<Mutex<HashMap<String, Instant>>>);

impl Passed {
    /// When this event has passed.
    pub(super) fn at(&self, id: &str) -> Instant {
        self.0.lock().expect("no holder panics").get(id).copied().unwrap_or_else(|| panic!("event {id} has not passed"))
    }
}

/// Starts to listen on a free port, for what is meant for `server`.
pub(super) async fn start(server: SocketAddr) -> (SocketAddr, Passed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the port");
    let passed = Passed::default();
    let book = passed.clone();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(relay(near, server, book.clone()));
        }
    });
    (address, passed)
}

/// Passes on both ways until one end closes.
async fn relay(near: TcpStream, server: SocketAddr, passed: Passed) {
    let far = TcpStream::connect(server).await.expect("a connection");
    for socket in [&near, &far] {
        socket.set_nodelay(true).expect("a socket");
    }
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
    tokio::spawn(async move { copy(&mut from_near, &mut to_far).await });
    let mut chunk = vec![0; 1 << 16];
    while let Ok(size @ 1..) = from_far.read(&mut chunk).await {
        // The server writes each event at once.
        let text = String::from_utf8_lossy(&chunk[..size]).into_owned();
        let ids = text.lines().filter_map(|line| Some((line.strip_prefix("id: ")?.to_owned(), Instant::now())));
        passed.0.lock().expect("no holder panics").extend(ids);
        if to_near.write_all(&chunk[..size]).await.is_err() {
            return;
        }
    }
}
