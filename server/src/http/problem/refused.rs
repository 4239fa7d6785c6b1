//! What a use case refuses, for programs: the one place that turns a [`Refusal`] into problem details.
//!
//! Types, pointers and codes are stable. The codes of fields are the names that `contract` gives them, and what is allowed
//! stands beside them as it does there (`limit`, `suggestion`). Titles and details are English sentences for people, and
//! may change.

use super::typed;
use crate::http::statuses::{of_portal, retry_after};
use app::{FieldError, Language, PortalError, Refusal, problem_text, texts_in};
use axum::response::Response;
use http::header;
use serde::Serialize;
use serde_json::{Map, Value};

/// One place of a request that is wrong.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WrongMember)]
pub(in crate::http) struct WrongMember {
    /// Where it stands in the body, as a JSON pointer in a fragment (`#` is the whole of it), or in the query, as the name
    /// of a parameter behind a question mark.
    #[schema(example = "#/description")]
    pointer: String,
    /// What is wrong there: stable, for programs.
    #[schema(example = "too_long")]
    code: String,
    /// The same for people.
    detail: String,
    /// What is allowed.
    #[serde(flatten)]
    #[schema(ignore)]
    allowed: Map<String, Value>,
}

impl WrongMember {
    /// One that no use case refused, because it could not even be read.
    pub(in crate::http) fn new(pointer: String, code: &str, detail: String) -> Self {
        Self { pointer, code: code.to_owned(), detail, allowed: Map::new() }
    }
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
pub(in crate::http) fn refused(refusal: Refusal) -> Response {
    let (name, title, detail) = words(&refusal);
    let error = PortalError::from(refusal);
    let errors: Vec<_> = match &error {
        PortalError::Invalid(errors) => errors.iter().map(WrongMember::from).collect(),
        _ => Vec::new(),
    };
    let mut response = typed(of_portal(&error), name, title, detail, &errors);
    if let Some(seconds) = retry_after(&error) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
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
        Refusal::LimitReached => ("full", "Full", "There are as many of these as there may be."),
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
