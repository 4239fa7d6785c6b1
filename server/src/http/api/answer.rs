//! Answers to programs: JSON that nobody stores.

use crate::http::statuses;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

/// An answer as it is given, and kept for a request that may come again.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    made: Made,
    /// The path of what was made.
    location: Option<String>,
    body: String,
}

/// What a request did.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Made {
    /// Something new is there.
    New,
    /// There is nothing to say.
    Nothing,
}

impl Answer {
    /// About something that was made.
    pub(super) fn made(path: Option<String>, body: &impl Serialize) -> Self {
        Self { made: Made::New, location: path, body: json(body) }
    }

    /// There is nothing to say.
    pub(super) fn done() -> Self {
        Self { made: Made::Nothing, location: None, body: String::new() }
    }

    /// The bytes that are kept.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts are JSON")
    }

    /// An answer that was kept.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        if self.made == Made::Nothing {
            return statuses::DONE.into_response();
        }
        let mut response = (statuses::MADE, json_headers(), self.body).into_response();
        let location = self.location.and_then(|path| HeaderValue::from_str(&path).ok());
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("answers of ours are JSON")
}

fn json_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
}

/// What was asked for.
pub(super) fn found(body: &impl Serialize) -> Response {
    (StatusCode::OK, json_headers(), json(body)).into_response()
}

/// Adds what every answer carries.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
