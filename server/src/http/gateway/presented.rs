//! The token out of a request: exactly one, from exactly one place.
//!
//! What does not decide is not read: with `key_header` only that header, and the original address only where no
//! header holds a key. Of what is read, nothing is passed over for not looking like a key: if it were, the API
//! could take another part of the same request for its credential than Latchkey did.

use super::query;
use crate::settings::{KeyHeader, Settings};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use contract::Code;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// No header with a token is longer, whatever its form.
const LIMIT: usize = 1024;
/// Many programs leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A token as a client presented it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Presented {
    pub(super) token: String,
    pub(super) username: Option<String>,
}

/// Finds the one token of a request.
///
/// Errors: `Missing` if there is none, `Malformed` if there are several, one is too long or cannot be read.
pub(super) fn find(headers: &HeaderMap, settings: &Settings) -> Result<Presented, Code> {
    let in_header = match &settings.key_header {
        KeyHeader::Either => either(headers)?,
        KeyHeader::Authorization => from_authorization(headers)?,
        KeyHeader::Named(name) => alone(headers, name)?,
    };
    match in_header {
        Some(presented) => Ok(presented),
        None if settings.key_in_query => query::find(headers)?.ok_or(Code::Missing),
        None => Err(Code::Missing),
    }
}

fn either(headers: &HeaderMap) -> Result<Option<Presented>, Code> {
    let authorization = from_authorization(headers)?;
    match KeyHeader::Either.alone().map(|name| alone(headers, name)).transpose()?.flatten() {
        Some(_) if authorization.is_some() => Err(Code::Malformed),
        api_key => Ok(authorization.or(api_key)),
    }
}

/// The only line of a header; two are as bad as two tokens.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Code> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (line, None) => Ok(line.map(HeaderValue::as_bytes)),
        _ => Err(Code::Malformed),
    }
}

