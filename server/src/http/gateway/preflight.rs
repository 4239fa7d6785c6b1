//! What a browser asks before it sends a request with a key to another site: OPTIONS, never with a key.

use super::authz::Dialect;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
/// What a page may read of a refusal, beside what it may always.
const EXPOSED: &str = "x-latchkey-code, x-latchkey-status, retry-after, www-authenticate";

/// The client's method: of one place for each dialect, which its gateways write whatever the client wrote.
pub(super) fn client_method<'a>(dialect: Dialect, method: &'a Method, headers: &'a HeaderMap) -> &'a [u8] {
    match dialect {
        Dialect::ForwardAuth => only(headers, &FORWARDED_METHOD),
        Dialect::AuthRequest => only(headers, &ORIGINAL_METHOD),
        Dialect::ExtAuthz => method.as_str().as_bytes(),
    }
}

/// Whether a browser asks whether it may send a request. Who brings a credential is asked for a key like
/// everybody: browsers bring none.
pub(super) fn is_one(
    dialect: Dialect,
    method: &Method,
    headers: &HeaderMap,
    key: Option<&HeaderName>,
) -> bool {
    client_method(dialect, method, headers) == Method::OPTIONS.as_str().as_bytes()
        && !only(headers, &header::ORIGIN).is_empty()
        && !only(headers, &header::ACCESS_CONTROL_REQUEST_METHOD).is_empty()
        && is_empty(headers, &header::AUTHORIZATION)
        && key.is_none_or(|key| is_empty(headers, key))
}

/// Lets a preflight pass, and names nobody.
pub(super) fn pass() -> Response {
    Response::new(Body::empty())
}

/// Lets any page read a refusal, which tells nothing that the page's visitor could not be told.
pub(super) fn let_pages_read(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}

/// The only line of a header; none, or several, are nothing.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a [u8] {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.as_bytes(),
        _ => &[],
    }
}

fn is_empty(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().all(HeaderValue::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ORIGIN: (&str, &str) = ("origin", "https://app.example");
    const ASKS: (&str, &str) = ("access-control-request-method", "POST");
    const FORWARDED: (&str, &str) = ("x-forwarded-method", "OPTIONS");
    const ORIGINAL: (&str, &str) = ("x-original-method", "OPTIONS");

    fn passes(dialect: Dialect, method: &Method, lines: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_one(dialect, method, &headers, Some(&HeaderName::from_static("x-api-key")))
    }

    #[test]
    fn each_dialect_has_one_place_for_the_method() {
        let all = [ORIGIN, ASKS, FORWARDED, ORIGINAL];
        for (dialect, method, place) in [
            (Dialect::ForwardAuth, Method::GET, Some(FORWARDED)),
            (Dialect::AuthRequest, Method::GET, Some(ORIGINAL)),
            (Dialect::ExtAuthz, Method::OPTIONS, None),
        ] {
            let lines: Vec<_> = [ORIGIN, ASKS].into_iter().chain(place).collect();
            assert!(passes(dialect, &method, &lines), "{dialect:?}");
            // Without it, whatever stands in the others' places.
            let others: Vec<_> = all.into_iter().filter(|line| Some(*line) != place).collect();
            let method = if place.is_none() { Method::POST } else { Method::OPTIONS };
            assert!(!passes(dialect, &method, &others), "{dialect:?}");
        }
    }

    #[rstest]
    #[case(&[ORIGIN, ASKS])]
    #[case(&[ORIGIN, FORWARDED])]
    #[case(&[ASKS, FORWARDED])]
    #[case(&[("origin", ""), ASKS, FORWARDED])]
    #[case(&[ORIGIN, ASKS, ("x-forwarded-method", "POST")])]
    #[case(&[ORIGIN, ASKS, ("x-forwarded-method", "options")])]
    #[case(&[ORIGIN, ASKS, FORWARDED, ("x-forwarded-method", "DELETE")])]
    #[case(&[ORIGIN, ASKS, FORWARDED, ("authorization", "Bearer x")])]
    #[case(&[ORIGIN, ASKS, FORWARDED, ("x-api-key", "x")])]
    fn all_of_it_must_be_there_and_nothing_more(#[case] lines: &[(&'static str, &'static str)]) {
        assert!(!passes(Dialect::ForwardAuth, &Method::GET, lines));
        assert!(passes(Dialect::ForwardAuth, &Method::GET, &[ORIGIN, ASKS, FORWARDED, ("x-api-key", "")]));
    }
}
