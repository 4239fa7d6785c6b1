//! The first step of every request: questions of gateways are answered here, everything else by the router.

use super::answers::FormAnswers;
use super::client::{ConnectionInfo, Door};
use super::gateway::{Gateways, Hook, VERIFY};
use super::guard;
use super::problem::ProblemDetails;
use crate::services::Services;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use domain::time::Micros;
use http::{HeaderValue, Method, header};
use std::sync::Arc;
use tower::Service;

/// What every listener answers.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// What answers requests.
#[derive(Clone)]
pub struct Entrance {
    gateways: Option<Arc<Gateways>>,
    rest: Router,
    answers: Option<Arc<FormAnswers>>,
}

impl Entrance {
    /// Answers what gateways ask with `services`, all other requests with `rest`.
    #[must_use]
    pub fn new(services: Arc<Services>, rest: Router) -> Self {
        Self { gateways: Some(Arc::new(Gateways::new(services))), rest, answers: None }
    }

    /// Keeps the answers of forms here.
    pub(super) fn keeping(self, answers: Arc<FormAnswers>) -> Self {
        Self { answers: Some(answers), ..self }
    }

    /// Forgets the answers of forms that nobody sent again in time: they may hold secrets.
    pub fn sweep(&self, now: Micros) {
        if let Some(answers) = &self.answers {
            answers.sweep(now);
        }
    }

    /// Answers one request of a connection.
    pub async fn answer(&self, mut request: Request, connection: ConnectionInfo) -> Response {
        // Not by the router, which costs a hook a tenth of all its instructions.
        if let Some(gateways) = &self.gateways
            && let Some(hook) = Hook::of(request.method(), request.uri().path())
        {
            if connection.door == Door::Pages {
                return ProblemDetails::PAGES_ONLY.into_response();
            }
            let is_head = request.method() == Method::HEAD;
            let response = hook.answer(gateways, request, connection).await;
            return if is_head { without_body(response) } else { response };
        }
        match (connection.door, request.uri().path()) {
            (Door::Pages, VERIFY) => return ProblemDetails::PAGES_ONLY.into_response(),
            (Door::Gateways, path) if !HEALTH.contains(&path) && path != VERIFY => {
                return ProblemDetails::GATEWAYS_ONLY.into_response();
            }
            _ => {}
        }
        request.extensions_mut().insert(connection);
        match self.rest.clone().call(request).await {
            Ok(mut response) => {
                guard::seal(response.headers_mut());
                response
            }
            Err(never) => match never {},
        }
    }
}

/// The answer to a HEAD: what a body would have been told of, and none of it (RFC 9110, section 9.3.2). HTTP/1.1
/// leaves it out by itself, HTTP/2 does not.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}

/// Answers everything with a router.
impl From<Router> for Entrance {
    fn from(rest: Router) -> Self {
        Self { gateways: None, rest, answers: None }
    }
}
