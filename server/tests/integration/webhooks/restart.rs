//! The binary: what was on its way when it was killed is sent after the next start, over TLS that this machine
//! trusts.

use crate::binary::{Client, PASSWORD, Reply, Server};
use crate::certificates::Authority;
use crate::receiver::{Receiver, TAKEN};

fn post(client: &mut Client, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
         content-type: application/x-www-form-urlencoded\r\n"
    );
    let reply = client.ask(&head, &body).unwrap();
    assert_eq!(reply.status, 303, "{}", reply.body);
    reply
}

#[test]
fn what_was_on_its_way_when_it_was_killed_is_sent_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::found();
    authority.issue("receiver");
    let receiver = Receiver::start_with_tls(&authority, "");
    let trusted = authority.path("ca.pem").display().to_string();
    let settings = [("LATCHKEY_WEBHOOK_ALLOW_PRIVATE", "true"), ("SSL_CERT_FILE", trusted.as_str())];
    let server = Server::start_with(dir.path(), &[], &settings);
    let arguments = ["user", "add", "demo", "--password-stdin"];
    assert!(crate::binary::verb(dir.path(), &arguments, PASSWORD).status.success());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    let url = format!("https://localhost:{}/hook", receiver.address.port());
    let fields = [("url", url.as_str()), ("cause_new_login", "on")];
    let reply = post(&mut client, &cookie, "/account/webhooks", &fields);
    let made = reply.header("location").unwrap().split('?').nth(1).unwrap().to_owned();
    let list = client.get(&cookie, &format!("/portal/list_webhooks?{made}")).unwrap().body;
    let secret = list.split('"').find(|word| word.starts_with("whsec_")).unwrap();
    let test = "/account/webhooks/1?do=test_webhook";
    post(&mut client, &cookie, test, &[("id", "1")]);
    let first = receiver.wait();
    server.kill();

    receiver.answer(TAKEN);
    let server = Server::start_with(dir.path(), &[], &settings);
    let second = receiver.wait();
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"), "the receiver can tell");
    assert_eq!(second.judged(secret).unwrap()["type"], "test");
    let log = server.stop();
    assert!(!log.contains(secret) && !log.contains("/hook"), "{log}");
    assert!(receiver.take().is_empty(), "and not sent again");
}
