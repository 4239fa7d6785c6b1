//! Connections that do not behave, many at a time, against the binary.

use crate::binary::{Client, verb};
use crate::log_lines::tells_of;
use crate::patience::{PATIENCE, wait_beside, wait_or_tell};
use crate::scene::{Scene, curl, expect_closed, patiently};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;

#[test]
fn slow_heads_are_cut_and_hold_nobody_up() {
    let scene = Scene::set(&[("LATCHKEY_HEAD_TIMEOUT_SECONDS", "2")]);
    let lorises: Vec<_> = (0..500)
        .map(|n| {
            let mut stream = TcpStream::connect(scene.address()).unwrap();
            stream.write_all(&b"GET /authz/forward-auth HTTP/1.1\r\nx-slow: "[..n % 40]).unwrap();
            stream
        })
        .collect();
    let mut client = None;
    let end = Instant::now() + Duration::from_secs(1);
    let mut answered = 0;
    while Instant::now() < end {
        for mut loris in lorises.iter().skip(answered % 7).step_by(7) {
            let _ = loris.write_all(b"x");
        }
        let status = patiently(|| {
            let mut asking = client.take().map_or_else(|| Client::try_connect(scene.address()), Ok)?;
            let reply = asking.ask(&scene.head, "")?;
            client = Some(asking);
            Ok(reply.status)
        });
        assert_eq!(status, 200);
        answered += 1;
    }
    for loris in &lorises {
        expect_closed(loris, "its head is not complete");
    }
    drop(client);
    scene.serves();
    scene.connections_fall_to(0);
}

#[test]
fn a_body_that_never_ends_is_cut() {
    let scene = Scene::set(&[("LATCHKEY_BODY_TIMEOUT_SECONDS", "1")]);
    let gateway = String::from_utf8(verb(scene.dir(), &["gateway", "add", "gw"], "").stdout).unwrap();
    let post = |path: &str, more: &str| format!("POST {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n\r\n");
    // It stalls; it trickles; it is sent as fast as can be.
    for path in ["/v1/verify", "/login", "/portal/log_in", "/authz/forward-auth"] {
        for length in ["content-length: 100", "transfer-encoding: chunked"] {
            let mut stream = TcpStream::connect(scene.address()).unwrap();
            let more = match path {
                "/v1/verify" => format!("authorization: Bearer {}\r\n{length}", gateway.trim()),
                _ => format!("sec-fetch-site: same-origin\r\n{length}"),
            };
            stream.write_all(post(path, &more).as_bytes()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            let status = answer.split(' ').nth(1).unwrap_or_default();
            let expected = if path.starts_with("/authz") { "401" } else { "408" };
            assert_eq!(status, expected, "{path} {length}: {answer}");
        }
        let mut stream = TcpStream::connect(scene.address()).unwrap();
        stream.write_all(post(path, "transfer-encoding: chunked").as_bytes()).unwrap();
        let chunk = [b"1000\r\n".to_vec(), vec![b'x'; 4096], b"\r\n".to_vec()].concat();
        let sent = (0..1_000_000).take_while(|_| stream.write_all(&chunk).is_ok()).count();
        assert!(sent < 10_000, "{path}: {sent} chunks were taken");
        scene.serves();
    }
}

#[test]
fn over_the_limit_connections_are_closed_at_once() {
    let scene = Scene::set(&[("LATCHKEY_MAX_CONNECTIONS", "20")]);
    let held: Vec<_> = (0..60).map(|_| TcpStream::connect(scene.address()).unwrap()).collect();
    for over in held.iter().skip(20) {
        expect_closed(over, "over the limit");
    }
    for mut kept in held.iter().take(20) {
        kept.write_all(&scene.request()).unwrap();
        let mut answer = [0; 15];
        kept.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
    }
    drop(held);
    scene.connections_fall_to(0);
    scene.serves();
}

#[test]
fn without_file_handles_it_waits_and_goes_on() {
    let scene = Scene::set(&[]);
    let mut kept = Client::connect(scene.address());
    assert_eq!(kept.ask(&scene.head, "").unwrap().status, 200);
    let limit = |soft: usize| {
        let id = scene.server.id().to_string();
        let limits = format!("--nofile={soft}:");
        assert!(Command::new("prlimit").args(["--pid", &id, &limits]).status().unwrap().success());
    };
    let handles = std::fs::read_dir(format!("/proc/{}/fd", scene.server.id())).unwrap().count();
    limit(handles + 10);
    let waiting: Vec<_> = (0..50).map(|_| TcpStream::connect(scene.address()).unwrap()).collect();
    let is_told = || {
        assert_eq!(kept.ask(&scene.head, "").unwrap().status, 200, "who is connected is served");
        tells_of(&scene.server.log(), "not_accepted")
    };
    wait_or_tell(is_told, || scene.server.log());
    drop(waiting);
    scene.serves();
}

/// Numbers that look random and are the same in every run.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |sides| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % sides
    }
}

