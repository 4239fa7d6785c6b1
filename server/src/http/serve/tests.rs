//! Connections on a clock that stands still until everybody waits.

use super::connection::speak;
use super::guest::Guest;
use super::*;
use crate::http::client::{Caller, Door};
use crate::http::held::hold;
use crate::settings::Layers;
use crate::traffic::{Client, Origin, Pool};
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
        let caller = Caller { peer, source: None, door: Door::All };
        let guest = Guest::of_peer(&front, caller.peer).unwrap();
        (client, tokio::spawn(async move { speak(server, caller, &front, &guest).await }))
    }

    fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
}

/// A page of 30 kB that holds its place.
async fn page(traffic: &Traffic) -> Response {
    let account = traffic.sources.account(Origin { is_vouched_for: true, client: Client::Proxy });
    let shares = ShareRule { source_percent: 100, reserved_percent: 0 }.of(1000);
    let place = traffic.sources.take(&account, Pool::Pages, &shares).unwrap();
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

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_is_cut() {
    for sent in ["", "GET / HTTP/1.1\r\n", "PRI"] {
        let hall = Hall::open();
        let (mut client, serving) = hall.connect();
        client.write_all(sent.as_bytes()).await.unwrap();
        while client.write_all(b"x").await.is_ok() && !serving.is_finished() {
            sleep(Duration::from_secs(1)).await;
        }
        assert!((10..=11).contains(&hall.seconds()), "{sent:?}: {}", hall.seconds());
        assert_eq!(hall.front.traffic.late_heads.get(), 1, "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_may_pause_longer_than_a_head_may_take() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    for _ in 0..3 {
        assert!(ask(&mut client).await.starts_with("HTTP/1.1 200"));
        sleep(Duration::from_secs(70)).await;
    }
    client.write_all(b"GET /").await.unwrap();
    serving.await.unwrap();
    assert_eq!(hall.seconds(), 220, "the next head has 10 seconds again");
    assert_eq!((hall.front.traffic.late_heads.get(), hall.front.traffic.idle_closed.get()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    ask(&mut client).await;
    serving.await.unwrap();
    assert_eq!((hall.seconds(), hall.front.traffic.idle_closed.get()), (75, 1));
    assert_eq!(client.read(&mut [0; 64]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn http2_without_a_request_is_cut_as_a_late_head() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    client.write_all(PREFACE).await.unwrap();
    serving.await.unwrap();
    assert_eq!((hall.seconds(), hall.front.traffic.late_heads.get()), (10, 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_fetches_is_given_up() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut fetched = 0;
    while !serving.is_finished() {
        fetched += client.read(&mut [0; 100]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert!((190..=200).contains(&hall.seconds()), "{}", hall.seconds());
    assert!(fetched < 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_the_whole_answer() {
    let hall = Hall::open();
    let (mut client, _serving) = hall.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut fetched = 0;
    while fetched < 1 << 20 {
        let length = client.read(&mut [0; 4096]).await.unwrap();
        assert!(length > 0, "closed after {fetched} bytes and {} seconds", hall.seconds());
        fetched += length;
        sleep(Duration::from_millis(500)).await;
    }
    assert!(hall.seconds() > 120, "{}", hall.seconds());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_answered_and_the_connection_closed() {
    for head in ["content-length: 5", "transfer-encoding: chunked"] {
        let hall = Hall::open();
        let (mut client, serving) = hall.connect();
        let head = format!("POST /take HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        serving.await.unwrap();
        assert_eq!((hall.seconds(), hall.front.traffic.late_bodies.get()), (10, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_what_is_idle_and_answers_what_is_in_flight() {
    let hall = Hall::open();
    let (mut idle, idling) = hall.connect();
    ask(&mut idle).await;
    let (_fresh, waiting) = hall.connect();
    let (mut busy, answering) = hall.connect();
    busy.write_all(b"POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\no").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    hall.stop.cancel();
    idling.await.unwrap();
    waiting.await.unwrap();
    assert_eq!(hall.seconds(), 1);
    busy.write_all(b"k").await.unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    answering.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_gives_no_window_loses_its_answer() {
    let hall = Hall::open();
    let (client, serving) = hall.connect();
    let mut small = h2::client::Builder::new();
    small.initial_window_size(10);
    let (requests, connection) = small.handshake::<_, bytes::Bytes>(client).await.unwrap();
    tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let large = http::Request::get("http://x/large").body(()).unwrap();
    let (answer, _) = requests.send_request(large, true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap().len(), 10);
    assert!(body.data().await.unwrap().is_err());
    serving.await.unwrap();
    assert!((75..=76).contains(&hall.seconds()), "{}", hall.seconds());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_nobody_fetches_holds_its_place_and_comes_back_in_time() {
    // With a window of 1 byte HTTP/2 has taken the whole page, and has it still.
    for window in [0, 1] {
        let hall = Hall::open();
        let (client, _serving) = hall.connect_as(stranger());
        let requests = http2(client, window).await;
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(get_over(&requests, "/page").await.await.unwrap());
        }
        let taken = || hall.front.traffic.sources.taken(Pool::Pages);
        sleep(Duration::from_secs(100)).await;
        assert_eq!(taken(), 20, "window {window}");
        sleep(Duration::from_secs(21)).await;
        assert_eq!(taken(), 0, "window {window}: the time of an answer is over");
        // Who fetches gives the place back at once, whatever else the connection does.
        let (client, _serving) = hall.connect_as(stranger());
        let requests = http2(client, 100_000).await;
        let mut body = get_over(&requests, "/page").await.await.unwrap().into_body();
        let mut length = 0;
        while let Some(data) = body.data().await {
            length += data.unwrap().len();
        }
        assert_eq!((length, taken()), (30_000, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_over_http1_holds_its_place_until_it_is_sent() {
    let hall = Hall::open();
    let (mut client, serving) = hall.connect_as(stranger());
    client.write_all(b"GET /page HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_secs(10)).await;
    let taken = || hall.front.traffic.sources.taken(Pool::Pages);
    assert_eq!(taken(), 1);
    let mut answer = String::new();
    while answer.len() < 30_000 {
        let mut bytes = [0; 4096];
        let length = client.read(&mut bytes).await.unwrap();
        answer.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
    }
    sleep(Duration::from_secs(1)).await;
    assert!(answer.contains("content-length: 30000\r\n") && taken() == 0, "{}", taken());
    drop(client);
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_strangers_connection_has_fewer_streams_than_a_gateways() {
    let hall = Hall::open();
    for (peer, streams) in [(stranger(), 32), (Peer::Unix, 200)] {
        let (client, _serving) = hall.connect_as(peer);
        assert_eq!(http2(client, 0).await.current_max_send_streams(), streams, "{peer}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_requests_of_one_source_have_their_share() {
    // Shares of 16 for one source and of 30 for all strangers.
    let hall = Hall::open_with(&[("max_connections", "40")]);
    let taken = || hall.front.traffic.sources.taken(Pool::Requests);
    let mut waiting = Vec::new();
    let mut connections = Vec::new();
    for _ in 0..3 {
        let (client, _serving) = hall.connect_as(stranger());
        let requests = http2(client, 0).await;
        for _ in 0..10 {
            waiting.push(tokio::spawn(get_over(&requests, "/never").await));
        }
        connections.push(requests);
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(taken(), 16);
    let refused: Vec<_> = waiting.iter().filter(|answer| answer.is_finished()).collect();
    assert_eq!(refused.len(), 14);
    assert_eq!(hall.front.traffic.sources.over_share(Pool::Requests), 14);
    // Neither another source nor a gateway notices.
    for peer in [Peer::Address(Address::parse("203.0.113.67").unwrap()), Peer::Unix] {
        let (client, _serving) = hall.connect_as(peer);
        let requests = http2(client, 100).await;
        assert_eq!(get_over(&requests, "/").await.await.unwrap().status(), 200);
    }
    waiting.iter().for_each(JoinHandle::abort);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(taken(), 0, "what is given up is free");
}

#[tokio::test(start_paused = true)]
async fn one_source_has_its_share_of_the_connections() {
    let hall = Hall::open_with(&[("max_connections", "40")]);
    let guest = |last: u8| {
        let address = Address::parse(&format!("203.0.113.{last}")).unwrap();
        Guest::of_peer(&hall.front, Peer::Address(address))
    };
    let mut held: Vec<_> = (0..20).filter_map(|_| guest(66).ok()).collect();
    assert_eq!(held.len(), 16);
    held.extend((0..20).filter_map(|_| guest(67).ok()));
    assert_eq!(held.len(), 30, "of all strangers");
    assert!(guest(68).is_err());
    // Whom a proxy introduces has a share in what is kept for proxies.
    let proxy = Guest::of_peer(&hall.front, Peer::Unix).unwrap();
    let named = |last: u8| Some(ConnectionSource(Address::parse(&format!("203.0.113.{last}")).ok()));
    assert!(proxy.introduced_as(&hall.front, named(66)).is_err());
    let proxy = Guest::of_peer(&hall.front, Peer::Unix).unwrap();
    let named = proxy.introduced_as(&hall.front, named(68)).ok().unwrap();
    assert!(named.account().is_some(), "its requests are counted too");
    assert_eq!(hall.front.traffic.sources.taken(Pool::Connections), 31);
    held.push(named);
    held.extend((0..20).filter_map(|_| Guest::of_peer(&hall.front, Peer::Unix).ok()));
    assert_eq!(held.len(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_frames_that_ask_for_nothing_ends_the_connection() {
    let ping: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let window: &[u8] = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01";
    let priority: &[u8] = b"\0\0\x05\x02\0\0\0\0\x03\0\0\0\0\x10";
    for (frame, peer) in
        [(ping, stranger()), (settings, stranger()), (window, Peer::Unix), (priority, stranger())]
    {
        let hall = Hall::open();
        let (client, serving) = hall.connect_as(peer);
        let (mut read, mut write) = tokio::io::split(client);
        tokio::spawn(async move { while read.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {} });
        write.write_all(PREFACE).await.unwrap();
        let mut sent = 0;
        while write.write_all(frame).await.is_ok() {
            sent += 1;
            assert!(sent < 10_000, "{frame:?}");
        }
        serving.await.unwrap();
        assert!(sent >= 380 && hall.front.traffic.floods.get() == 1, "{frame:?}: {sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_asks_beyond_its_streams_again_and_again_is_cut_off() {
    let hall = Hall::open();
    let (client, serving) = hall.connect_as(stranger());
    let (mut read, mut write) = tokio::io::split(client);
    tokio::spawn(async move { while read.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {} });
    write.write_all(PREFACE).await.unwrap();
    // GET http://x/never, in the numbers of HPACK's own table.
    let block = b"\x82\x86\x04\x06/never\x01\x01x";
    let mut sent = 0_u32;
    loop {
        let stream = (2 * sent + 1).to_be_bytes();
        let frame = [&[0, 0, block.len() as u8, 1, 5][..], &stream, block].concat();
        if write.write_all(&frame).await.is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 1000, "it may go on for ever");
    }
    serving.await.unwrap();
    assert!(sent >= 232, "{sent}");
}
