//! What was answered survives the death of the process, and a key is handed over once all the same.

use super::DEVICE_CODE;
use crate::binary::{PASSWORD, Server, verb};
use crate::client::Client;
use crate::scene::curl;
use serde_json::Value;

fn post(server: &Server, path: &str, fields: &[&str]) -> Value {
    let url = format!("http://{}{path}", server.address);
    let data = fields.iter().flat_map(|field| ["--data-urlencode", field]);
    serde_json::from_str(&curl(&[&url].into_iter().map(String::as_str).chain(data).collect::<Vec<_>>()))
        .unwrap()
}

fn poll(server: &Server, code: &str) -> Value {
    let fields = [format!("grant_type={DEVICE_CODE}"), format!("device_code={code}")];
    post(server, "/oauth/token", &[&fields[0], &fields[1]])
}

/// Posts a form of the pages; answers the whole answer with its head.
fn form(server: &Server, cookie: &str, path: &str, fields: &[&str]) -> String {
    let url = format!("http://{}{path}", server.address);
    let cookie = format!("cookie: {cookie}");
    let own = ["-i", "-H", "sec-fetch-site: same-origin", "-H", &cookie, &url];
    let data = fields.iter().flat_map(|field| ["--data-urlencode", *field]);
    curl(&own.into_iter().chain(data).collect::<Vec<_>>())
}

#[test]
fn a_killed_server_loses_no_decision_and_hands_no_token_over_twice() {
    let dir = tempfile::tempdir().unwrap();
    let added = verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD);
    assert!(added.status.success(), "{added:?}");
    let server = Server::start(dir.path());
    let asked = post(&server, "/oauth/device_authorization", &["client_name=Zapier"]);
    let (device, user) = (asked["device_code"].as_str().unwrap(), asked["user_code"].as_str().unwrap());
    server.kill();
    let server = Server::start(dir.path());
    assert_eq!(poll(&server, device)["error"], "authorization_pending");
    let login = serde_urlencoded::to_string([("username", "demouser"), ("password", PASSWORD)]).unwrap();
    let cookie = Client::connect(server.address).try_log_in(&login).unwrap();
    let decide = "/account/applications/approve?do=decide_application";
    let code = format!("user_code={user}");
    let approved = form(&server, &cookie, decide, &[&code, "answer=approve"]);
    assert!(approved.starts_with("HTTP/1.1 303"), "{approved}");
    server.kill();
    let server = Server::start(dir.path());
    let again = form(&server, &cookie, decide, &[&code, "answer=approve"]);
    assert!(again.starts_with("HTTP/1.1 422"), "{again}");
    let fetched = poll(&server, device);
    assert_eq!(fetched["access_token"].as_str().map(str::len), Some(46), "{fetched}");
    server.kill();
    let server = Server::start(dir.path());
    assert_eq!(poll(&server, device)["error"], "invalid_grant");
}
