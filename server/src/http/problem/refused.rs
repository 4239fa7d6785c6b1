//! What a use case refuses, for programs: the one place that turns a [`Refusal`] into problem details.
//!
//! Types, pointers and codes are stable. The codes of fields are the names that `contract` gives them, and what is allowed
//! stands beside them as it does there (`limit`, `suggestion`). Titles and details are English sentences for people, and
//! may change.

use super::{ProblemBody, write};
use crate::http::statuses::{of_portal, retry_after};
use app::{FieldError, Language, PortalError, Refusal, problem_text, texts_in};
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use serde_json::{Map, Value};

/// What every type begins with.
const TYPE: &str = "urn:problem-type:latchkey:";

/// One member of a request's body that is wrong.
#[derive(Serialize)]
pub(super) struct WrongMember {
    /// Where it stands in the body, as a JSON pointer in a fragment; `#` is the whole of it.
    pointer: String,
    code: String,
    detail: String,
    /// What is allowed.
    #[serde(flatten)]
    allowed: Map<String, Value>,
}

impl From<&FieldError> for WrongMember {
    fn from(error: &FieldError) -> Self {
        let (field, _) = named(&error.field);
        let (code, allowed) = named(&error.problem);
        let pointer = if field == "form" { "#".to_owned() } else { format!("#/{field}") };
        let detail = problem_text(texts_in(Language::En), Language::En, error.field, &error.problem);
        Self { pointer, code, detail, allowed }
    }
}

/// The name of an enum's variant as it is serialised, the innermost one, and the values beside it.
fn named(of: &impl Serialize) -> (String, Map<String, Value>) {
    let mut value = serde_json::to_value(of).expect("codes are JSON");
    let mut name = String::new();
    while let Value::Object(outer) = &mut value
        && let Some((variant, inner)) = std::mem::take(outer).into_iter().next()
    {
        name = variant;
        match inner {
            Value::Object(values) => return (name, values),
            inner => value = inner,
        }
    }
    (value.as_str().map_or(name, ToOwned::to_owned), Map::new())
}

/// The answer to a program whose request was refused.
#[cfg_attr(not(test), expect(dead_code, reason = "the management API is the door that answers so"))]
pub(in crate::http) fn refused(refusal: Refusal) -> Response {
    let (name, title, detail) = words(&refusal);
    let error = PortalError::from(refusal);
    let (status, wait) = (of_portal(&error), retry_after(&error));
    let errors: Vec<_> = match &error {
        PortalError::Invalid(errors) => errors.iter().map(WrongMember::from).collect(),
        _ => Vec::new(),
    };
    let r#type = &format!("{TYPE}{name}");
    let (mut headers, body) =
        write(&ProblemBody { r#type, title, status: status.as_u16(), detail, errors: &errors });
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, seconds);
    }
    (status, headers, body).into_response()
}

/// The name of a refusal, its title, and its details.
fn words(refusal: &Refusal) -> (&'static str, &'static str, &'static str) {
    match refusal {
        Refusal::SignedOut => ("signed-out", "Not signed in", "No valid credentials came with the request."),
        Refusal::NotFound => ("not-found", "Not found", "There is no such thing, or it is somebody else's."),
        Refusal::Forbidden => ("forbidden", "Not allowed", "These credentials may see it and not change it."),
        Refusal::Invalid(_) => ("invalid", "Invalid input", "Something that was given is wrong: see errors."),
        Refusal::ProofNeeded => ("proof-needed", "Password needed", "The password has to be given first."),
        Refusal::Throttled { .. } => (
            "throttled",
            "Too many attempts",
            "Too many attempts or changes: wait as long as Retry-After says.",
        ),
        Refusal::Conflict => (
            "conflict",
            "Conflict",
            "Somebody changed the same at this moment, and nothing was changed here.",
        ),
        Refusal::Full => ("full", "Full", "There are as many of these as there may be."),
        Refusal::Busy => ("busy", "Busy", "Too many ask for the same, and nothing was changed: try again."),
        Refusal::Unavailable => (
            "unavailable",
            "Unavailable",
            "The service cannot do it now, and nothing was changed: try again.",
        ),
    }
}

#[cfg(test)]
mod tests;
