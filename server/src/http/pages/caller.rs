//! Who sent a request to the pages.

use super::set_status;
use crate::accounts::{SessionToken, Visit};
use crate::http::cookies::{self, LANGUAGE};
use crate::http::portal::{Cookie, Outcome, RequestPortal};
use crate::http::router::Site;
use app::{Language, PortalError};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use std::sync::Arc;

/// What a request says of its sender.
pub(super) struct Seen {
    visit: Visit,
    session: Option<SessionToken>,
    language: Language,
}

impl Seen {
    pub(super) fn of(site: &Site, request: &Request) -> Self {
        let headers = request.headers();
        let accepted = text(headers, &header::ACCEPT_LANGUAGE);
        Self {
            visit: Visit {
                address: site.client_address(request),
                user_agent: text(headers, &header::USER_AGENT),
            },
            session: cookies::session(&site.services.settings, headers),
            language: Language::negotiate(cookies::find(headers, LANGUAGE), Some(&accepted)),
        }
    }
}

/// A browser's request, with who sent it.
pub(super) struct Caller {
    pub(super) portal: Arc<RequestPortal>,
    pub(super) language: Language,
}

impl Caller {
    /// Finds out who sent a request; `plain`: a redirect will follow.
    pub(super) async fn find(site: &Site, seen: Seen, plain: bool) -> Result<Self, Response> {
        let services = Arc::clone(&site.services);
        let actor = match &seen.session {
            Some(token) => services.accounts.find_actor(token, &seen.visit).await.map_err(|error| {
                let mut response = "The service cannot answer now; try again shortly.".into_response();
                set_status(&mut response, &error);
                response
            })?,
            None => None,
        };
        let outcome = Arc::new(Outcome::default());
        let language = actor.as_ref().and_then(|actor| actor.language).unwrap_or(seen.language);
        let unread = match &actor {
            Some(actor) => services.notices.count_unread(actor).await,
            None => 0,
        };
        let portal = RequestPortal { services, actor, unread, visit: seen.visit, language, plain, outcome };
        Ok(Self { portal: Arc::new(portal), language })
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.portal.actor.is_some()
    }

    pub(super) fn trouble(&self) -> Option<PortalError> {
        self.portal.outcome.trouble.lock().clone()
    }

    /// Adds what happened to the answer: the session's cookie.
    pub(super) fn finish(&self, mut response: Response) -> Response {
        let settings = &self.portal.services.settings;
        let cookie = match self.portal.outcome.cookie.lock().take() {
            None => None,
            Some(Cookie::Begin(token)) => cookies::set_session(settings, &token),
            Some(Cookie::End) => cookies::clear_session(settings),
        };
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}
