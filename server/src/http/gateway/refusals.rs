//! Refusals towards gateways' clients, each prepared once: a flood of them must not cost more than what may pass.

use super::authz::Dialect;
use super::hint::Hint;
use super::preflight;
use crate::http::problem::refusal;
use crate::http::statuses::{for_nginx, of_verdict};
use crate::settings::{KeyHeader, Settings};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use contract::Code;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use service::verify::Verdict;
use std::sync::OnceLock;

const CODE: HeaderName = HeaderName::from_static("x-latchkey-code");
const STATUS: HeaderName = HeaderName::from_static("x-latchkey-status");
const DETAIL: HeaderName = HeaderName::from_static("x-latchkey-detail");

/// Hints, and none.
const HINTS: usize = Hint::COUNT + 1;

/// All refusals of an installation. Those that were never given take no room but their place.
pub(super) struct Refusals {
    key_header: KeyHeader,
    /// Whether pages of other sites may read why they were refused.
    pages_may_read: bool,
    for_nginx: [[PreparedOnce; HINTS]; Code::ALL.len()],
    for_others: [[PreparedOnce; HINTS]; Code::ALL.len()],
}

type PreparedOnce = OnceLock<Box<Prepared>>;

/// All of an answer but how long to wait.
struct Prepared {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Refusals {
    /// Refuses as the settings say.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            key_header: settings.key_header.clone(),
            pages_may_read: settings.cors_preflights_pass,
            for_nginx: Default::default(),
            for_others: Default::default(),
        }
    }

    /// The answer to a request that may not pass.
    pub(super) fn answer(&self, dialect: Dialect, verdict: &Verdict, hint: Option<Hint>) -> Response {
        let places = if dialect == Dialect::AuthRequest { &self.for_nginx } else { &self.for_others };
        let place = &places[verdict.code as usize][hint.map_or(0, |hint| 1 + hint as usize)];
        let prepared = place.get_or_init(|| Box::new(self.prepare(dialect, verdict.code, hint)));
        let mut response = Response::new(Body::from(prepared.body.clone()));
        *response.status_mut() = prepared.status;
        *response.headers_mut() = prepared.headers.clone();
        if let Some(seconds) = verdict.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn prepare(&self, dialect: Dialect, code: Code, hint: Option<Hint>) -> Prepared {
        let status = of_verdict(code);
        let hint =
            hint.filter(|_| status == StatusCode::UNAUTHORIZED).map(|hint| hint.text(&self.key_header));
        let (mut headers, body) = refusal(status, hint.as_deref());
        headers.insert(CODE, HeaderValue::from_static(code.name()));
        headers.insert(STATUS, HeaderValue::from(status.as_u16()));
        // nginx passes no body of ours on.
        if let (Dialect::AuthRequest, Some(hint)) = (dialect, &hint) {
            headers.insert(DETAIL, HeaderValue::from_str(hint).expect("hints are printable ASCII"));
        }
        if self.pages_may_read {
            preflight::let_pages_read(&mut headers);
        }
        let status = if dialect == Dialect::AuthRequest { for_nginx(status) } else { status };
        Prepared { status, headers, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use http_body_util::BodyExt;

    fn refusals(preflights: &str) -> Refusals {
        let flags = vec![("cors_preflights", "--test", preflights.to_owned())];
        Refusals::new(&Settings::parse(&Layers::load(None, std::iter::empty(), flags).unwrap()).unwrap())
    }

    async fn detail(response: Response) -> String {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        body["detail"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn each_refusal_is_its_own_however_often_it_is_given() {
        let refusals = refusals("ask");
        for _ in 0..2 {
            for dialect in [Dialect::AuthRequest, Dialect::ForwardAuth, Dialect::ExtAuthz] {
                for hint in [None, Some(Hint::NoKey), Some(Hint::BasicUsername)] {
                    let response = refusals.answer(dialect, &Verdict::refuse(Code::Malformed), hint);
                    let text = hint.map(|hint| hint.text(&KeyHeader::Either));
                    let told =
                        response.headers().get("x-latchkey-detail").map(|v| v.to_str().unwrap().to_owned());
                    let for_nginx = text.clone().filter(|_| dialect == Dialect::AuthRequest);
                    assert_eq!(told, for_nginx, "{dialect:?} {hint:?}");
                    let detail = detail(response).await;
                    assert_eq!(
                        detail.strip_prefix("A valid API key is needed.").unwrap().trim(),
                        text.unwrap_or_default()
                    );
                }
            }
        }
    }

    #[test]
    fn the_time_to_wait_belongs_to_one_answer() {
        let (refusals, wait) = (refusals("ask"), header::RETRY_AFTER);
        let mut verdict = Verdict::refuse(Code::Throttled);
        for seconds in [Some(7), None, Some(12)] {
            verdict.retry_after_seconds = seconds;
            for (dialect, status) in [(Dialect::AuthRequest, 403), (Dialect::ForwardAuth, 429)] {
                let response = refusals.answer(dialect, &verdict, None);
                let told = response.headers().get(&wait).map(|value| value.to_str().unwrap().to_owned());
                assert_eq!(told, seconds.map(|seconds| seconds.to_string()));
                assert_eq!(response.status().as_u16(), status);
                assert_eq!(response.headers()["x-latchkey-status"], "429");
                assert!(!response.headers().contains_key("access-control-allow-origin"));
            }
        }
    }

    #[test]
    fn pages_may_read_where_preflights_pass() {
        let response = refusals("pass").answer(Dialect::ExtAuthz, &Verdict::refuse(Code::Deleted), None);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
}
