//! Connections on a clock that stands still until everybody waits.

use super::connection::speak;
use super::*;
use crate::domain::client_address::Peer;
use crate::http::client::Caller;
use crate::settings::Layers;
use axum::Router;
use axum::routing::{get, post};
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
        let defaults = Layers::load(None, std::iter::empty(), vec![]).unwrap();
        let settings = Settings::parse(&defaults).unwrap();
        let router = Router::new()
            .route("/", get(|| async { "ok" }))
            .route("/large", get(|| async { vec![b'x'; 1 << 20] }))
            .route("/take", post(|body: String| async { body }));
        let stop = CancellationToken::new();
        let front = Front::new(&settings, Arc::default(), router.into(), stop.clone());
        Self { front: Arc::new(front), stop, began: Instant::now() }
    }

    fn connect(&self) -> (DuplexStream, JoinHandle<()>) {
        let (client, server) = duplex(4096);
        let front = Arc::clone(&self.front);
        let caller = Caller { peer: Peer::Unix, source: None };
        (client, tokio::spawn(async move { speak(server, caller, &front).await }))
    }

    fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
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