/// A token that stands alone in its header.
fn alone(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Presented>, Code> {
    let token = readable(only(headers, name)?.unwrap_or_default())?;
    Ok((!token.is_empty()).then(|| Presented { token: token.to_owned(), username: None }))
}

fn from_authorization(headers: &HeaderMap) -> Result<Option<Presented>, Code> {
    let (scheme, rest) = scheme_and_rest(only(headers, &header::AUTHORIZATION)?.unwrap_or_default());
    if rest.is_empty() {
        return Ok(None);
    }
    if scheme.eq_ignore_ascii_case(b"bearer") {
        let token = readable(rest)?;
        // Two lines that a proxy joined look like this (RFC 9110, section 5.3).
        if token.contains(',') {
            return Err(Code::Malformed);
        }
        return Ok(Some(Presented { token: token.to_owned(), username: None }));
    }
    if scheme.eq_ignore_ascii_case(b"basic") {
        return from_basic(rest);
    }
    // Another scheme is somebody else's credential, not a token.
    Ok(None)
}

fn from_basic(encoded: &[u8]) -> Result<Option<Presented>, Code> {
    let text = decode_basic(encoded).ok_or(Code::Malformed)?;
    let (username, token) = text.split_once(':').ok_or(Code::Malformed)?;
    let username = (!username.is_empty()).then(|| username.to_owned());
    Ok((!token.is_empty()).then(|| Presented { token: token.to_owned(), username }))
}

/// The scheme of `Authorization`, and what stands behind it.
pub(super) fn scheme_and_rest(value: &[u8]) -> (&[u8], &[u8]) {
    let value = value.trim_ascii();
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    (scheme, rest.trim_ascii())
}

/// Username, colon and password of `Authorization: Basic`.
pub(super) fn decode_basic(encoded: &[u8]) -> Option<String> {
    let encoded = readable(encoded).ok()?;
    String::from_utf8(BASE64.decode(encoded).ok()?).ok()
}

fn readable(text: &[u8]) -> Result<&str, Code> {
    let text = Some(text.trim_ascii()).filter(|text| text.len() <= LIMIT && text.is_ascii());
    text.and_then(|text| std::str::from_utf8(text).ok()).ok_or(Code::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use rstest::rstest;

    fn found(
        lines: &[(&'static str, &str)],
        settings: &[(&'static str, &str)],
    ) -> Result<(String, Option<String>), Code> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let flags = settings.iter().map(|(name, value)| (*name, "--flag", (*value).to_owned())).collect();
        let layers = Layers::load(None, std::iter::empty(), flags).unwrap();
        find(&headers, &Settings::parse(&layers).unwrap()).map(|p| (p.token, p.username))
    }

    #[rstest]
    #[case(&[("authorization", "Bearer abc")], "abc", None)]
    #[case(&[("authorization", "bearer  abc ")], "abc", None)]
    #[case(&[("x-api-key", " abc")], "abc", None)]
    #[case(&[("authorization", "Basic ZGVtbzphYmM=")], "abc", Some("demo"))]
    #[case(&[("authorization", "Basic ZGVtbzphYmM")], "abc", Some("demo"))]
    #[case(&[("authorization", "Basic ZGVtbzphOmI=")], "a:b", Some("demo"))]
    #[case(&[("authorization", "Basic OmFiYw==")], "abc", None)]
    #[case(&[("authorization", "Basic OmFiYw")], "abc", None)]
    #[case(&[("authorization", "Digest x"), ("x-api-key", "abc")], "abc", None)]
    #[case(&[("authorization", "Digest username=\"Bună\""), ("x-api-key", "abc")], "abc", None)]
    #[case(&[("authorization", "Basic ZGVtbzo="), ("x-api-key", "abc")], "abc", None)]
    #[case(&[("authorization", "Bearer"), ("x-api-key", "abc")], "abc", None)]
    #[case(&[("authorization", "Bearer abc"), ("x-original-uri", "/?api_key=d")], "abc", None)]
    fn one_token_is_found(
        #[case] lines: &[(&'static str, &str)],
        #[case] token: &str,
        #[case] username: Option<&str>,
    ) {
        assert_eq!(found(lines, &[]), Ok((token.to_owned(), username.map(str::to_owned))));
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
        assert_eq!(found(lines, &[]), Err(code));
    }

    #[rstest]
    #[case("x-api-key", &[("authorization", "Bearer e.y.J"), ("x-api-key", "abc")], Ok("abc"))]
    #[case("x-api-key", &[("authorization", "Bearer a"), ("authorization", "Basic !"), ("x-api-key", "b")], Ok("b"))]
    #[case("x-api-key", &[("authorization", "Bearer abc")], Err(Code::Missing))]
    #[case("x-api-key", &[("x-api-key", "a"), ("x-api-key", "b")], Err(Code::Malformed))]
    #[case("authorization", &[("authorization", "Bearer abc"), ("x-api-key", "own"), ("x-api-key", "2")], Ok("abc"))]
    #[case("authorization", &[("x-api-key", "abc")], Err(Code::Missing))]
    #[case("api-token", &[("authorization", "Bearer a"), ("x-api-key", "b"), ("api-token", "abc")], Ok("abc"))]
    fn where_a_header_is_named_no_other_is_read(
        #[case] key_header: &str,
        #[case] lines: &[(&'static str, &str)],
        #[case] token: Result<&str, Code>,
    ) {
        let found = found(lines, &[("key_header", key_header)]);
        assert_eq!(found, token.map(|token| (token.to_owned(), None)));
    }

    #[test]
    fn headers_over_their_length_are_refused() {
        let long = |length: usize| "a".repeat(length);
        assert_eq!(found(&[("x-api-key", &long(1024))], &[]), Ok((long(1024), None)));
        assert_eq!(found(&[("x-api-key", &long(1025))], &[]), Err(Code::Malformed));
        for (scheme, expected) in [
            ("Bearer", Err(Code::Malformed)),
            ("Basic", Err(Code::Malformed)),
            ("Negotiate", Ok(("k".to_owned(), None))),
        ] {
            let line = format!("{scheme} {}", long(1025));
            assert_eq!(found(&[("authorization", &line), ("x-api-key", "k")], &[]), expected, "{scheme}");
        }
    }

    #[test]
    fn the_query_counts_only_where_it_is_allowed_and_no_header_holds_a_key() {
        let lines = [("x-original-uri", "/a?api_key=k")];
        assert_eq!(found(&lines, &[]), Err(Code::Missing));
        for key_header in ["", "authorization", "x-api-key"] {
            let settings = [("key_in_query", "true"), ("key_header", key_header)];
            assert_eq!(found(&lines, &settings), Ok(("k".into(), None)));
        }
        let both = [("x-original-uri", "/a?api_key=k&api_key=l"), ("authorization", "Bearer m")];
        assert_eq!(found(&both, &[("key_in_query", "true")]), Ok(("m".into(), None)));
        let wrong = [("x-original-uri", "/a?api_key=k"), ("authorization", "Bearer m,n")];
        assert_eq!(found(&wrong, &[("key_in_query", "true")]), Err(Code::Malformed));
        let named = [("key_in_query", "true"), ("key_header", "x-api-key")];
        assert_eq!(found(&wrong, &named), Ok(("k".into(), None)));
    }
}