#[tokio::test]
async fn ten_thousand_clients_may_go_away_at_any_moment() {
    let scene = Arc::new(Scene::set(&[]));
    let (sent, seen) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (turns, request) = (Arc::new(Semaphore::new(200)), Arc::new(scene.request()));
    let mut clients = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let turn = Arc::clone(&turns).acquire_owned().await.unwrap();
        let (address, request) = (scene.address(), Arc::clone(&request));
        let (sent, seen) = (Arc::clone(&sent), Arc::clone(&seen));
        clients.spawn(async move {
            let _turn = turn;
            let mut roll = dice(n + 1);
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            for _ in 0..roll(3) + 1 {
                // Half of them speak to the end, the others break off somewhere.
                let length = if roll(2) == 0 { request.len() } else { roll(request.len() as u64) as usize };
                if length == request.len() {
                    sent.fetch_add(1, Ordering::SeqCst);
                }
                if stream.write_all(&request[..length]).await.is_err() || length < request.len() {
                    return;
                }
                tokio::time::sleep(Duration::from_micros(roll(2000))).await;
                let mut answer = [0; 1024];
                match roll(3) {
                    0 => return,
                    _ => match stream.read(&mut answer).await {
                        Ok(15..) if answer.starts_with(b"HTTP/1.1 200 OK") => {
                            seen.fetch_add(1, Ordering::SeqCst);
                        }
                        _ => return,
                    },
                }
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let (seen, sent) = (seen.load(Ordering::SeqCst), sent.load(Ordering::SeqCst));
    assert!(seen > 1000 && sent > seen, "{seen} of {sent} were answered");
    scene.connections_fall_to(0);
    let counted = scene.times_used();
    assert!((seen..=sent).contains(&counted), "{seen} <= {counted} <= {sent}");
    scene.serves();
    assert_eq!(scene.times_used(), counted + 1);
}

#[tokio::test]
async fn a_burst_of_twenty_thousand_connections_is_survived() {
    let scene = Scene::set(&[]);
    for wave in 0..5 {
        let mut connecting = tokio::task::JoinSet::new();
        for n in 0..4000 {
            let address = scene.address();
            // From many addresses, so that no ports run out.
            let from = SocketAddr::from(([127, 0, 1, (n % 50 + 1) as u8], 0));
            connecting.spawn(async move {
                let socket = tokio::net::TcpSocket::new_v4()?;
                socket.bind(from)?;
                socket.connect(address).await
            });
        }
        let mut open = Vec::new();
        while let Some(stream) = connecting.join_next().await {
            open.extend(stream.unwrap());
        }
        assert!(open.len() > 3900, "wave {wave}: {} came through", open.len());
        scene.serves();
        drop(open);
        scene.connections_fall_to(0);
    }
    scene.serves();
}

#[test]
fn http2_without_tls_is_spoken_on_the_same_port() {
    let scene = Scene::set(&[]);
    let url = format!("http://{}/authz/forward-auth", scene.address());
    let key = scene.head.split("\r\n").find(|line| line.starts_with("x-api-key")).unwrap();
    let forwarded = "x-forwarded-for: 203.0.113.7";
    let version = "%{http_version} %{http_code}";
    let asked = ["--http2-prior-knowledge", "-H", key, "-H", forwarded, "-w", version, url.as_str()];
    assert_eq!(curl(&asked), "2 200");
    let load = Command::new("h2load")
        .args(["-n", "500", "-c", "5", "-m", "20", "-H", key, "-H", forwarded, &url])
        .output()
        .unwrap();
    let load = String::from_utf8(load.stdout).unwrap();
    assert!(load.contains("status codes: 500 2xx, 0 3xx, 0 4xx, 0 5xx"), "{load}");
    assert_eq!(scene.times_used(), 501);
    let login = format!("http://{}/login", scene.address());
    let page = curl(&["--http2-prior-knowledge", "-w", &format!("\n{version}"), &login]);
    assert!(page.contains("<h1") && page.ends_with("\n2 200"), "{page}");
    assert_eq!(curl(&["-o", "/dev/null", "-w", version, &login]), "1.1 200");
}

#[tokio::test]
async fn it_stops_in_time_with_http2_and_idle_connections_open() {
    let mut scene = Scene::set(&[]);
    let idle: Vec<_> = (0..50).map(|_| TcpStream::connect(scene.address()).unwrap()).collect();
    let stream = tokio::net::TcpStream::connect(scene.address()).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    let speaking = tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    // One whose body comes only after the signal, and one behind it whose answer shows that the server knows of both.
    let form = http::Request::post("http://x/login").header("sec-fetch-site", "same-origin");
    let (answer, mut body) = requests.send_request(form.body(()).unwrap(), false).unwrap();
    let mut requests = requests.ready().await.unwrap();
    let healthz = http::Request::get("http://x/healthz").body(()).unwrap();
    let (healthy, _) = requests.send_request(healthz, true).unwrap();
    assert_eq!(healthy.await.unwrap().status(), 200);
    scene.server.signal("-TERM");
    wait_beside("it is stopping", async || tells_of(&scene.server.log(), "stopping")).await;
    body.send_data("username=x&password=y".into(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 422, "what was in flight is answered");
    assert_eq!(scene.server.wait(PATIENCE), Some(0));
    for connection in &idle {
        expect_closed(connection, "the server has ended");
    }
    speaking.await.unwrap().unwrap();
}
