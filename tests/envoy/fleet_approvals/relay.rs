//! A relay between an Envoy and a node of etcd that loses or delays what they say.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep,
};

/// What a relay does with the bytes that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Weather {
    /// Passes them on.
    Fair,
    /// Passes them on after a while.
    Slow,
    /// Passes on what Envoy says, and throws away what etcd answers.
    Deaf,
    /// Throws away what Envoy says.
    Mute,
    /// Ends the connections.
    Cut,
}

/// Longer than Envoy waits in these tests.
pub(super) const DELAY: Duration = Duration::from_millis(700);

/// A relay to one address.
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    weather: Arc<AtomicU8>,
}

impl Relay {
    pub(super) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let weather = Arc::new(AtomicU8::new(Weather::Fair as u8));
        let shared = Arc::clone(&weather);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(to).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(carry(from_client, to_server, Arc::clone(&shared), Weather::Mute));
                tokio::spawn(carry(from_server, to_client, Arc::clone(&shared), Weather::Deaf));
            }
        });
        Self { address, weather }
    }

    pub(super) fn set(&self, weather: Weather) {
        self.weather.store(weather as u8, Ordering::SeqCst);
    }
}

/// Carries bytes one way. What was thrown away ends the connection once the weather changes: what follows makes no sense.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, weather: Arc<AtomicU8>, loses: Weather) {
    let (mut buffer, mut has_lost) = (vec![0; 1 << 16], false);
    let is = |which: Weather| weather.load(Ordering::SeqCst) == which as u8;
    while let Ok(size @ 1..) = from.read(&mut buffer).await {
        if is(Weather::Cut) {
            break;
        }
        if is(loses) {
            has_lost = true;
            continue;
        }
        if has_lost {
            break;
        }
        if is(Weather::Slow) {
            sleep(DELAY).await;
        }
        if to.write_all(&buffer[..size]).await.is_err() {
            break;
        }
    }
}
