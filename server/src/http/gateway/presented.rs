//! The token out of a request: exactly one, from exactly one place.

use crate::domain::verdict::Code;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The original address of the client's request, by gateways.
const ORIGINAL_URI: [&str; 2] = ["x-original-uri", "x-forwarded-uri"];
/// No header with a token is longer, whatever its form.
const HEADER_LIMIT: usize = 1024;
/// An address may hold more than a token.
const URI_LIMIT: usize = 8 * 1024;

/// A token as a client presented it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Presented {
    pub(super) token: String,
    pub(super) username: Option<String>,
}

/// Finds the one token of a request.
///
/// Errors: `Missing` if there is none, `Malformed` if there are several, one is too long or cannot be read.
pub(super) fn find(headers: &HeaderMap, in_query: bool) -> Result<Presented, Code> {
    let authorization =
        only(headers, &header::AUTHORIZATION, HEADER_LIMIT)?.map(from_authorization).transpose()?.flatten();
    let api_key = only(headers, &X_API_KEY, HEADER_LIMIT)?.map(from_api_key).transpose()?.flatten();
    let query = if in_query { from_query(headers)? } else { None };
    let mut found = [authorization, api_key, query].into_iter().flatten();
    match (found.next(), found.next()) {
        (Some(presented), None) => Ok(presented),
        (None, _) => Err(Code::Missing),
        (Some(_), Some(_)) => Err(Code::Malformed),
    }
}

/// Takes the address of this very request for the client's, instead of any that a header names.
pub(super) fn take_for_original(uri: &Uri, headers: &mut HeaderMap) {
    ORIGINAL_URI.iter().for_each(|name| _ = headers.remove(*name));
    let original = uri.path_and_query().and_then(|p| HeaderValue::from_str(p.as_str()).ok());
    headers.extend(original.map(|uri| (HeaderName::from_static(ORIGINAL_URI[0]), uri)));
}

/// The only line of a header; two are as bad as two tokens.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    limit: usize,
) -> Result<Option<&'a HeaderValue>, Code> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (line, None) if line.is_none_or(|line| line.len() <= limit) => Ok(line),
        _ => Err(Code::Malformed),
    }
}

fn from_api_key(value: &HeaderValue) -> Result<Option<Presented>, Code> {
    let token = value.to_str().map_err(|_| Code::Malformed)?.trim();
    Ok((!token.is_empty()).then(|| Presented { token: token.to_owned(), username: None }))
}

fn from_authorization(value: &HeaderValue) -> Result<Option<Presented>, Code> {
    let text = value.to_str().map_err(|_| Code::Malformed)?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    if rest.is_empty() {
        return Ok(None);
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        // Two lines that a proxy joined look like this (RFC 9110, section 5.3).
        if rest.contains(',') {
            return Err(Code::Malformed);
        }
        return Ok(Some(Presented { token: rest.to_owned(), username: None }));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return from_basic(rest).map(Some);
    }
    // Another scheme is somebody else's credential, not a token.
    Ok(None)
}

fn from_basic(encoded: &str) -> Result<Presented, Code> {
    let bytes = STANDARD.decode(encoded).map_err(|_| Code::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| Code::Malformed)?;
    let (username, token) = text.split_once(':').ok_or(Code::Malformed)?;
    if token.is_empty() {
        return Err(Code::Missing);
    }
    let username = (!username.is_empty()).then(|| username.to_owned());
    Ok(Presented { token: token.to_owned(), username })
}

/// `api_key=`, or `username=` and `password=`, of the original address.
fn from_query(headers: &HeaderMap) -> Result<Option<Presented>, Code> {
    let mut found = None;
    for name in ORIGINAL_URI {
        let Some(uri) = only(headers, &HeaderName::from_static(name), URI_LIMIT)? else { continue };
        let uri = uri.to_str().map_err(|_| Code::Malformed)?;
        let Some((_, query)) = uri.split_once('?') else { continue };
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| Code::Malformed)?;
        let presented = from_pairs(&pairs)?;
        if found.is_some() && presented.is_some() {
            return Err(Code::Malformed);
        }
        found = found.or(presented);
    }
    Ok(found)
}

