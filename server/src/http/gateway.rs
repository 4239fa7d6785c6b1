//! What gateways ask: `POST /v1/verify`, and the endpoints of their own authentication hooks.

mod authz;
mod credential;
mod hint;
mod preflight;
mod presented;
pub(super) mod probed;
mod query;
mod refusals;
mod verify;

use super::client::ConnectionInfo;
use super::statuses;
use crate::services::Services;
use authz::Dialect;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use http::{Method, StatusCode};
use refusals::Refusals;
use std::sync::Arc;
pub(super) use verify::__path_verify;

/// Where gateways and backends ask in JSON.
pub(super) const VERIFY: &str = "/v1/verify";
/// Envoy puts the client's own path behind this one.
const EXT_AUTHZ: &str = "/authz/ext-authz";

/// What answers gateways.
pub(super) struct Gateways {
    pub(super) services: Arc<Services>,
    refusals: Refusals,
}

impl Gateways {
    /// Answers as the settings of an installation say.
    pub(super) fn new(services: Arc<Services>) -> Self {
        let refusals = Refusals::new(&services.settings);
        Self { services, refusals }
    }
}

/// What a gateway asks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    /// A JSON question.
    Verify,
    /// The hook of a gateway's own.
    Authz(Dialect),
}

impl Hook {
    /// The hook at a path, if one is there.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        match path {
            VERIFY => (method == Method::POST).then_some(Self::Verify),
            "/authz/forward-auth" => Some(Self::Authz(Dialect::ForwardAuth)),
            "/authz/auth-request" => Some(Self::Authz(Dialect::AuthRequest)),
            path => {
                let rest = path.strip_prefix(EXT_AUTHZ)?;
                (rest.is_empty() || rest.starts_with('/')).then_some(Self::Authz(Dialect::ExtAuthz))
            }
        }
    }

    /// Answers one question.
    pub(super) async fn answer(
        self,
        gateways: &Gateways,
        request: Request,
        connection: ConnectionInfo,
    ) -> Response {
        match self {
            Self::Verify => verify::verify(&gateways.services, request, connection.peer).await,
            Self::Authz(dialect) => {
                authz::answer(gateways, request.into_parts().0, connection, dialect).await
            }
        }
    }
}

/// What is asked seldom; of the hooks only that they take no other method.
pub(super) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route(VERIFY, any(|| async { statuses::only_post() }))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(services)
}

async fn ready(axum::extract::State(services): axum::extract::State<Arc<Services>>) -> (StatusCode, String) {
    statuses::of_readiness(services.ready().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_known_by_their_paths() {
        let of = |path: &str| Hook::of(&Method::GET, path);
        assert_eq!(of("/authz/forward-auth"), Some(Hook::Authz(Dialect::ForwardAuth)));
        assert_eq!(of("/authz/auth-request"), Some(Hook::Authz(Dialect::AuthRequest)));
        for path in ["/authz/ext-authz", "/authz/ext-authz/", "/authz/ext-authz/orders/7"] {
            assert_eq!(of(path), Some(Hook::Authz(Dialect::ExtAuthz)), "{path}");
        }
        let others =
            ["", "/", "/v1/verify", "/authz", "/authz/forward-auth/", "/authz/ext-authzz", "/authz/x"];
        for path in others {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(Hook::of(&Method::POST, "/v1/verify"), Some(Hook::Verify));
    }
}
