//! Pages, their plain forms, and the server functions behind their lively ones.
//!
//! A plain form posts to the path of its page. The post runs the same server function that the browser's
//! program calls, and then goes on to where the form lands (303), or shows the page again with what was
//! entered and what is wrong.

mod caller;
mod export;
mod plain;
mod sheet;

pub(super) use export::{export_codes, export_history, export_keys};
pub(super) use plain::plain_form;

use super::answers::{Answered, Done};
use super::cookies;
use super::guard::content_security_policy;
use super::load::FORM_LIMIT;
use super::site::Site;
use super::statuses::{large_form, of_portal, retry_after};
use app::{FormEcho, FormNumber, Language, PortalError, shell};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
pub(super) use caller::parameter;
use caller::{PageCaller, Seen, back_of};
use domain::token::random_base62;
use http::{HeaderValue, Method, StatusCode, header};
use leptos::context::provide_context;
use leptos::nonce::use_nonce;
use leptos::prelude::expect_context;
use leptos_axum::ResponseOptions;
use server_fn::ServerFn;
use std::sync::Arc;

/// Characters of the number of a form: 130 bits.
const FORM_NUMBER: usize = 22;

/// What a page answers; an error is an answer too, given early.
pub(super) type Outcome = axum::response::Result<Response>;

/// A page that only a logged-in user sees.
pub(super) async fn user_page(State(site): State<Site>, request: Request) -> Outcome {
    respond(site, request, true, StatusCode::OK).await
}

/// A page that anybody sees.
pub(super) async fn open_page(State(site): State<Site>, request: Request) -> Outcome {
    respond(site, request, false, StatusCode::OK).await
}

/// The page of the first account. Without a link it only says that one is needed, as long as that is true.
pub(super) async fn setup_page(State(site): State<Site>, request: Request) -> Outcome {
    if request.uri().query().is_none() && !site.services.setup.is_open() {
        return Ok(Redirect::to("/login").into_response());
    }
    respond(site, request, false, StatusCode::OK).await
}

/// A page between the password and everything else. Only a session whose login waits for what is done there sees it.
pub(super) async fn login_step_page(State(site): State<Site>, request: Request) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), false).await?;
    if caller.is_signed_in() {
        return Ok(Redirect::to(&back_of(request.uri())).into_response());
    }
    if caller.login_step_page() != Some(request.uri().path()) {
        return Ok(caller.lead(request.uri()));
    }
    Ok(caller.finish(render(&site, &caller, request, FormEcho::default()).await))
}

/// Answers where there is no page.
pub(super) async fn missing_page(State(site): State<Site>, request: Request) -> Outcome {
    match *request.method() {
        Method::GET | Method::HEAD => respond(site, request, false, StatusCode::NOT_FOUND).await,
        _ => Err(StatusCode::NOT_FOUND.into()),
    }
}

async fn respond(site: Site, request: Request, guarded: bool, status: StatusCode) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), false).await?;
    if guarded && !caller.is_signed_in() {
        return Ok(caller.lead(request.uri()));
    }
    let uri = request.uri().clone();
    let mut response = render(&site, &caller, request, FormEcho::default()).await;
    match caller.trouble() {
        Some(PortalError::SignedOut) => return Ok(caller.lead(&uri)),
        Some(error) => set_status(&mut response, &error),
        None if status != StatusCode::OK => *response.status_mut() = status,
        None => {}
    }
    Ok(caller.finish(response))
}

fn set_status(response: &mut Response, error: &PortalError) {
    *response.status_mut() = of_portal(error);
    if let Some(value) = retry_after(error) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
}