fn from_pairs(pairs: &[(String, String)]) -> Result<Option<Presented>, Code> {
    let value = |name: &str| {
        let mut values = pairs.iter().filter(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.clone());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Code::Malformed),
        }
    };
    match (value("api_key")?, value("username")?, value("password")?) {
        (Some(_), _, Some(_)) => Err(Code::Malformed),
        (Some(token), _, None) => Ok(Some(Presented { token, username: None })),
        (None, username, Some(token)) => Ok(Some(Presented { token, username })),
        (None, _, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn found(lines: &[(&'static str, &str)], in_query: bool) -> Result<(String, Option<String>), Code> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        find(&headers, in_query).map(|p| (p.token, p.username))
    }

    #[rstest]
    #[case(&[("authorization", "Bearer abc")], "abc", None)]
    #[case(&[("authorization", "bearer  abc ")], "abc", None)]
    #[case(&[("x-api-key", " abc")], "abc", None)]
    #[case(&[("authorization", "Basic ZGVtbzphYmM=")], "abc", Some("demo"))]
    #[case(&[("authorization", "Basic ZGVtbzphOmI=")], "a:b", Some("demo"))]
    #[case(&[("authorization", "Basic OmFiYw==")], "abc", None)]
    #[case(&[("authorization", "Digest x"), ("x-api-key", "abc")], "abc", None)]
    #[case(&[("authorization", "Bearer abc"), ("x-original-uri", "/?api_key=d")], "abc", None)]
    fn one_token_is_found(
        #[case] lines: &[(&'static str, &str)],
        #[case] token: &str,
        #[case] username: Option<&str>,
    ) {
        assert_eq!(found(lines, false), Ok((token.to_owned(), username.map(str::to_owned))));
    }

    #[rstest]
    #[case(&[], Code::Missing)]
    #[case(&[("authorization", "Bearer")], Code::Missing)]
    #[case(&[("authorization", "Bearer ")], Code::Missing)]
    #[case(&[("x-api-key", "")], Code::Missing)]
    #[case(&[("authorization", "Digest abc")], Code::Missing)]
    #[case(&[("authorization", "Bearer a"), ("authorization", "Bearer b")], Code::Malformed)]
    #[case(&[("x-api-key", "a"), ("x-api-key", "a")], Code::Malformed)]
    #[case(&[("authorization", "Bearer a"), ("x-api-key", "a")], Code::Malformed)]
    #[case(&[("authorization", "Basic !!!")], Code::Malformed)]
    #[case(&[("authorization", "Basic YWJj")], Code::Malformed)]
    #[case(&[("authorization", "Basic ZGVtbzo=")], Code::Missing)]
    #[case(&[("x-api-key", "é")], Code::Malformed)]
    #[case(&[("authorization", "Bearer a,b")], Code::Malformed)]
    #[case(&[("authorization", "Bearer a, Bearer b")], Code::Malformed)]
    #[case(&[("authorization", "Bearer a"), ("authorization", "Digest b")], Code::Malformed)]
    #[case(&[("x-api-key", ""), ("x-api-key", "a")], Code::Malformed)]
    fn anything_else_is_refused(#[case] lines: &[(&'static str, &str)], #[case] code: Code) {
        assert_eq!(found(lines, false), Err(code));
    }

    #[test]
    fn headers_over_their_length_are_refused() {
        let long = |length: usize| "a".repeat(length);
        assert_eq!(found(&[("x-api-key", &long(1024))], false), Ok((long(1024), None)));
        assert_eq!(found(&[("x-api-key", &long(1025))], false), Err(Code::Malformed));
        for scheme in ["Bearer", "Basic", "Negotiate"] {
            let line = format!("{scheme} {}", long(1024));
            assert_eq!(found(&[("authorization", &line), ("x-api-key", "k")], false), Err(Code::Malformed));
        }
        let uri = |length: usize| format!("/a?api_key=k&x={}", long(length - 15));
        assert_eq!(found(&[("x-original-uri", &uri(8192))], true), Ok(("k".into(), None)));
        assert_eq!(found(&[("x-original-uri", &uri(8193))], true), Err(Code::Malformed));
    }

    #[test]
    fn the_query_counts_only_where_it_is_allowed() {
        let uri = |u: &'static str| found(&[("x-original-uri", u)], true);
        assert_eq!(uri("/a?api_key=k"), Ok(("k".into(), None)));
        assert_eq!(uri("/a?username=u&password=k"), Ok(("k".into(), Some("u".into()))));
        assert_eq!(uri("/a?api_key=k&api_key=l"), Err(Code::Malformed));
        assert_eq!(uri("/a?api_key=k&password=l"), Err(Code::Malformed));
        assert_eq!(uri("/a"), Err(Code::Missing));
        assert_eq!(found(&[("x-original-uri", "/a?api_key=k")], false), Err(Code::Missing));
        let both = [("x-original-uri", "/a?api_key=k"), ("authorization", "Bearer k")];
        assert_eq!(found(&both, true), Err(Code::Malformed));
    }
}
