//! One source that takes all it can get, against the binary: the others do not notice. What it costs them is
//! measured by scripts/bench-hostile, which `make soak` runs.

use crate::app::TestApp;
use crate::binary::{Client, PASSWORD, verb};
use crate::log_lines::lines_of;
use crate::metrics::parse;
use crate::patience::{PATIENCE, wait_or_tell};
use crate::scene::{Scene, exchange, expect_closed};
use axum::body::Body;
use http::{Request, StatusCode};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

const HOSTILE: [u8; 4] = [127, 0, 0, 66];
const OTHER: [u8; 4] = [127, 0, 0, 67];
const LOGIN: &str = "GET /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// A connection from an address of this machine that is no trusted proxy; it may be reset before it can be used.
fn try_connect_from(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    // On a thread of its own: a runtime cannot be started inside another.
    let connecting = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async { open_from(from, to).await?.into_std() })
    });
    let stream = connecting.join().unwrap()?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn connect_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    try_connect_from(from, to).unwrap()
}

async fn open_from(from: [u8; 4], to: SocketAddr) -> std::io::Result<tokio::net::TcpStream> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(to).await
}

/// Fails unless a connection is turned away: at once, or as soon as it is read from.
fn expect_turned_away(connection: &std::io::Result<TcpStream>, why: &str) {
    match connection {
        Ok(stream) => expect_closed(stream, why),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{why}"),
    }
}

/// The status of an answer; none if the connection was closed without one.
fn status(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok())
}

fn get_login(from: [u8; 4], to: SocketAddr) -> Option<u16> {
    status(&exchange_from(from, to, LOGIN))
}

fn log_in(from: [u8; 4], to: SocketAddr) -> Option<u16> {
    let body = serde_urlencoded::to_string([("username", "demouser"), ("password", PASSWORD)]).unwrap();
    let length = body.len();
    let head = "POST /login HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n";
    status(&exchange_from(from, to, &format!("{head}content-length: {length}\r\n\r\n{body}")))
}

