//! What every request gets on its way in, and its answer on the way back.

use super::Front;
use super::body::{Answer, timed};
use super::watch::Watch;
use crate::http::client::Caller;
use crate::http::statuses::Problem;
use axum::response::IntoResponse;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::sync::Arc;

pub(super) async fn answer(
    request: Request<Incoming>,
    front: Arc<Front>,
    watch: Arc<Watch>,
    caller: Caller,
) -> Result<Response<Answer>, Infallible> {
    let in_flight = watch.begin(request.version() == Version::HTTP_2);
    let (parts, body) = request.into_parts();
    let line = front.access.as_ref().and_then(|log| log.begin(&parts.method, &parts.uri, caller.peer));
    let (body, late) = timed(body, front.timeouts.body, &front.traffic);
    let mut response = front.entrance.answer(Request::from_parts(parts, body), caller).await;
    if late.is_some_and(|late| late.is_set()) {
        response = Problem::LATE_BODY.into_response();
    }
    if let Some(line) = line {
        line.write(&mut response);
    }
    Ok(response.map(|body| Answer::new(body, in_flight)))
}
