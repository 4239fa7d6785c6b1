//! Property: whatever is sent to sendSMS's actions, the answer has status 200, and its body says what became of it. Nobody
//! has a key here, so only what takes none is done.

use crate::server::SERVER;
use axum::body::Body;
use http::{Request, header};
use serde_json::Value;

/// In what a body may come: `None` stands for the query.
const FORMS: [Option<&str>; 4] = [
    None,
    Some("application/x-www-form-urlencoded"),
    Some("multipart/form-data; boundary=x"),
    Some("application/json"),
];

pub(crate) fn check(data: &[u8]) {
    let Some((choice, sent)) = data.split_first() else { return };
    let request = match FORMS[usize::from(*choice) % FORMS.len()] {
        None => {
            let Ok(query) = std::str::from_utf8(sent) else { return };
            Request::get(format!("/json?{query}")).body(Body::empty())
        }
        Some(form) => {
            Request::post("/json").header(header::CONTENT_TYPE, form).body(Body::from(sent.to_vec()))
        }
    };
    // Not every text is an address.
    let Ok(request) = request else { return };
    let answer = SERVER.ask(request);
    assert_eq!(answer.status.as_u16(), 200);
    let told: Value = serde_json::from_slice(&answer.body).expect("it is JSON");
    let status = told["status"].as_i64().expect("it has a status");
    assert!(told["message"].is_string() && told.get("details").is_some(), "{told}");
    let is_refused = (-15..0).contains(&status) && told["details"]["ErrorMessages"].is_string();
    // What ping says, or the code of an application that asks for a key.
    let is_open = told["details"].as_str().is_some_and(|text| text == "pong" || text.len() == 43);
    assert!(is_refused || (status == 0 && is_open), "{told}");
}
