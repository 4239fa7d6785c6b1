//! Routes: which handler answers a path, and on which thread.
//!
//! Verifications are answered on the thread that reads the connection. A page takes a thousand times longer, so pages run
//! on a runtime of their own and never delay a verification.

use super::actions;
use super::answers::FormAnswers;
use super::api::{self, Limits};
use super::client::ConnectionInfo;
use super::cookies;
use super::entrance::Entrance;
use super::forms::take;
use super::gateway;
use super::gateway::probed;
use super::guard::Sender;
use super::held::{IsFile, hold};
use super::load::{FORM_LIMIT, admit_page};
use super::oauth;
use super::one_click::is_one_click;
use super::pages::{
    choose_language, export_codes, export_history, export_keys, login_step_page, missing_page, open_page,
    plain_form, server_function, setup_page, user_page,
};
use super::problem::ProblemDetails;
use super::site::Site;
use super::statuses::of_portal;
use super::{access, assets, client, guard};
use crate::services::Services;
use crate::settings::Settings;
use crate::traffic::Held;
use any_spawner::Executor;
use app::{CODES_FILE, Forms, HISTORY_EXPORT, KEYS_EXPORT, Language, PAGES, Page, PortalError, SeenBy};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use service::priority::stand_back;
use std::sync::Arc;
use tokio::runtime::Handle;
use tower::ServiceExt;

/// Where the program in the browser asks.
const SERVER_FUNCTIONS: &str = "/portal/";

/// Everything the server answers; what is not for gateways runs on `pages`.
pub fn site(services: Arc<Services>, pages: Handle) -> Entrance {
    let answers = Arc::<FormAnswers>::default();
    let site = Site {
        services: Arc::clone(&services),
        files: assets::site_files(),
        answers: Arc::clone(&answers),
        guide: Arc::new(api::guide(&services.settings.public_url.origin)),
    };
    // `generate_route_list` would do this too, but while it runs no page of the process loads anything. The call fails
    // if the executor was started before, and then nothing is left to do.
    let _ = Executor::init_tokio();
    let limits = Arc::new(Limits::new(services.settings.api_requests_per_minute));
    let portal = portal(site)
        .merge(api::router(Arc::clone(&services), Arc::clone(&limits)))
        .merge(oauth::router(Arc::clone(&services)))
        .merge(actions::router(Arc::clone(&services), limits));
    let gateways = Arc::clone(&services);
    let rest = gateway::router(Arc::clone(&services)).fallback(move |request: Request| {
        let (services, portal, pages) = (Arc::clone(&services), portal.clone(), pages.clone());
        async move {
            let path = request.uri().path().to_owned();
            match admit_page(&services, request).await {
                Ok((request, place)) => answer_page(&services.settings, request, place, portal, &pages).await,
                Err(refusal) => refused_place(&services.settings, &path, *refusal),
            }
        }
    });
    Entrance::new(gateways, rest).keeping(answers)
}

/// The answer to a request that got no place, in the words of those who asked.
fn refused_place(settings: &Settings, path: &str, answer: Response) -> Response {
    let answer = oauth::refused_place(path, api::refused_place(path, answer));
    actions::refused_place(settings, path, answer)
}

