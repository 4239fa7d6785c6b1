//! Too much at once: 503 with Retry-After, for pages and for questions apart.

use crate::binary::{Client, verb};
use crate::scene::Scene;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const LOGIN: &str = "GET /login HTTP/1.1\r\n";

#[test]
fn a_flood_of_pages_is_shed_and_no_verification_with_it() {
    let scene = Scene::set(&[("LATCHKEY_MAX_PAGES", "2")]);
    let (done, shown, shed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let flood = || {
        while !done.load(Ordering::SeqCst) {
            match scene.ask(LOGIN, "") {
                (200, _) => shown.fetch_add(1, Ordering::SeqCst),
                (503, answer) => {
                    assert!(answer.contains("retry-after: 1"), "{answer}");
                    shed.fetch_add(1, Ordering::SeqCst)
                }
                (_, answer) => panic!("{answer}"),
            };
        }
    };
    thread::scope(|threads| {
        for _ in 0..20 {
            threads.spawn(flood);
        }
        let mut client = Client::connect(scene.address());
        let mut asked = 0;
        while asked < 200 || shown.load(Ordering::SeqCst) < 10 || shed.load(Ordering::SeqCst) < 10 {
            assert_eq!(client.ask(&scene.head, "").unwrap().status, 200);
            asked += 1;
            if asked == 100_000 {
                break;
            }
        }
        done.store(true, Ordering::SeqCst);
    });
    let (shown, shed) = (shown.load(Ordering::SeqCst), shed.load(Ordering::SeqCst));
    assert!(shown >= 10 && shed >= 10, "{shown} pages were shown, {shed} shed");
    assert_eq!(scene.ask(LOGIN, "").0, 200);
}

/// A request whose body is still to come.
fn begin(scene: &Scene, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(scene.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn end(mut stream: TcpStream, body: &str) -> String {
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn forms_that_come_slowly_hold_up_forms_only() {
    let scene = Scene::set(&[("LATCHKEY_MAX_PAGES", "1"), ("LATCHKEY_BODY_TIMEOUT_SECONDS", "60")]);
    let body = "username=x&password=y";
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut slow: Vec<_> = (0..4).map(|_| begin(&scene, &head)).collect();
    let form = "POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n";
    while scene.ask(form, body).0 != 503 {}
    assert_eq!(scene.ask(LOGIN, "").0, 200);
    scene.serves();
    let answer = end(slow.pop().unwrap(), body);
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    assert_eq!(scene.ask(form, body).0, 422, "there is room again");
}

#[test]
fn questions_beyond_the_limit_are_answered_unavailable_in_each_dialect() {
    let scene = Scene::set(&[("LATCHKEY_MAX_QUESTIONS", "1"), ("LATCHKEY_BODY_TIMEOUT_SECONDS", "60")]);
    let added = verb(scene.dir(), &["gateway", "add", "gw"], "");
    let token = String::from_utf8(added.stdout).unwrap();
    let question = r#"{"key":"lkd_x","client_ip":"203.0.113.7"}"#;
    let verify = format!("POST /v1/verify HTTP/1.1\r\nauthorization: Bearer {}\r\n", token.trim());
    let slow = begin(
        &scene,
        &format!("{verify}host: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", question.len()),
    );
    let mut client = Client::connect(scene.address());
    let nginx = scene.head.replace("forward-auth", "auth-request");
    while client.ask(&nginx, "").unwrap().status != 503 {}
    for head in [&scene.head, &nginx] {
        let reply = client.ask(head, "").unwrap();
        assert_eq!(reply.status, 503, "{}", reply.head);
        for says in ["x-latchkey-code: UNAVAILABLE", "retry-after: 1", "application/problem+json"] {
            assert!(reply.head.contains(says), "{}", reply.head);
        }
    }
    let reply = client.ask(&verify, question).unwrap();
    assert!(reply.status == 503 && reply.head.contains("retry-after: 1"), "{}", reply.head);
    // Who is no gateway takes no place, and the pages go on.
    let stranger = "POST /v1/verify HTTP/1.1\r\nauthorization: Bearer x\r\n";
    assert_eq!(client.ask(stranger, question).unwrap().status, 401);
    assert_eq!(scene.ask(LOGIN, "").0, 200);
    assert_eq!(client.ask("GET /healthz HTTP/1.1\r\n", "").unwrap().status, 200);
    assert!(end(slow, question).starts_with("HTTP/1.1 200"));
    scene.serves();
}
