//! Plain forms: each posts to the path of its page.

use super::caller::{PageCaller, Seen};
use super::{Outcome, render, set_status};
use crate::http::answers::Answered;
use crate::http::load::FORM_LIMIT;
use crate::http::site::Site;
use crate::http::statuses::large_form;
use app::{FormEcho, Landing, PortalError};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use leptos::context::provide_context;
use leptos::prelude::Owner;
use leptos::reactive::computed::ScopedFuture;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use zeroize::Zeroize;

/// A plain form: runs the server function `F`, then lands or shows the page again. Equal forms with the same number
/// are one: the second gets the answer of the first.
pub(in crate::http) async fn plain_form<F>(State(site): State<Site>, request: Request) -> Outcome
where
    F: Landing<Error = PortalError> + DeserializeOwned + Clone + 'static,
{
    let seen = Seen::of(&site, &request);
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, FORM_LIMIT).await.map_err(|_| large_form())?;
    let caller = PageCaller::find(&site, seen, true).await?;
    let act = caller.act(&parts.uri, &bytes);
    let answers = Arc::clone(&site.answers);
    let now = site.services.clock.now();
    Ok(answers.once(act, now, take_form::<F>(site, caller, parts, bytes)).await)
}

async fn take_form<F>(site: Site, caller: PageCaller, parts: Parts, bytes: Bytes) -> Answered
where
    F: Landing<Error = PortalError> + DeserializeOwned + Clone + 'static,
{
    let parsed = serde_urlencoded::from_bytes::<F>(&bytes);
    // The body may hold a password.
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.as_mut().zeroize();
    }
    let Ok(form) = parsed else {
        let text = "The form is not one of these pages.";
        return Answered::Refused((StatusCode::BAD_REQUEST, text).into_response());
    };
    match run(&caller, form.clone()).await {
        Ok(()) => {
            let landing = caller.landing(&form.landing());
            Answered::Done(caller.done(Redirect::to(&landing).into_response()))
        }
        Err(PortalError::SignedOut) => Answered::Refused(caller.lead(&parts.uri)),
        Err(error) => {
            let echo =
                FormEcho { form: F::form_name().to_owned(), fields: form.echo(), error: Some(error.clone()) };
            let request = Request::from_parts(parts, Body::empty());
            let mut response = render(&site, &caller, request, echo).await;
            set_status(&mut response, &error);
            Answered::Refused(caller.finish(response))
        }
    }
}

async fn run<F>(caller: &PageCaller, form: F) -> Result<(), PortalError>
where
    F: Landing<Error = PortalError> + 'static,
{
    let asked = Arc::clone(&caller.asked);
    let owner = Owner::new();
    owner
        .with(|| {
            ScopedFuture::new(async move {
                provide_context(asked);
                form.run_body().await.map(|_| ())
            })
        })
        .await
}
