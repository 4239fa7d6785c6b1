//! Where every request comes in: what gateways ask is answered right here, everything else by the router.

use super::client::Caller;
use super::gateway::Hook;
use crate::services::Services;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use std::sync::Arc;
use tower::Service;

/// What answers requests.
#[derive(Clone)]
pub struct Entrance {
    gateways: Option<Arc<Services>>,
    rest: Router,
}

impl Entrance {
    /// Answers what gateways ask with `services`, all other requests with `rest`.
    #[must_use]
    pub fn new(services: Arc<Services>, rest: Router) -> Self {
        Self { gateways: Some(services), rest }
    }

    /// Answers one request of `caller`.
    pub async fn answer(&self, mut request: Request, caller: Caller) -> Response {
        // Not by the router, which costs a hook a tenth of all its instructions.
        if let Some(services) = &self.gateways
            && let Some(hook) = Hook::of(request.method(), request.uri().path())
        {
            return hook.answer(services, request, caller).await;
        }
        request.extensions_mut().insert(caller);
        match self.rest.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Answers everything with a router.
impl From<Router> for Entrance {
    fn from(rest: Router) -> Self {
        Self { gateways: None, rest }
    }
}
