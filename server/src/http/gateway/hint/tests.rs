use super::*;
use crate::settings::Layers;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use rstest::rstest;

const KEY: &str = "lkd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ2bRGax";

fn settings(key_header: &str) -> Settings {
    let flags = vec![("key_header", "--flag", key_header.to_owned())];
    Settings::parse(&Layers::load(None, std::iter::empty(), flags).unwrap()).unwrap()
}

/// `KEY` stands for a key, `B(…)` for the base64 of what is in it.
fn of(lines: &[(&'static str, &str)], key_header: &str) -> Option<Hint> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let mut value = value.replace("KEY", KEY);
        if let Some((before, plain)) = value.split_once("B(") {
            value = format!("{before}{}", STANDARD.encode(plain.trim_end_matches(')')));
        }
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    of_unreadable(&headers, &settings(key_header))
}

#[rstest]
#[case("Basic B(KEY:)", Some(Hint::BasicUsername))]
#[case("Basic B(KEY:x)", Some(Hint::BasicUsername))]
#[case("Basic B(KEY)", Some(Hint::BasicUsername))]
#[case("Basic KEY", Some(Hint::BasicPlain))]
#[case("Basic B(demouser:'KEY')", Some(Hint::Dressed))]
#[case("Basic B(demouser:x)", Some(Hint::NoKey))]
#[case("Basic B(demouser:)", None)]
#[case("Basic B(demouser)", Some(Hint::NotBasic))]
#[case("Basic !", Some(Hint::NotBasic))]
#[case("KEY", Some(Hint::NoBearer))]
#[case("Token KEY", Some(Hint::NoBearer))]
#[case("Token token=\"KEY\"", Some(Hint::NoBearer))]
#[case("ApiKey KEY", Some(Hint::NoBearer))]
#[case("Bearer: KEY", Some(Hint::BearerWithColon))]
#[case("Bearer \"KEY\"", Some(Hint::Dressed))]
#[case("Bearer Bearer KEY", Some(Hint::Dressed))]
#[case("Bearer KEY,KEY", Some(Hint::Several))]
#[case("Bearer x", Some(Hint::NoKey))]
#[case("Bearer", None)]
#[case("Digest x", None)]
fn what_stands_in_authorization_is_told(#[case] line: &str, #[case] hint: Option<Hint>) {
    assert_eq!(of(&[("authorization", line)], ""), hint);
}

#[rstest]
#[case(&[("x-api-key", "Bearer KEY")], "", Some(Hint::DressedAlone))]
#[case(&[("x-api-key", "'KEY'")], "", Some(Hint::DressedAlone))]
#[case(&[("x-api-key", "x")], "", Some(Hint::NoKey))]
#[case(&[("x-api-key", "KEY"), ("x-api-key", "KEY")], "", Some(Hint::Several))]
#[case(&[("authorization", "Bearer KEY"), ("authorization", "Bearer x")], "", Some(Hint::Several))]
#[case(&[("authorization", "Bearer a"), ("authorization", "Bearer b")], "", Some(Hint::NoKey))]
#[case(&[("authorization", "Bearer e.y.J"), ("x-api-key", "KEY")], "", Some(Hint::Both))]
#[case(&[("authorization", "Basic B(u:pass1234)"), ("x-api-key", "e.y.J")], "", Some(Hint::Both))]
#[case(&[("authorization", "Bearer a"), ("x-api-key", "b")], "", Some(Hint::BothWithout))]
#[case(&[("authorization", "Digest x"), ("x-api-key", "'KEY'")], "", Some(Hint::DressedAlone))]
#[case(&[("authorization", "Bearer KEY")], "x-api-key", Some(Hint::Elsewhere))]
#[case(&[("authorization", "Basic B(u:KEY)")], "x-api-key", Some(Hint::Elsewhere))]
#[case(&[("x-api-key", "KEY")], "api-token", Some(Hint::Elsewhere))]
#[case(&[("x-api-key", "KEY")], "authorization", Some(Hint::Elsewhere))]
#[case(&[("x-api-key", "own")], "authorization", None)]
#[case(&[], "", None)]
fn what_stands_in_other_headers_is_told(
    #[case] lines: &[(&'static str, &str)],
    #[case] key_header: &str,
    #[case] hint: Option<Hint>,
) {
    assert_eq!(of(lines, key_header), hint);
}

#[test]
fn texts_say_how_to_send_it_where_that_is_the_fault() {
    let named = KeyHeader::Named(HeaderName::from_static("api-token"));
    assert_eq!(
        Hint::BasicUsername.text(&KeyHeader::Either),
        "A key was found as the username of Authorization: Basic; send it once, as Authorization: Bearer KEY \
         or X-API-Key: KEY."
    );
    assert!(Hint::Elsewhere.text(&named).ends_with("; send it once and alone, as api-token: KEY."));
    assert!(
        Hint::Dressed
            .text(&KeyHeader::Authorization)
            .ends_with("; send it once, as Authorization: Bearer KEY.")
    );
    assert!(!Hint::NoKey.text(&named).contains("send"));
}
