//! The sender of a request to the pages.

use super::set_status;
use crate::http::answers::{Act, Done, Whose};
use crate::http::cookies;
use crate::http::site::Site;
use crate::services::Services;
use app::{Cookie, Language, Outcome, PageRequest, PortalError};
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use domain::address::Address;
use http::{HeaderMap, Uri, header};
use service::accounts::{LoginStep, Reader, SessionToken, Visit, Visitor};
use service::shown_once::ShownName;
use std::sync::Arc;
use store::SessionHash;

/// Where the code of the second factor is given.
pub(in crate::http) const GIVE_CODE: &str = "/login/code";
/// Where a password is changed that is too old.
pub(in crate::http) const RENEW_PASSWORD: &str = "/account/password";

/// What a request says about its sender.
pub(super) struct Seen {
    visit: Visit,
    sessions: Vec<SessionToken>,
    language: Language,
    made: Option<ShownName>,
}

impl Seen {
    pub(super) fn of(site: &Site, request: &Request) -> Self {
        let (settings, headers) = (&site.services.settings, request.headers());
        let accepted = text(headers, &header::ACCEPT_LANGUAGE);
        let sessions = cookies::sessions(settings, headers);
        Self {
            visit: Visit {
                address: site.client_address(request),
                user_agent: text(headers, &header::USER_AGENT),
                session: sessions.first().map(SessionToken::hash),
            },
            sessions,
            language: Language::negotiate(cookies::language(settings, headers), Some(&accepted)),
            made: parameter(request.uri(), "made").and_then(|name| ShownName::parse(&name)),
        }
    }
}

impl Seen {
    /// Returns the visitor of the first cookie that is a session, and the session's newer token if there is one.
    async fn visitor(&mut self, services: &Services) -> Result<(Visitor, Option<SessionToken>), PortalError> {
        for token in &self.sessions {
            let found = services.use_cases.accounts.find_visitor(token, &self.visit).await?;
            if !matches!(found.0, Visitor::Nobody) {
                // The store knows the session by its newer token.
                self.visit.session = Some(found.1.as_ref().unwrap_or(token).hash());
                return Ok(found);
            }
        }
        Ok((Visitor::Nobody, None))
    }
}

/// A browser's request and its sender.
pub(super) struct PageCaller {
    /// What its server functions work with.
    pub(super) asked: Arc<PageRequest>,
    site: Site,
    pub(super) language: Language,
    /// The cookies that may be its session, as they came.
    cookies: Vec<SessionHash>,
}

impl PageCaller {
    /// Finds the sender of a request; `plain` says that a redirect will follow.
    pub(super) async fn find(site: &Site, mut seen: Seen, plain: bool) -> Result<Self, Response> {
        let services = Arc::clone(&site.services);
        let (visitor, newer) = seen.visitor(&services).await.map_err(|error| {
            let mut response = "The service cannot answer now; try again shortly.".into_response();
            set_status(&mut response, &error);
            response
        })?;
        let (actor, reader, unfinished) = match visitor {
            Visitor::Nobody => (None, Reader::default(), None),
            Visitor::Unfinished(unfinished) => {
                (None, Reader { language: unfinished.language, ..Reader::default() }, Some(unfinished))
            }
            Visitor::Complete(actor, reader) => (Some(actor), reader, None),
        };
        let language = reader.language.unwrap_or(seen.language);
        let unread = match &actor {
            Some(actor) => services.use_cases.notices.count_unread(actor).await,
            None => 0,
        };
        let Seen { visit, made, sessions, .. } = seen;
        let cookies = sessions.iter().map(SessionToken::hash).collect();
        let asked = PageRequest {
            use_cases: Arc::clone(&services.use_cases),
            actor,
            reader,
            unfinished,
            unread,
            visit,
            language,
            plain,
            newer,
            made,
            outcome: Outcome::default(),
        };
        Ok(Self { asked: Arc::new(asked), site: site.clone(), language, cookies })
    }

    /// Returns the act of the form that this request sends; none if equal forms are acts of their own.
    pub(super) fn act(&self, uri: &Uri, body: &[u8]) -> Option<Act> {
        let whose = self.asked.session().map_or_else(|| Whose::Source(self.source()), Whose::Session);
        Act::of(whose, &self.cookies, uri, body)
    }

    /// Returns the address that stands for the sender; none where it is unknown.
    fn source(&self) -> Option<Address> {
        self.asked.visit.address.known().map(Address::source)
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.asked.actor.is_some()
    }

    /// Returns the one page that a session sees while its login is unfinished.
    pub(super) fn login_step_page(&self) -> Option<&'static str> {
        self.asked.unfinished.as_ref().map(|unfinished| match unfinished.step {
            LoginStep::Code => GIVE_CODE,
            LoginStep::Password => RENEW_PASSWORD,
        })
    }

    /// Leads a visitor to what they have to do first, and back afterwards.
    pub(super) fn lead(&self, uri: &Uri) -> Response {
        if self.site.services.setup.is_open() {
            return Redirect::to(SETUP).into_response();
        }
        let back = back_of(uri);
        let query = serde_urlencoded::to_string([("next", back.as_str())]).unwrap_or_default();
        let page = self.login_step_page().unwrap_or("/login");
        Redirect::to(&format!("{page}?{query}")).into_response()
    }

    pub(super) fn trouble(&self) -> Option<PortalError> {
        self.asked.outcome.trouble.lock().clone()
    }

    /// Returns where a form leads that lands at `path`: to the secret that it made, if it made one, and to a page that says
    /// what was done.
    pub(super) fn landing(&self, path: &str) -> String {
        let made = self.asked.outcome.made.lock();
        let path = made.as_ref().map_or_else(|| path.to_owned(), |name| app::with_made(path, name.as_str()));
        match &*self.asked.outcome.said.lock() {
            Some(said) if path.contains('?') => format!("{path}&done={said}"),
            Some(said) => format!("{path}?done={said}"),
            None => path,
        }
    }

    /// Returns the name under which the secret that was made is shown.
    pub(super) fn made(&self) -> Option<ShownName> {
        self.asked.outcome.made.lock().clone()
    }

    /// Adds the session's cookie to the answer.
    pub(super) fn finish(&self, response: Response) -> Response {
        self.done(response).response
    }

    /// The same for a form that was carried out.
    pub(super) fn done(&self, mut response: Response) -> Done {
        let outcome = &self.asked.outcome;
        if let Some(session) = *outcome.ended.lock() {
            self.site.answers.forget_session(session, self.source());
        }
        if let Some(name) = &*outcome.had.lock() {
            self.site.answers.forget_shown(name);
        }
        let settings = &self.site.services.settings;
        let (line, cookie) = match self.asked.take_cookie() {
            None => (None, None),
            Some(Cookie::Begin(token)) => (cookies::set_session(settings, &token), Some(token.hash())),
            Some(Cookie::End) => (cookies::clear_session(settings), None),
        };
        if let Some(line) = line {
            response.headers_mut().append(header::SET_COOKIE, line);
        }
        Done { cookie, ..response.into() }
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

/// The page of the first account. Without its link it says how to get one.
pub(in super::super) const SETUP: &str = "/setup";

/// Returns where a visitor comes back to: this address, or the `next` of a page on the way.
pub(super) fn back_of(uri: &Uri) -> String {
    if ![GIVE_CODE, RENEW_PASSWORD].contains(&uri.path()) {
        return uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    }
    app::local_path(parameter(uri, "next").as_deref()).to_owned()
}

/// Returns a parameter of an address.
pub(in crate::http) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(uri.query()?).ok()?;
    pairs.into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}
