//! Who asks: the user of the key in `Authorization: Bearer`, if it may pass and may manage keys.
//!
//! The key is judged as at a gateway, and a request that is let in counts as a use of it. A key that may not manage keys is not used by asking here, so that it
//! is neither counted nor locked to an address.

use super::{Api, ApiError, limits};
use crate::http::access;
use crate::http::client;
use crate::http::shown_key::ShownKey;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::{Code, Refusal};
use domain::address::Address;
use domain::ids::KeyId;
use domain::quota::{Quota, Standing};
use http::{HeaderMap, HeaderValue, header};
use service::accounts::{Actor, KeyManager};
use service::verify::Verdict;

/// Who asks.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) actor: Actor,
    /// With which key.
    pub(super) key: KeyId,
}

impl Caller {
    /// The proof that they may change keys.
    pub(super) fn may_manage(&self) -> Result<KeyManager<'_>, ApiError> {
        Ok(self.actor.may_manage()?)
    }

    /// Counts a change, as the pages do.
    pub(super) fn count_change(&self, api: &Api) -> Result<(), ApiError> {
        let services = &api.services;
        Ok(services.use_cases.changes.count(&self.actor, services.clock.steady())?)
    }
}

/// Lets a request in.
pub(super) async fn admit(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let address = client::of_page(&api.services, request.extensions(), request.headers()).known();
    let mut quota = None;
    let mut response = match identify(&api, request.headers(), address, &mut quota).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    if let Some((quota, standing)) = quota {
        limits::tell(response.headers_mut(), quota, standing);
    }
    access::note_client(&mut response, address);
    response
}

async fn identify(
    api: &Api,
    headers: &HeaderMap,
    address: Option<Address>,
    quota: &mut Option<(Quota, Standing)>,
) -> Result<Caller, ApiError> {
    let token = bearer(headers)?;
    let address = address.ok_or_else(|| refusal(&Verdict::refuse(Code::NoClientAddress)))?;
    let shown = ShownKey { services: &api.services, token, username: None, address };
    let entry = shown.find().await.map_err(|verdict| refusal(&verdict))?;
    let actor = match api.keys().find_caller(&entry, address).await {
        Err(Refusal::Forbidden) => return Err(ApiError::NotPermitted),
        found => found?,
    };
    if let Some((of, standing)) = api.limits.charge(entry.id, 1, api.services.clock.steady()) {
        *quota = Some((of, standing));
        if !standing.allowed {
            return Err(ApiError::TooOften { retry_after_seconds: standing.reset_seconds });
        }
    }
    shown.count().await.map_err(|verdict| refusal(&verdict))?;
    Ok(Caller { actor, key: entry.id })
}

fn refusal(verdict: &Verdict) -> ApiError {
    ApiError::Key { code: verdict.code, retry_after_seconds: verdict.retry_after_seconds }
}

/// The token in the one line `Authorization: Bearer` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let key = |code| ApiError::Key { code, retry_after_seconds: None };
    let mut lines = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::to_str);
    match (lines.next(), lines.next()) {
        (None, _) => Err(key(Code::Missing)),
        (Some(Ok(line)), None) => match line.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Ok(token.trim())
            }
            _ => Err(key(Code::Missing)),
        },
        _ => Err(key(Code::Malformed)),
    }
}
