//! Property: any body of `POST /v1/verify` is answered 200 with a refusal (there are no keys), 400 or 413, in
//! JSON, and never with an error of the server.

use crate::server::SERVER;
use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::Value;

pub(crate) fn check(data: &[u8]) {
    let request = Request::post("/v1/verify")
        .header(header::AUTHORIZATION, SERVER.gateway())
        .body(Body::from(data.to_vec()))
        .expect("it is a request");
    let answer = SERVER.ask(request);
    let json: Value = serde_json::from_slice(&answer.body).expect("every answer is JSON");
    match answer.status {
        StatusCode::OK => {
            assert_eq!(json["valid"], false);
            let code = json["code"].as_str().unwrap_or_default();
            assert!(matches!(code, "MISSING" | "MALFORMED" | "NOT_FOUND" | "THROTTLED"), "{code}");
            assert!(json.get("key_id").is_none());
            // Numbers that no machine can hold stop this reader, and stand in no field of ours.
            if let Ok(question) = serde_json::from_slice::<Value>(data) {
                assert!(question["key"].is_string() && question["client_ip"].is_string());
            }
        }
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => assert!(json["detail"].is_string()),
        status => panic!("{status}"),
    }
}
