//! Connections on a clock that stands still until everybody waits.

mod http2;
mod shares;
mod times;

use super::connection::speak;
use super::guest::Guest;
use super::*;
use crate::http::client::{ConnectionInfo, Door};
use crate::http::held::hold;
use crate::settings::Layers;
use crate::traffic::{Client, Pool, Requester};
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use domain::address::Address;
use domain::client_address::Peer;
use domain::share::ShareRule;
use h2::client::SendRequest;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

struct Hall {
    front: Arc<Front>,
    stop: CancellationToken,
    began: Instant,
}

impl Hall {
    fn open() -> Self {
        Self::open_with(&[])
    }

    fn open_with(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (*name, "--test", (*value).to_owned())).collect();
        let defaults = Layers::load(None, std::iter::empty(), settings).unwrap();
        let settings = Settings::parse(&defaults).unwrap();
        let traffic: Arc<Traffic> = Arc::default();
        let pages = Arc::clone(&traffic);
        let router = Router::new()
            .route("/", get(|| async { "ok" }))
            .route("/page", get(move || async move { page(&pages).await }))
            .route("/never", get(std::future::pending::<&str>))
            .route("/large", get(|| async { vec![b'x'; 1 << 20] }))
            .route("/take", post(|body: String| async { body }));
        let stop = CancellationToken::new();
        let front = Front::new(&settings, traffic, router.into(), stop.clone());
        Self { front: Arc::new(front), stop, began: Instant::now() }
    }

    fn connect(&self) -> (DuplexStream, JoinHandle<()>) {
        self.connect_as(Peer::Unix)
    }

    fn connect_as(&self, peer: Peer) -> (DuplexStream, JoinHandle<()>) {
        let (client, server) = duplex(4096);
        let front = Arc::clone(&self.front);
        let connection = ConnectionInfo { peer, source: None, door: Door::All };
        let guest = Guest::of_peer(&front, connection.peer).unwrap();
        (client, tokio::spawn(async move { speak(server, connection, &front, &guest).await }))
    }

    fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
}

/// A page of 30 kB that holds its place.
async fn page(traffic: &Traffic) -> Response {
    let account = traffic.sources.account(Requester { is_vouched_for: true, client: Client::Proxy });
    let shares = ShareRule { source_percent: 100, reserved_percent: 0 }.of(1000);
    let place = traffic.sources.acquire(&account, Pool::Pages, &shares).unwrap();
    hold(vec![b'x'; 30_000].into_response(), place).await.unwrap()
}

fn stranger() -> Peer {
    Peer::Address(Address::parse("203.0.113.66").unwrap())
}

/// A client of HTTP/2 that takes so many bytes of each answer ahead.
async fn http2(client: DuplexStream, window: u32) -> SendRequest<Bytes> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    let (requests, connection) = builder.handshake(client).await.unwrap();
    tokio::spawn(connection);
    // Until the server has said what it bears.
    sleep(Duration::from_millis(1)).await;
    requests.ready().await.unwrap()
}

async fn get_over(requests: &SendRequest<Bytes>, path: &str) -> h2::client::ResponseFuture {
    let mut requests = requests.clone().ready().await.unwrap();
    requests.send_request(Request::get(format!("http://x{path}")).body(()).unwrap(), true).unwrap().0
}

async fn ask(client: &mut DuplexStream) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nok") {
        let mut bytes = [0; 1024];
        let length = client.read(&mut bytes).await.unwrap();
        assert!(length > 0, "closed after {answer:?}");
        answer.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
    }
    answer
}
