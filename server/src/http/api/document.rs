//! The OpenAPI document (3.1), made from the handlers.

use super::{Api, operations};
use crate::http::gateway;
use crate::http::problem::{ProblemDocument, documented_problems};
use axum::extract::State;
use axum::response::Response;
use std::collections::BTreeMap;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr, Response as Documented, SecurityRequirement, ServerBuilder};
use utoipa::{IntoResponses, OpenApi as _};

/// Where the document is.
pub(super) const PATH: &str = "/openapi.json";

/// What stands around the operations.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Latchkey",
        description = "Manages the API keys of a customer, and says whether a key may pass. Every request about keys \
                       carries a key that may manage keys, as `Authorization: Bearer`. Such a key is generated in the pages, where \"May manage keys through \
                       the API\" is chosen. Times are RFC 3339 in UTC. Members that this document does not name are \
                       refused. Errors are problem details (RFC 9457) with a stable `type`."
    ),
    tags(
        (name = "keys", description = "Keys"),
        (name = "addresses", description = "Where a Default key passes from"),
        (name = "usage", description = "How a key is used"),
        (name = "account", description = "Who asks"),
        (name = "gateways", description = "Whether a key may pass: for gateways and backends")
    ),
    paths(gateway::verify),
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
    let gateway = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A gateway token, which the operator makes with `latchkey gateway add`."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    components.add_security_scheme("gateway", SecurityScheme::Http(gateway));
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

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        documented_problems(&REFUSED)
    }
}

impl IntoResponses for RefusedChange {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        documented_problems(REFUSED.iter().chain(&REFUSED_CHANGE))
    }
}
