//! The whole server in this process, on an empty data directory, with one user who has no keys.

use axum::body::Body;
use domain::address::Address;
use domain::client_address::Peer;
use domain::time::{Clock, Micros, Steady};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use latchkey::http::{ConnectionInfo, Door, Entrance};
use latchkey::services::{SystemClock, start};
use latchkey::settings::{Layers, Settings};
use service::accounts::operator::{NewUserRequest, new_gateway_token};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// A clock on which a second passes with each look: what is allowed so often in a second is never used up.
#[derive(Default)]
struct Hurried(AtomicI64);

impl Clock for Hurried {
    fn now(&self) -> Micros {
        SystemClock.now()
    }

    fn steady(&self) -> Steady {
        Steady(self.0.fetch_add(Micros::SECOND, Ordering::Relaxed))
    }
}

const PASSWORD: &str = "correct horse battery";

pub(crate) struct Server {
    runtime: Runtime,
    entrance: Entrance,
    gateway_token: String,
    cookie: String,
    _dir: TempDir,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Started by the first target that asks.
pub(crate) static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

impl Server {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let on = ["key_in_query", "sendsms_actions"].map(|name| (name, "true".to_owned()));
        let flags = [("data_dir", dir.path().display().to_string())].into_iter().chain(on);
        let flags = flags.map(|(name, value)| (name, "--fuzz", value)).collect();
        let layers = Layers::load(None, std::iter::empty(), flags).expect("the settings are known");
        let settings = Settings::parse(&layers).expect("the settings fit");
        let (entrance, gateway_token) = runtime.block_on(async {
            let (services, flusher) = start(settings, Arc::new(Hurried::default())).await.expect("it starts");
            #[expect(clippy::disallowed_methods, reason = "an end shows as uses that nobody answers")]
            tokio::spawn(flusher.run(Default::default()));
            let user = NewUserRequest { name: "demouser", ..NewUserRequest::default() };
            services.operator.add_user(user, PASSWORD.to_owned()).await.expect("a user is added");
            let token = new_gateway_token().expect("a token is drawn");
            services.operator.add_gateway("gw", &token).await.expect("a gateway is added");
            (latchkey::http::site(services, tokio::runtime::Handle::current()), token)
        });
        let mut server = Self { runtime, entrance, gateway_token, cookie: String::new(), _dir: dir };
        server.cookie = server.log_in();
        server
    }

    fn log_in(&self) -> String {
        let request = Request::post("/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(format!("username=demouser&password={}", PASSWORD.replace(' ', "+"))));
        let answer = self.ask(request.expect("it is a request"));
        let cookie = answer.headers.get(header::SET_COOKIE).expect("a session begins");
        let cookie = cookie.to_str().expect("a cookie is ASCII");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    /// What a gateway puts into `Authorization`.
    pub(crate) fn gateway(&self) -> String {
        format!("Bearer {}", self.gateway_token)
    }

    /// The cookie of the user's session.
    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Asks from a trusted address.
    pub(crate) fn ask(&self, request: Request<Body>) -> Answer {
        let connection = ConnectionInfo {
            peer: Peer::Address(Address::new([127, 0, 0, 1].into())),
            source: None,
            door: Door::All,
        };
        self.runtime.block_on(async {
            let (parts, body) = self.entrance.answer(request, connection).await.into_parts();
            let body = body.collect().await.expect("the answer has an end").to_bytes().to_vec();
            Answer { status: parts.status, headers: parts.headers, body }
        })
    }
}
