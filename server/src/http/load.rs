//! Requests over a limit get 503 before they take memory. Pages and the questions of gateways have limits of their own,
//! so that a flood of pages delays no verification. Pages and forms are shared out among the clients that ask for them.

use super::client::{self, ConnectionInfo};
use super::guard;
use super::statuses::{busy_page, large_form};
use crate::services::Services;
use crate::traffic::{Client, Held, NoPlace, Pool, Requester, Slot};
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use domain::client_address::Peer;
use std::time::Duration;

/// The most bytes of a form.
pub(super) const FORM_LIMIT: usize = 64 * 1024;
/// Request bodies that may upload at once, per place for a page. Higher than 1, so that slow uploads do not block page
/// views.
const FORMS_A_PAGE: usize = 4;
/// About how long a source over its share waits for its 503. Without the wait it would ask again at once, as often as it
/// gets answers.
const OVER_SHARE: Duration = Duration::from_secs(1);

/// Takes a place for a gateway's question until it is answered.
pub(super) fn admit_question(services: &Services) -> Option<Slot> {
    let place = services.traffic.questions.acquire(services.settings.server.max_questions);
    if place.is_none() {
        services.traffic.shed_questions.add();
    }
    place
}

/// Takes a place for a page, after the body of its request has come in whole.
///
/// # Errors
/// The answer to one request too many, or to a body that is too large.
pub(super) async fn admit_page(
    services: &Services,
    request: Request,
) -> Result<(Request, Held), Box<Response>> {
    let admitted = try_admit_page(services, request).await;
    admitted.map_err(|mut refusal| {
        guard::harden(&services.settings, refusal.headers_mut());
        refusal
    })
}

async fn try_admit_page(services: &Services, mut request: Request) -> Result<(Request, Held), Box<Response>> {
    let (traffic, server) = (&services.traffic, &services.settings.server);
    let account = traffic.sources.account(requester(services, &request));
    let take = async |pool, places| match traffic.sources.acquire(&account, pool, &server.shares.of(places)) {
        Ok(place) => Ok(place),
        Err(no_place) => {
            traffic.shed_pages.add();
            if no_place == NoPlace::ForSource {
                // Not all at the same moment, which would be felt.
                tokio::time::sleep(OVER_SHARE.mul_f64(0.5 + rand::random::<f64>())).await;
            }
            Err(Box::new(busy_page()))
        }
    };
    // Held until the page has its place.
    let mut _form = None;
    if !request.body().is_end_stream() {
        _form = Some(take(Pool::Forms, FORMS_A_PAGE * server.max_pages).await?);
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, FORM_LIMIT).await.map_err(|_| Box::new(large_form()))?;
        request = Request::from_parts(parts, Body::from(bytes));
    }
    let place = take(Pool::Pages, server.max_pages).await?;
    Ok((request, place))
}

/// Returns the requester that a page counts on: its client, also behind a proxy.
fn requester(services: &Services, request: &Request) -> Requester {
    let connection = ConnectionInfo::of(request.extensions());
    let named = client::find(services, connection, request.headers());
    Requester {
        is_vouched_for: connection.peer == Peer::Unix
            || services.settings.trusted_proxies.trusts(connection.peer),
        client: named.map_or(Client::Unknown, Client::At),
    }
}