async fn render(site: &Site, caller: &PageCaller, request: Request, echo: FormEcho) -> Response {
    let asked = Arc::clone(&caller.asked);
    let language = caller.language;
    let files = site.files.clone();
    let guide = Arc::clone(&site.guide);
    let number = form_number();
    let context = move || {
        provide_context(Arc::clone(&guide));
        provide_context(Arc::clone(&asked));
        provide_context(language);
        provide_context(echo.clone());
        if let Some(number) = number.clone() {
            provide_context(number);
        }
        let policy = use_nonce().map(|n| content_security_policy(&n));
        if let Some(policy) = policy.and_then(|p| HeaderValue::from_str(&p).ok()) {
            let options = expect_context::<ResponseOptions>();
            options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    };
    let renderer = leptos_axum::render_app_async_with_context(context, move || shell(files.clone()));
    written(renderer(request).await).await
}

/// Returns the same answer as bytes. A stream would hold everything that the page was made of until its client has read
/// it.
async fn written(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(bytes) => Response::from_parts(parts, Body::from(bytes)),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Draws the number of the forms of one page. Without a number they work, but a double click is two acts.
fn form_number() -> Option<FormNumber> {
    random_base62(FORM_NUMBER).ok().map(|number| FormNumber(number.to_string()))
}

/// The server functions, for the program in the browser.
pub(super) async fn server_function(State(site): State<Site>, mut request: Request) -> Outcome {
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    if server_fn::axum::get_server_fn_service(&path, method.clone()).is_none() {
        let other = if method == Method::POST { Method::GET } else { Method::POST };
        let exists = server_fn::axum::get_server_fn_service(&path, other).is_some();
        return Err(if exists { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND }.into());
    }
    let seen = Seen::of(&site, &request);
    // With these the framework would answer a form with a redirect that carries the error in its address.
    request.headers_mut().remove(header::REFERER);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, FORM_LIMIT).await.map_err(|_| large_form())?;
    let caller = PageCaller::find(&site, seen, false).await?;
    // Other forms of lively pages stay on their page, and a user may send one again unchanged on purpose.
    let act = match path.as_str() {
        app::GenerateKey::PATH => caller.act(&parts.uri, &bytes),
        _ => None,
    };
    let answers = Arc::clone(&site.answers);
    let now = site.services.clock.now();
    Ok(answers.once(act, now, call(caller, Request::from_parts(parts, Body::from(bytes)))).await)
}

async fn call(caller: PageCaller, request: Request) -> Answered {
    let asked = Arc::clone(&caller.asked);
    let context = move || provide_context(Arc::clone(&asked));
    let mut response = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    if response.status().is_success() {
        let shown = caller.made();
        return Answered::Done(Done { shown, ..caller.done(response) });
    }
    let error = caller.trouble().unwrap_or(PortalError::Connection(String::new()));
    // Signed out is found before the portal is asked.
    let error =
        if caller.is_signed_in() { error } else { caller.trouble().unwrap_or(PortalError::SignedOut) };
    set_status(&mut response, &error);
    Answered::Refused(caller.finish(response))
}

#[derive(serde::Deserialize)]
pub(super) struct LanguageForm {
    #[serde(default)]
    language: String,
    #[serde(default)]
    next: String,
}

/// Remembers the language a visitor chose, also for its next login if it is a user, and goes back.
pub(super) async fn choose_language(State(site): State<Site>, request: Request) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), true).await?;
    let axum::Form(form) = axum::Form::<LanguageForm>::from_request(request, &()).await?;
    let mut response = Redirect::to(app::local_path(Some(&form.next))).into_response();
    if let Some(language) = Language::from_code(&form.language) {
        if caller.is_signed_in()
            && let Err(error) = keep_language(&caller, language).await
        {
            let language = caller.language;
            let mut told = app::error_text(app::texts_in(language), language, &error).into_response();
            set_status(&mut told, &error);
            return Ok(told);
        }
        let cookie = cookies::set_language(&site.services.settings, language.code());
        response.headers_mut().extend(cookie.map(|c| (header::SET_COOKIE, c)));
    }
    Ok(response)
}

async fn keep_language(caller: &PageCaller, language: Language) -> Result<(), PortalError> {
    let actor = caller.asked.changing()?;
    Ok(caller.asked.use_cases.accounts.set_language(actor, language.code()).await?)
}
