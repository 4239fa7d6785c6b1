//! The browser's way to the server functions: gloo-net sends every request, serde reads every answer.
//!
//! What `#[server]` generates for the browser does the same, but once per function, each time with
//! its own client, encoder, decoder and errors. Nothing here calls it, so none of it is in the program.

use gloo_net::http::{Request, Response};
use leptos::wasm_bindgen::{JsCast, JsValue};
use serde::de::DeserializeOwned;
use web_sys::{FormData, SubmitEvent, UrlSearchParams};

use crate::portal::PortalError;

/// Calls a server function that takes its arguments in the address. Returns the JSON of its result, or its error.
#[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server asks itself"))]
pub(crate) async fn get(path: &str, arguments: [(&str, String); 2]) -> Result<String, PortalError> {
    let given = arguments.iter().filter(|(_, value)| !value.is_empty());
    let request = Request::get(path).query(given.map(|(name, value)| (*name, value.as_str())));
    read(request.header("Accept", JSON).send().await).await
}

/// Calls a server function that takes its arguments in the body. Returns the JSON of its result, or its error.
pub(crate) async fn post(
    path: &str,
    arguments: Result<UrlSearchParams, JsValue>,
) -> Result<String, PortalError> {
    let no_form = |_| PortalError::Connection("no form".into());
    let request = Request::post(path).header("Accept", JSON).body(arguments.map_err(no_form)?);
    match request {
        Ok(request) => read(request.send().await).await,
        Err(error) => read(Err(error)).await,
    }
}

/// A browser's own `Accept` would ask for a page.
const JSON: &str = "application/json";

async fn read(answer: Result<Response, gloo_net::Error>) -> Result<String, PortalError> {
    let lost = |error: gloo_net::Error| PortalError::Connection(error.to_string());
    let answer = answer.map_err(lost)?;
    let body = answer.text().await.map_err(lost)?;
    if answer.ok() { Ok(body) } else { Err(from_json(&body).unwrap_or_else(|error| error)) }
}

/// Reads the JSON of a server function's result or error.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, PortalError> {
    serde_json::from_str(json).map_err(|_| PortalError::Connection("unreadable answer".into()))
}

/// The arguments in a form that is being sent, with the name and the value of the button that sends it.
pub(crate) fn form_arguments(event: &SubmitEvent) -> Result<UrlSearchParams, JsValue> {
    let form = event.target().ok_or(JsValue::UNDEFINED)?;
    let fields = FormData::new_with_form(form.unchecked_ref())?;
    let arguments = UrlSearchParams::new_with_str_sequence_sequence(&fields)?;
    if let Some(button) = event.submitter()
        && let Some(name) = button.get_attribute("name")
    {
        arguments.append(&name, &button.get_attribute("value").unwrap_or_default());
    }
    Ok(arguments)
}
