//! The harness: a server in this process on a data directory of its own, and those who talk to it.
//!
//! Helpers go through what outsiders can reach (pages, verify API, operator's verbs), never into the
//! database.

pub(crate) use crate::answer::Answer;
pub(crate) use crate::browser::{
    Browser, Key, history_lines, key_ids, last_webhook, shown_link, shown_token, without_masked,
};
use axum::body::Body;
use contract::Cause;
use domain::address::Address;
use domain::client_address::Peer;
use domain::ids::{KeyId, UserNumber, Username};
use domain::time::{Clock, Micros, Steady};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use latchkey::http::{ConnectionInfo, Door, Entrance};
use latchkey::services::{Services, start};
use latchkey::settings::{Layers, Settings};
use parking_lot::Mutex;
use service::accounts::operator::{NewUserRequest, new_gateway_token};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{
    Action, Audit, HistoryFilter, HistoryFrom, HistoryLine, KeyScope, NewNotice, NoticeFacts, StoreError,
    UserRow,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "correct horse battery";
/// Where browsers are, as the proxy before the pages says.
pub(crate) const HOME: &str = "192.0.2.10";
/// 2026-01-15 12:00:00 UTC, where the clock of the tests stands until it is moved.
pub(crate) const START: i64 = 1_768_478_400;

/// A clock that tests move: the time of day, and how far it is from the steady one.
pub(crate) struct TestClock(AtomicI64, AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * Micros::SECOND, Ordering::SeqCst);
    }

    /// Sets the time of day by that much, as an operator or a time server does.
    pub(crate) fn set_by(&self, seconds: i64) {
        self.advance(seconds);
        self.1.fetch_add(seconds * Micros::SECOND, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Steady {
        Steady(self.0.load(Ordering::SeqCst) - self.1.load(Ordering::SeqCst))
    }
}

/// A server in this process.
pub(crate) struct TestApp {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) dir: Arc<TempDir>,
    entrance: Entrance,
    stop: CancellationToken,
    counting: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(flags: &[(&'static str, &str)]) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(START * Micros::SECOND), AtomicI64::new(0)));
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), clock, flags).await
    }

    async fn start_in(dir: Arc<TempDir>, clock: Arc<TestClock>, flags: &[(&'static str, &str)]) -> Self {
        let mut all = vec![("data_dir", "--test", dir.path().display().to_string())];
        all.extend(flags.iter().map(|(name, value)| (*name, "--test", (*value).to_owned())));
        let settings = Settings::parse(&Layers::load(None, std::iter::empty(), all).unwrap()).unwrap();
        let (services, flusher) = start(settings, clock.clone()).await.unwrap();
        let stop = CancellationToken::new();
        let counting = Mutex::new(Some(tokio::spawn(flusher.run(stop.clone()))));
        let entrance = latchkey::http::site(services.clone(), tokio::runtime::Handle::current());
        Self { services, clock, dir, entrance, stop, counting }
    }

    /// Stops the server and starts it again on the same data.
    pub(crate) async fn restart(self) -> Self {
        let (dir, clock) = (self.dir.clone(), self.clock.clone());
        self.stop().await;
        Self::start_in(dir, clock, &[]).await
    }

    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        let counting = self.counting.lock().take();
        counting.unwrap().await.unwrap().unwrap();
        self.services.store.close().await;
    }

    pub(crate) async fn add_user(&self, name: &str) {
        self.add_sub_user(name, None).await;
    }

    pub(crate) async fn add_sub_user(&self, name: &str, owner: Option<&str>) {
        let user = NewUserRequest { owner, ..self::owner(name) };
        self.services.operator.add_user(user, PASSWORD.to_owned()).await.unwrap();
    }

    /// Adds a user whose mail address counts as confirmed.
    pub(crate) async fn add_user_with_mail(&self, name: &str) -> UserNumber {
        let email = format!("{name}@example.org");
        let user = NewUserRequest { email: Some(&email), ..owner(name) };
        self.services.operator.add_user(user, PASSWORD.to_owned()).await.unwrap();
        self.user(name).await.number
    }

    pub(crate) async fn reset_password(&self, name: &str, password: &str) {
        self.services.operator.reset_password(name, password.to_owned()).await.unwrap();
    }

    /// What the store knows of a user.
    pub(crate) async fn user(&self, name: &str) -> UserRow {
        let name = Username::parse(name).unwrap();
        self.services.store.find_user(&name).await.unwrap().expect("there is such a user")
    }

    /// The latest lines that concern a user, newest first.
    pub(crate) async fn history_of(&self, name: &str) -> Vec<HistoryLine> {
        let filter = HistoryFilter::all(KeyScope::User(self.user(name).await.number));
        self.services.store.list_history(filter, HistoryFrom::Skipping(0), 100).await.unwrap()
    }

    /// The notices of a user by one cause, newest first, after all that is gathered is written down.
    pub(crate) async fn told(&self, name: &str, cause: Cause) -> Vec<NoticeFacts> {
        self.services.use_cases.notices.flush().await;
        let user = self.user(name).await;
        let notices = self.services.store.list_notices(user.number, 0, 1000).await.unwrap();
        notices.into_iter().filter(|notice| notice.cause == cause).collect()
    }

    /// Tells a user something that happened so often, all of it from one address.
    pub(crate) async fn tell(&self, user: UserNumber, cause: Cause, key: Option<KeyId>, count: u64) {
        let (at, addresses) = (self.clock.now(), vec![(Address::parse("203.0.113.8").unwrap(), count)]);
        let notice = NewNotice { user, cause, key, at, count, addresses, detail: String::new() };
        self.services.store.insert_notices(vec![notice]).await.unwrap();
    }

    /// A line of the history about an act of `demo`.
    pub(crate) fn act(&self, user: UserNumber, action: Action) -> Audit {
        let (at, actor, detail) = (self.clock.now(), "demo".to_owned(), String::new());
        Audit { at, action, actor, user: Some(user), address: None, detail, asker: None }
    }

    /// A user's browser without JavaScript, logged in.
    pub(crate) async fn browser(&self, name: &str) -> Browser<'_> {
        let browser = self.stranger();
        let answer = browser.post("/login", &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// A browser that is not logged in.
    pub(crate) fn stranger(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A gateway with a token.
    pub(crate) async fn gateway(&self, name: &str) -> Gateway<'_> {
        let token = new_gateway_token().unwrap();
        self.services.operator.add_gateway(name, &token).await.unwrap();
        Gateway { app: self, token }
    }

    pub(crate) async fn send(&self, peer: &str, request: Request<Body>) -> Answer {
        let response = self.respond(peer, request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The answer as it goes out, not fetched yet.
    pub(crate) async fn respond(&self, peer: &str, request: Request<Body>) -> Response<Body> {
        // A test that speaks of a PROXY header puts it there.
        let source = request.extensions().get().copied();
        let peer = match peer {
            "unix" => Peer::Unix,
            address => Peer::Address(Address::parse(address.trim_matches(['[', ']'])).unwrap()),
        };
        self.entrance.answer(request, ConnectionInfo { peer, source, door: Door::All }).await
    }

    /// Asks as a trusted nginx would, for a client with this token and address.
    pub(crate) async fn authz(&self, token: &str, client: &str) -> Answer {
        let headers = [("x-api-key", token), ("x-forwarded-for", client)];
        self.authz_with("/authz/auth-request", "127.0.0.1", &headers).await
    }

    pub(crate) async fn authz_with(&self, path: &str, peer: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(peer, request.body(Body::empty()).unwrap()).await
    }
}

/// A new owner of that name.
pub(crate) fn owner(name: &str) -> NewUserRequest<'_> {
    NewUserRequest { name, ..NewUserRequest::default() }
}

/// A gateway that asks in JSON.
pub(crate) struct Gateway<'a> {
    app: &'a TestApp,
    pub(crate) token: String,
}

impl Gateway<'_> {
    pub(crate) async fn verify(&self, question: serde_json::Value) -> Answer {
        self.ask(&format!("Bearer {}", self.token), question.to_string().into()).await
    }

    pub(crate) async fn ask(&self, authorization: &str, body: Body) -> Answer {
        let mut request = Request::post("/v1/verify").header("content-type", "application/json");
        if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        }
        self.app.send("203.0.113.99", request.body(body).unwrap()).await
    }

    /// Asks for one key and address; answers the code.
    pub(crate) async fn code(&self, token: &str, client: &str) -> String {
        let answer = self.verify(serde_json::json!({"key": token, "client_ip": client})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()["code"].as_str().unwrap().to_owned()
    }
}
