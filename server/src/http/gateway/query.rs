//! A key in the client's original address, which gateways name in a header. Read as bytes: what stands beside
//! the key may be in any encoding and of any length.

use super::presented::{Presented, only};
use contract::Code;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::borrow::Cow;

/// The original address of the client's request, by gateways.
static ORIGINAL_URI: [HeaderName; 2] =
    [HeaderName::from_static("x-original-uri"), HeaderName::from_static("x-forwarded-uri")];

/// Takes the address of this very request for the client's, instead of any that a header names.
pub(super) fn take_for_original(uri: &Uri, headers: &mut HeaderMap) {
    ORIGINAL_URI.iter().for_each(|name| _ = headers.remove(name));
    let original = uri.path_and_query().and_then(|p| HeaderValue::from_str(p.as_str()).ok());
    headers.extend(original.map(|uri| (ORIGINAL_URI[0].clone(), uri)));
}

/// `api_key=`, or `username=` and `password=`, of the original address.
///
/// Errors: `Malformed` if there are several.
pub(super) fn find(headers: &HeaderMap) -> Result<Option<Presented>, Code> {
    let mut found = None;
    for name in &ORIGINAL_URI {
        let uri = only(headers, name)?.unwrap_or_default();
        let Some(mark) = uri.iter().position(|byte| *byte == b'?') else { continue };
        let presented = from_pairs(&uri[mark + 1..])?;
        if found.is_some() && presented.is_some() {
            return Err(Code::Malformed);
        }
        found = found.or(presented);
    }
    Ok(found)
}

fn from_pairs(query: &[u8]) -> Result<Option<Presented>, Code> {
    let (api_key, username, password) =
        (value(query, "api_key"), value(query, "username"), value(query, "password"));
    match api_key? {
        // A password without a username is the API's own.
        Some(token) => match (username, password) {
            (Ok(None), _) | (_, Ok(None)) => Ok(Some(Presented { token, username: None })),
            _ => Err(Code::Malformed),
        },
        None => Ok(match password? {
            Some(token) => Some(Presented { token, username: username? }),
            None => None,
        }),
    }
}

/// The only value of a name that is not empty.
fn value(query: &[u8], name: &str) -> Result<Option<String>, Code> {
    let pairs = form_urlencoded::parse(query);
    let mut values = pairs.filter(|(n, v)| n == name && !v.is_empty()).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(Cow::into_owned)),
        _ => Err(Code::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn of(uri: &[u8]) -> Result<Option<(String, Option<String>)>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert("x-original-uri", HeaderValue::from_bytes(uri).unwrap());
        find(&headers).map(|found| found.map(|p| (p.token, p.username)))
    }

    #[rstest]
    #[case(b"/a?api_key=k", "k", None)]
    #[case(b"/a?username=u&password=k", "k", Some("u"))]
    #[case(b"/a?api%5Fkey=%6b", "k", None)]
    #[case(b"/a?api_key=k&username=&password=", "k", None)]
    #[case(b"/a?api_key=k&password=own", "k", None)]
    #[case(b"/a?api_key=k&username=own", "k", None)]
    #[case(b"/a?text=Bun\xc4\x83&api_key=k", "k", None)]
    #[case(b"/a?text=Bun\xe3&api_key=k&%ff=%zz&=&&%", "k", None)]
    #[case(b"/\xc4\x83?username=u&x={\"a\":<b>}&password=k", "k", Some("u"))]
    fn one_key_is_found(#[case] uri: &[u8], #[case] token: &str, #[case] username: Option<&str>) {
        assert_eq!(of(uri), Ok(Some((token.to_owned(), username.map(str::to_owned)))));
    }

    #[rstest]
    #[case(b"/a")]
    #[case(b"/a?")]
    #[case(b"/a?api_key=")]
    #[case(b"/a?username=u&text=\xe3")]
    fn or_none(#[case] uri: &[u8]) {
        assert_eq!(of(uri), Ok(None));
    }

    #[rstest]
    #[case(b"/a?api_key=k&api_key=l")]
    #[case(b"/a?api_key=k&username=u&password=l")]
    #[case(b"/a?username=u&password=k&password=l")]
    #[case(b"/a?username=u&username=v&password=k")]
    fn or_several(#[case] uri: &[u8]) {
        assert_eq!(of(uri), Err(Code::Malformed));
    }

    #[test]
    fn what_stands_beside_the_key_may_be_long() {
        let uri = format!("/a?text={}&api_key=k", "a".repeat(30_000));
        assert_eq!(of(uri.as_bytes()), Ok(Some(("k".into(), None))));
    }

    #[test]
    fn two_addresses_with_a_key_each_are_two_keys() {
        let mut headers = HeaderMap::new();
        headers.insert("x-original-uri", HeaderValue::from_static("/?api_key=k"));
        headers.insert("x-forwarded-uri", HeaderValue::from_static("/"));
        assert_eq!(find(&headers).unwrap().unwrap().token, "k");
        headers.insert("x-forwarded-uri", HeaderValue::from_static("/?api_key=k"));
        assert_eq!(find(&headers), Err(Code::Malformed));
    }
}
