//! Applications ask for keys (RFC 8628): `POST /oauth/device_authorization`, then `POST /oauth/token` until the customer has
//! decided.
//!
//! Anybody may ask. Both read forms and answer JSON that nobody stores, with the errors of RFC 6749, section 5.2. Run on the
//! pages' runtime.

mod error;
mod form;

pub(super) use error::OAuthError;

use super::access;
use super::client;
use super::statuses::only_post;
use crate::services::Services;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use contract::Refusal;
use domain::client_address::ClientAddress;
use form::Form;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use service::applications::{Answer, Applications, AskedApplication, Asking};
use std::sync::Arc;

/// What all of it stands under.
const UNDER: &str = "/oauth/";
/// Where a customer types the code.
const APPROVE: &str = "/account/applications/approve";
/// The one grant that is known.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The most bytes of a body: three addresses at their longest, each character written as three, and more.
const BODY_LIMIT: usize = 32 * 1024;

/// The routes; none where applications are switched off.
pub(super) fn router(services: Arc<Services>) -> Router {
    if services.use_cases.applications.is_none() {
        return Router::new();
    }
    Router::new()
        .route("/oauth/device_authorization", post(ask).fallback(|| async { only_post() }))
        .route("/oauth/token", post(fetch).fallback(|| async { only_post() }))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::clone(&services), around))
        .with_state(services)
}

/// The answer to a request that got no place, in the words of those who asked.
pub(super) fn refused_place(path: &str, answer: Response) -> Response {
    if !path.starts_with(UNDER) {
        return answer;
    }
    match answer.status() {
        StatusCode::PAYLOAD_TOO_LARGE => OAuthError::TooLarge.into_response(),
        _ => OAuthError::Refused(Refusal::Busy).into_response(),
    }
}

/// Finds where a request came from, and keeps answers out of every store.
async fn around(State(services): State<Arc<Services>>, mut request: Request, next: Next) -> Response {
    let from = client::of_page(&services, request.extensions(), request.headers());
    request.extensions_mut().insert(CameFrom(from));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    access::note_client(&mut response, from.known());
    response
}

/// Where a request came from.
#[derive(Clone, Copy)]
struct CameFrom(ClientAddress);

/// What an application sent, and from where.
struct Sent {
    form: Form,
    from: ClientAddress,
}

impl FromRequest<Arc<Services>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, services: &Arc<Services>) -> Result<Self, Response> {
        let from = request.extensions().get().map_or(ClientAddress::Unknown, |CameFrom(from)| *from);
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, services).await.map_err(IntoResponse::into_response)?;
        let form = Form::read(&headers, &body).map_err(IntoResponse::into_response)?;
        Ok(Self { form, from })
    }
}

/// The use cases; there are none where the routes are not.
fn applications(services: &Services) -> Result<&Applications, OAuthError> {
    services.use_cases.applications.as_ref().ok_or(OAuthError::Refused(Refusal::NotFound))
}

/// A request that was taken (RFC 8628, section 3.2).
#[derive(Serialize)]
struct Authorization<'a> {
    device_code: &'a str,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: u32,
}

async fn ask(
    State(services): State<Arc<Services>>,
    Sent { form, from }: Sent,
) -> Result<Response, OAuthError> {
    // Programs that know OAuth and not us send the one name they have.
    let name = form.get("client_name").or_else(|| form.get("client_id"));
    let asked = AskedApplication {
        name: name.ok_or(OAuthError::Missing("client_name"))?,
        icon_url: form.get("icon_url"),
        return_url: form.get("return_url"),
    };
    let asking = applications(&services)?.ask(asked, from).await?;
    let verification_uri = format!("{}{APPROVE}", services.settings.public_url.origin);
    let Asking { device_code, user_code, expires_in, interval } = asking;
    let user_code = user_code.to_string();
    Ok(json(&Authorization {
        device_code: device_code.expose(),
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        user_code,
        verification_uri,
        expires_in,
        interval,
    }))
}

/// A key that is handed over (RFC 6749, section 5.1).
#[derive(Serialize)]
struct Token<'a> {
    access_token: &'a str,
    token_type: &'static str,
}

async fn fetch(
    State(services): State<Arc<Services>>,
    Sent { form, from }: Sent,
) -> Result<Response, OAuthError> {
    if form.require("grant_type")? != DEVICE_CODE {
        return Err(OAuthError::UnsupportedGrantType);
    }
    let code = form.require("device_code")?;
    match applications(&services)?.fetch_key(code, from).await.map_err(OAuthError::Refused)? {
        Answer::Token(token) => Ok(json(&Token { access_token: token.expose(), token_type: "Bearer" })),
        Answer::Pending => Err(OAuthError::Pending),
        Answer::SlowDown => Err(OAuthError::SlowDown),
        Answer::Expired => Err(OAuthError::Expired),
        Answer::Denied => Err(OAuthError::Denied),
        Answer::Unknown => Err(OAuthError::InvalidGrant),
    }
}

fn json(body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("answers of ours are JSON");
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
