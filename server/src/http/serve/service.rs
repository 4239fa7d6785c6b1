//! Around every request: its place, its time limit and its line in the access log.

use super::Front;
use super::body::{ResponseBody, timed};
use super::watch::Watch;
use crate::http::client::ConnectionInfo;
use crate::http::held::Gone;
use crate::http::problem::ProblemDetails;
use crate::http::statuses::too_many;
use crate::traffic::{Account, Pool};
use axum::response::IntoResponse;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::sync::Arc;

pub(super) async fn answer(
    request: Request<Incoming>,
    front: Arc<Front>,
    watch: Arc<Watch>,
    connection: ConnectionInfo,
    guest: Option<Arc<Account>>,
) -> Result<Response<ResponseBody>, Infallible> {
    let is_http2 = request.version() == Version::HTTP_2;
    let in_flight = watch.begin(is_http2);
    let taken = guest.map(|guest| front.traffic.sources.acquire(&guest, Pool::Requests, &front.connections));
    let Ok(place) = taken.transpose() else {
        return Ok(too_many().map(|body| ResponseBody::new(body, in_flight, None)));
    };
    let (parts, body) = request.into_parts();
    let line = front.access.as_ref().and_then(|log| log.begin(&parts.method, &parts.uri, connection.peer));
    let (body, late) = timed(body, front.timeouts.body, &front.traffic);
    let mut response = front.entrance.answer(Request::from_parts(parts, body), connection).await;
    if late.is_some_and(|late| late.is_set()) {
        response = ProblemDetails::LATE_BODY.into_response();
    }
    if let Some(line) = line {
        line.write(&mut response);
    }
    let gone = response.extensions_mut().remove::<Gone>().filter(|_| is_http2);
    Ok(response.map(|body| ResponseBody::new(body, in_flight, place).until(gone)))
}
