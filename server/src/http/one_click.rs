//! The one click of a mail program that stops letters (RFC 8058): a post from anywhere, without a cookie, whose
//! token says everything.

use super::pages::{Outcome, parameter, plain_form};
use super::site::Site;
use super::statuses::of_portal;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use http::{Method, Uri};
use service::accounts::Visit;

const PATH: &str = "/unsubscribe";

/// Whether other sites may send this request too.
pub(super) fn is_one_click(method: &Method, uri: &Uri) -> bool {
    *method == Method::POST && uri.path() == PATH && token(uri).is_some()
}

/// Takes the post of a mail program, or of the page's own form.
pub(super) async fn unsubscribe(State(site): State<Site>, request: Request) -> Outcome {
    // The page's form carries its token in the body.
    let Some(token) = token(request.uri()) else {
        return plain_form::<app::Unsubscribe>(State(site), request).await;
    };
    let visit = Visit { address: site.client_address(&request), user_agent: String::new(), session: None };
    let stopped = site.services.use_cases.subscriptions.unsubscribe(&token, &visit).await;
    stopped.map_err(|error| (of_portal(&error.into()), "This link stops no letters."))?;
    Ok("You will get no more letters of this kind.".into_response())
}

fn token(uri: &Uri) -> Option<String> {
    parameter(uri, "token")
}
