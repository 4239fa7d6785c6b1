//! Property: no form of a logged-in user makes the server fail, and where there is no key nothing can be
//! changed: every answer is a refusal of the form or of the key that it names.

use crate::server::SERVER;
use axum::body::Body;
use http::{Request, header};

/// The server functions that change a key. Showing one checks the password first, which takes too long here.
const FUNCTIONS: [&str; 11] = [
    "authorise_address",
    "remove_address",
    "set_lock_width",
    "release_lock",
    "delete_key",
    "delete_keys",
    "pause_keys",
    "rename_key",
    "set_key_expiry",
    "pause_key",
    "resume_key",
];

pub(crate) fn check(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let function = FUNCTIONS[usize::from(*choice) % FUNCTIONS.len()];
    let request = Request::post(format!("/portal/{function}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, SERVER.cookie())
        .body(Body::from(body.to_vec()))
        .expect("it is a request");
    let answer = SERVER.ask(request);
    let body = String::from_utf8_lossy(&answer.body);
    assert!(matches!(answer.status.as_u16(), 400 | 404 | 413 | 422), "{function} {} {body}", answer.status);
}
