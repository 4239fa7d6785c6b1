//! What is too much at once is answered 503 before it takes memory. Pages and questions of gateways are
//! counted apart, so that no flood of pages stands before a verification.

use super::guard;
use super::statuses::{busy_page, large_form};
use crate::services::Services;
use crate::traffic::Place;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::response::Response;

/// The most bytes of a form.
pub(super) const FORM_LIMIT: usize = 64 * 1024;
/// Forms that may be coming in for each page that may be answered: slow senders must not hold up who only reads.
const FORMS_A_PAGE: usize = 4;

/// A place for a question of a gateway, while it is answered.
pub(super) fn admit_question(services: &Services) -> Option<Place> {
    let place = services.traffic.questions.take(services.settings.server.max_questions);
    if place.is_none() {
        services.traffic.shed_questions.add();
    }
    place
}

/// A place for a request for a page, whose body has come in whole by then.
///
/// # Errors
/// The answer to one request too many, or to a body that is too large.
pub(super) async fn admit_page(
    services: &Services,
    request: Request,
) -> Result<(Request, Place), Box<Response>> {
    let admitted = try_admit_page(services, request).await;
    admitted.map_err(|mut refusal| {
        guard::harden(&services.settings, refusal.headers_mut());
        refusal
    })
}

async fn try_admit_page(
    services: &Services,
    mut request: Request,
) -> Result<(Request, Place), Box<Response>> {
    let (traffic, most) = (&services.traffic, services.settings.server.max_pages);
    let busy = || {
        traffic.shed_pages.add();
        Box::new(busy_page())
    };
    // Held until the page has its place.
    let mut _form = None;
    if !request.body().is_end_stream() {
        _form = Some(traffic.forms.take(FORMS_A_PAGE * most).ok_or_else(busy)?);
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, FORM_LIMIT).await.map_err(|_| Box::new(large_form()))?;
        request = Request::from_parts(parts, Body::from(bytes));
    }
    let place = traffic.pages.take(most).ok_or_else(busy)?;
    Ok((request, place))
}