fn exchange_from(from: [u8; 4], to: SocketAddr, request: &str) -> String {
    let Ok(mut stream) = try_connect_from(from, to) else { return String::new() };
    if stream.write_all(request.as_bytes()).is_err() {
        return String::new();
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// What the operator's monitoring reads.
struct Figures(SocketAddr);

impl Figures {
    fn of(scene: &mut Scene) -> Self {
        let mut lines = std::iter::repeat_with(|| scene.server.next_line());
        let line = lines.find(|line| line.starts_with("Metrics")).unwrap();
        let address = line.trim_end_matches("/metrics").rsplit("http://").next().unwrap();
        Self(address.parse().unwrap())
    }

    fn read(&self, name: &str) -> f64 {
        let reply = Client::connect(self.0).ask("GET /metrics HTTP/1.1\r\n", "").unwrap();
        parse(&reply.body)["samples"][name].as_f64().unwrap_or_else(|| panic!("no {name}"))
    }

    /// Waits until a figure is as it should be.
    fn becomes(&self, name: &str, wanted: f64) {
        let is = || format!("{name} is {}, not {wanted}", self.read(name));
        wait_or_tell(|| self.read(name) == wanted, is);
    }
}

#[test]
fn idle_connections_of_strangers_leave_room_for_gateways_and_for_other_strangers() {
    let socket = tempfile::tempdir().unwrap();
    let path = socket.path().join("l.sock");
    let listen = format!("127.0.0.1:0,unix:{}", path.display());
    let scene = Scene::set_with(&["--listen", &listen], &[("LATCHKEY_MAX_CONNECTIONS", "100")]);
    let hold = |from: [u8; 4], count: usize| -> Vec<_> {
        (0..count).map(|_| try_connect_from(from, scene.address())).collect()
    };
    let mut held = hold(HOSTILE, 120);
    for over in held.drain(16..) {
        expect_turned_away(&over, "over the share of one source");
    }
    assert_eq!(get_login(OTHER, scene.address()), Some(200));
    scene.serves();
    scene.connections_fall_to(held.len());
    // Many sources together: strangers have 75 places of 100.
    for last in 100..110 {
        held.extend(hold([127, 0, 0, last], 16));
    }
    for over in held.drain(75..) {
        expect_turned_away(&over, "over the share of all strangers");
    }
    assert_eq!(get_login(OTHER, scene.address()), None);
    scene.serves();
    let answer = exchange(UnixStream::connect(&path).unwrap(), LOGIN.as_bytes());
    assert_eq!(status(&answer), Some(200));
    let told =
        || lines_of(&scene.server.log(), "over_its_share").iter().any(|line| line.contains("it holds 16"));
    wait_or_tell(told, || scene.server.log());
    drop(held);
    scene.connections_fall_to(0);
    assert_eq!(get_login(OTHER, scene.address()), Some(200));
}

/// A client of HTTP/2 at an address, that takes so many bytes of each answer ahead.
async fn http2(from: [u8; 4], to: SocketAddr, window: u32) -> h2::client::SendRequest<bytes::Bytes> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    let (requests, connection) = builder.handshake(open_from(from, to).await.unwrap()).await.unwrap();
    tokio::spawn(connection);
    requests
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pages_that_nobody_fetches_are_one_sources_share_of_them() {
    let settings = [("LATCHKEY_MAX_PAGES", "100"), ("LATCHKEY_MAX_CONNECTIONS", "400")];
    let mut scene = Scene::set_with(&["--admin-listen", "127.0.0.1:0"], &settings);
    let figures = Figures::of(&mut scene);
    let (mut connections, mut answers) = (Vec::new(), Vec::new());
    for connection in 0..6 {
        // With a window of one byte the server has handed the page over, and has it still.
        let mut requests = http2(HOSTILE, scene.address(), connection % 2).await;
        let mut asked = Vec::new();
        for _ in 0..20 {
            requests = requests.ready().await.unwrap();
            let login = Request::get("http://x/login").body(()).unwrap();
            asked.push(requests.send_request(login, true).unwrap().0);
        }
        connections.push(requests);
        // Who is refused is told so after a second, all of them at once.
        answers.extend(futures::future::try_join_all(asked).await.unwrap());
    }
    let shown = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
    let refused = answers.iter().filter(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE).count();
    assert_eq!((shown, refused), (16, 104), "each page that was made holds its place");
    assert_eq!(figures.read("latchkey_requests_in_progress{kind=page}"), 16.0);
    // Of 120 answers, 16 are pages; none of the refused may be held for more than its request.
    assert!(figures.read("latchkey_requests_in_progress{kind=request}") <= 40.0);
    assert_eq!(figures.read("latchkey_sources"), 1.0);
    assert_eq!(get_login(HOSTILE, scene.address()), Some(503));
    assert_eq!(get_login(OTHER, scene.address()), Some(200));
    assert_eq!(log_in(OTHER, scene.address()), Some(303));
    scene.serves();
    drop((answers, connections));
    figures.becomes("latchkey_requests_in_progress{kind=page}", 0.0);
    assert_eq!(get_login(HOSTILE, scene.address()), Some(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn forms_that_come_slowly_are_one_sources_share_of_them() {
    let settings = [("LATCHKEY_MAX_PAGES", "16"), ("LATCHKEY_BODY_TIMEOUT_SECONDS", "60")];
    let mut scene = Scene::set_with(&["--admin-listen", "127.0.0.1:0"], &settings);
    let figures = Figures::of(&mut scene);
    let (mut connections, mut held) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        let mut requests = http2(HOSTILE, scene.address(), 60_000).await;
        for _ in 0..20 {
            requests = requests.ready().await.unwrap();
            let form = Request::post("http://x/login").header("sec-fetch-site", "same-origin");
            held.push(requests.send_request(form.body(()).unwrap(), false).unwrap());
        }
        connections.push(requests);
    }
    let others_log_in = || (0..5).for_each(|_| assert_eq!(log_in(OTHER, scene.address()), Some(303)));
    others_log_in();
    // 16 of 64; all others were refused at once.
    figures.becomes("latchkey_over_share_total{kind=form}", 12.0 * 20.0 - 16.0);
    assert_eq!(figures.read("latchkey_requests_in_progress{kind=form}"), 16.0);
    others_log_in();
    assert_eq!(log_in(HOSTILE, scene.address()), Some(503));
    scene.serves();
    drop((held, connections));
    figures.becomes("latchkey_requests_in_progress{kind=form}", 0.0);
}

/// Sends frames until the connection is closed; answers how many were taken.
fn flood(address: SocketAddr, frame: &[u8]) -> usize {
    let mut stream = connect_from(HOSTILE, address);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut reading = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || while matches!(reading.read(&mut [0; 4096]), Ok(1..)) {});
    let sent = (0..1_000_000).take_while(|_| stream.write_all(frame).is_ok()).count();
    reader.join().unwrap();
    sent
}

#[test]
fn floods_of_control_frames_end_their_connections() {
    let mut scene = Scene::set_with(&["--admin-listen", "127.0.0.1:0"], &[]);
    let figures = Figures::of(&mut scene);
    let ping: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let window: &[u8] = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01";
    let (mut kept, address) = (Client::connect(scene.address()), scene.address());
    std::thread::scope(|scope| {
        let floods = [ping, settings, window].map(|frame| scope.spawn(move || flood(address, frame)));
        for _ in 0..100 {
            assert_eq!(kept.ask(&scene.head, "").unwrap().status, 200);
        }
        let sent = floods.map(|flood| flood.join().unwrap());
        assert!(sent.iter().all(|sent| *sent < 900_000), "{sent:?} were taken");
    });
    assert_eq!(kept.ask(&scene.head, "").unwrap().status, 200);
    figures.becomes("latchkey_control_floods_total", 3.0);
}

/// A page's request by somebody behind a trusted proxy, who may be named.
fn behind_proxy(client: Option<&str>) -> Request<Body> {
    let request = Request::get("/login");
    let request = match client {
        Some(client) => request.header("x-forwarded-for", client),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn pages_behind_a_proxy_are_on_the_account_of_the_client_that_it_names() {
    let app = TestApp::start_with(&[("max_pages", "100")]).await;
    let ask = async |client: Option<&str>| app.respond("127.0.0.1", behind_proxy(client)).await;
    let fill = async |clients: &mut dyn Iterator<Item = String>, held: &mut Vec<_>| {
        let before = held.len();
        for client in clients {
            let response = ask(Some(&client)).await;
            if response.status() == StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            held.push(response);
        }
        held.len() - before
    };
    let mut held = Vec::new();
    assert_eq!(fill(&mut std::iter::repeat_n("203.0.113.66".to_owned(), 200), &mut held).await, 16);
    let same_64 = &mut (1..200).map(|n| format!("2001:db8:66:1::{n:x}"));
    assert_eq!(fill(same_64, &mut held).await, 16, "a /64 is one source");
    let same_48 = &mut (2..200).map(|n| format!("2001:db8:66:{n:x}::1"));
    assert_eq!(fill(same_48, &mut held).await, 20 - 16, "and its /48 holds twice as much as one of 10 %");
    assert_eq!(ask(Some("203.0.113.7")).await.status(), StatusCode::OK);
    assert_eq!(ask(Some("2001:db8:7::1")).await.status(), StatusCode::OK);
    // Whom nobody can tell apart has one wide account.
    let unknown = fill_unknown(&app, &mut held).await;
    assert_eq!(unknown, 50);
    assert_eq!(ask(Some("203.0.113.7")).await.status(), StatusCode::OK);
    drop(held);
    assert_eq!(ask(None).await.status(), StatusCode::OK);
    assert_eq!(app.services.traffic.sources.count(), 0);
}

async fn fill_unknown(app: &TestApp, held: &mut Vec<http::Response<Body>>) -> usize {
    for count in 0..200 {
        let response = app.respond("127.0.0.1", behind_proxy(None)).await;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            return count;
        }
        held.push(response);
    }
    panic!("they have no bound");
}

#[test]
fn shares_are_settings() {
    let dir = tempfile::tempdir().unwrap();
    for (name, wrong) in [("LATCHKEY_SOURCE_SHARE_PERCENT", "0"), ("LATCHKEY_RESERVED_PERCENT", "91")] {
        let mut command = crate::binary::latchkey(dir.path(), &["config"]);
        let output = command.env(name, wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
    }
    let shown = String::from_utf8(verb(dir.path(), &["config"], "").stdout).unwrap();
    assert!(shown.contains("source_share_percent = \"10\"") && shown.contains("reserved_percent = \"25\""));
}
