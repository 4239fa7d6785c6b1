//! The OpenAPI document (3.1), made from the handlers.

use super::{Api, operations};
use crate::http::problem::ProblemDocument;
use axum::extract::State;
use axum::response::Response;
use std::collections::BTreeMap;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr, Response as Documented, ResponseBuilder, SecurityRequirement, ServerBuilder,
};
use utoipa::{IntoResponses, OpenApi as _};

/// Where the document is.
pub(super) const PATH: &str = "/openapi.json";

/// What stands around the operations.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Latchkey",
        description = "Manages the API keys of a customer. Every request carries a key that may manage keys, as \
                       `Authorization: Bearer`. Such a key is generated in the pages, where \"May manage keys through \
                       the API\" is chosen. Times are RFC 3339 in UTC. Members that this document does not name are \
                       refused. Errors are problem details (RFC 9457) with a stable `type`."
    ),
    tags(
        (name = "keys", description = "Keys: listed, generated, looked at, changed, deleted."),
        (name = "addresses", description = "From where a Default key passes."),
        (name = "usage", description = "How a key is used."),
        (name = "account", description = "Who asks.")
    ),
    components(schemas(ProblemDocument))
)]
struct Frame;

/// The document for an installation at this address.
pub(super) fn document(origin: &str) -> OpenApi {
    let (_, operations) = operations().split_for_parts();
    let mut document = Frame::openapi().merge_from(operations);
    document.servers = Some(vec![ServerBuilder::new().url(origin).build()]);
    document.info.license = None;
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key for which \"May manage keys through the API\" was chosen."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    document.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
    document
}

/// Answers with the document.
pub(super) async fn serve(State(api): State<Api>) -> Response {
    super::answer::found(&document(&api.services.settings.public_url.origin))
}

/// What every operation may answer in vain.
pub(super) struct Refused;
/// What an operation that takes input may answer in vain.
pub(super) struct RefusedChange;

const REFUSED: [(&str, &str); 8] = [
    ("400", "The request cannot be understood."),
    ("401", "No key, or one that does not pass."),
    ("403", "The key may not manage keys, or its user only reads, or it may not be used from this address."),
    ("404", "There is no such thing, or it is somebody else's."),
    ("405", "The path takes other methods."),
    ("413", "The body is too large."),
    ("429", "Too many requests."),
    ("503", "The service cannot answer now."),
];
const REFUSED_CHANGE: [(&str, &str); 3] = [
    ("409", "Somebody changed the same, or the first request with this Idempotency-Key still runs."),
    ("415", "The body is no JSON."),
    ("422", "Something that was given is wrong, or the Idempotency-Key was used for another request."),
];

fn problems<'a>(
    of: impl IntoIterator<Item = &'a (&'static str, &'static str)>,
) -> BTreeMap<String, RefOr<Documented>> {
    let problem = |(status, description): &(&str, &str)| {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", content)
            .build();
        ((*status).to_owned(), RefOr::T(response))
    };
    of.into_iter().map(problem).collect()
}

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        problems(&REFUSED)
    }
}

impl IntoResponses for RefusedChange {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        problems(REFUSED.iter().chain(&REFUSED_CHANGE))
    }
}
