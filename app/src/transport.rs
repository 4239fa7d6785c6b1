//! The browser's way to the server functions: one request for all of them.
//!
//! What `#[server]` generates for the browser does the same, but once per function, each time with
//! its own client, encoder, decoder and errors. Nothing here calls it, so none of it is in the program.

use leptos::prelude::window;
use leptos::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, Headers, RequestInit, Response, SubmitEvent, UrlSearchParams};

use crate::json::from_json;
use crate::portal::PortalError;

/// How the arguments travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// In the address.
    #[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server asks itself"))]
    Get,
    /// In the body.
    Post,
}

/// Calls the server function at `path`; brings the JSON of what it returned, or its error.
pub(crate) async fn call(
    path: &'static str,
    method: Method,
    arguments: Result<UrlSearchParams, JsValue>,
) -> Result<String, PortalError> {
    let (ok, body) = send(path, method, arguments).await.map_err(|error| {
        let text = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        PortalError::Connection(text.unwrap_or_default())
    })?;
    if ok { Ok(body) } else { Err(from_json(&body).unwrap_or_else(|error| error)) }
}

async fn send(
    path: &str,
    method: Method,
    arguments: Result<UrlSearchParams, JsValue>,
) -> Result<(bool, String), JsValue> {
    let arguments = arguments?;
    let headers = Headers::new()?;
    // A browser's own `Accept` would ask for a page.
    headers.set("Accept", "application/json")?;
    let request = RequestInit::new();
    request.set_headers(&headers);
    let answer = match method {
        Method::Get => {
            let address = format!("{path}?{}", String::from(arguments.to_string()));
            window().fetch_with_str_and_init(&address, &request)
        }
        Method::Post => {
            request.set_method("POST");
            request.set_body(&arguments);
            window().fetch_with_str_and_init(path, &request)
        }
    };
    let answer: Response = JsFuture::from(answer).await?.unchecked_into();
    let body = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), body.as_string().unwrap_or_default()))
}

/// The arguments of a question; an empty one is none.
#[cfg_attr(feature = "ssr", expect(dead_code, reason = "the server asks itself"))]
pub(crate) fn arguments(given: [(&str, String); 2]) -> Result<UrlSearchParams, JsValue> {
    let arguments = UrlSearchParams::new()?;
    for (name, value) in given {
        if !value.is_empty() {
            arguments.append(name, &value);
        }
    }
    Ok(arguments)
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