async fn answer_page(
    settings: &Settings,
    request: Request,
    place: Held,
    portal: Router,
    pages: &Handle,
) -> Response {
    let answering = async move {
        stand_back();
        // Linux treats many pages in a row as one piece of work and lets this thread run for milliseconds, whatever its
        // priority. The yield lets the verifying thread run between two pages.
        std::thread::yield_now();
        match portal.oneshot(request).await {
            Ok(response) => hold(response, place).await,
            Err(never) => match never {},
        }
    };
    #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
    let page = pages.spawn(answering);
    let error = match page.await {
        Ok(Ok(response)) => return response,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!(%error, "a page failed");
    let text = "This page failed; the server's log says why.";
    let mut response = (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
    guard::harden(settings, response.headers_mut());
    response
}

/// The ways to one page: looking at it, and its forms if it has any.
fn ways_to(page: &'static Page) -> MethodRouter<Site> {
    let ways = match page.seen_by {
        SeenBy::Users => get(user_page),
        SeenBy::Anybody => get(open_page),
        SeenBy::Unfinished => get(login_step_page),
        SeenBy::Setup => get(setup_page),
    };
    match page.forms {
        Forms::None => ways,
        forms => ways.post(move |state: State<Site>, request: Request| take(forms, state, request)),
    }
}

fn portal(site: Site) -> Router {
    let pages = PAGES.iter().fold(Router::new(), |router, page| {
        router.route(&page.path_with(|step| format!("{{{step}}}")), ways_to(page))
    });
    pages
        .route("/logout", post(plain_form::<app::LogOut>))
        .route("/language", post(choose_language))
        .route(KEYS_EXPORT, get(export_keys))
        .route(HISTORY_EXPORT, get(export_history))
        .route(CODES_FILE, get(export_codes))
        .route("/portal/{name}", any(server_function))
        .fallback(missing_page)
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(middleware::from_fn_with_state(site.clone(), around))
        .with_state(site)
}

/// Refuses a form that came from another site: as JSON to the browser's program, as text to a person.
fn refuse(site: &Site, sender: Sender, request: &Request) -> Response {
    let (services, headers) = (&site.services, request.headers());
    guard::tell_refused(services, sender, site.client_address(request), headers);
    let address = services.settings.public_url.origin.clone();
    let error = PortalError::WrongAddress { address, plain: sender == Sender::Plain };
    let status = of_portal(&error);
    if request.uri().path().starts_with(SERVER_FUNCTIONS) {
        return (status, Json(error)).into_response();
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = Language::negotiate(cookies::language(&services.settings, headers), accepted);
    (status, app::error_text(app::texts_in(language), language, &error)).into_response()
}

/// Around every page: files first, other sites out, strict headers on.
async fn around(State(site): State<Site>, request: Request, next: Next) -> Response {
    let settings = &site.services.settings;
    let (method, headers) = (request.method(), request.headers());
    let client = settings.server.access_log.and_then(|_| {
        client::address(&site.services, ConnectionInfo::of(request.extensions()), headers).ok()
    });
    let mut response = if probed::is_probe(&site.services, headers) {
        probed::note(&site.services, ConnectionInfo::of(request.extensions()), b"", headers);
        ProblemDetails::PROBE.into_response()
    } else if let Some(mut file) = assets::serve(method, request.uri().path(), headers) {
        file.extensions_mut().insert(IsFile);
        file
    } else {
        match guard::judge(settings, method, request.uri(), headers) {
            Sender::Own => next.run(request).await,
            _ if is_one_click(method, request.uri()) => next.run(request).await,
            sender => refuse(&site, sender, &request),
        }
    };
    guard::harden(settings, response.headers_mut());
    if client.is_some() {
        access::note_client(&mut response, client);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use crate::traffic::{Client, Pool, Requester, Sources};
    use axum::body::Body;
    use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY};

    #[tokio::test]
    async fn a_page_that_fails_is_answered_as_strictly_as_any() {
        let public = vec![("public_url", "--test", "https://keys.example.com".to_owned())];
        let settings = Settings::parse(&Layers::load(None, std::iter::empty(), public).unwrap()).unwrap();
        let sources = Sources::default();
        let visitor = sources.account(Requester { is_vouched_for: true, client: Client::Unknown });
        let place = sources.acquire(&visitor, Pool::Pages, &settings.server.shares.of(8)).ok().unwrap();
        let half = || {
            Body::from_stream(futures::stream::once(async {
                Err::<Vec<u8>, _>(std::io::Error::other("a fault"))
            }))
        };
        let portal = Router::new().fallback(move || async move { Response::new(half()) });
        let answer = answer_page(&settings, Request::default(), place, portal, &Handle::current()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        for header in [CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY] {
            assert!(answer.headers().contains_key(&header), "{header}");
        }
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
    }
}
