//! Property: a text is taken for a token exactly if it follows the published form, its checksum included, and
//! any change of one character of a token is refused. Where foreign tokens are admitted, these are the visible texts of 8 to
//! 512 characters that have not that form.

use domain::token::{Shape, TokenFormat};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 46;

pub(crate) fn check(data: &[u8]) {
    let format = TokenFormat::new("lk").expect("it is a prefix");
    if let Ok(text) = std::str::from_utf8(data) {
        match format.shape(text) {
            Some(Shape::Token(_)) => assert!(is_token(text), "{text:?}"),
            Some(Shape::Smpp) => assert!(text.len() == 8 && text.bytes().all(|b| b.is_ascii_alphanumeric())),
            Some(Shape::Foreign) => panic!("{text:?}"),
            None => assert!(!is_token(text), "{text:?}"),
        }
        foreign_tokens_are_visible(&format, text);
    }
    if let Some((choices, _)) = data.split_first_chunk::<39>() {
        one_change_is_refused(&format, choices);
    }
}

fn foreign_tokens_are_visible(format: &TokenFormat, text: &str) {
    let is_visible =
        (8..=512).contains(&text.len()) && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    match format.foreign_shape(text) {
        Ok(Shape::Foreign) => assert!(is_visible && !has_form(text), "{text:?}"),
        Ok(own) => assert_eq!(format.shape(text), Some(own), "{text:?}"),
        Err(_) => assert!((!is_visible || has_form(text)) && format.shape(text).is_none(), "{text:?}"),
    }
}

/// The published form, with a checksum of our own.
fn is_token(text: &str) -> bool {
    has_form(text) && text.as_bytes()[40..] == checksum(&text.as_bytes()[..40])
}

/// The published form, whatever its checksum.
fn has_form(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == LENGTH
        && [b"lkd_", b"lkc_", b"lka_"].iter().any(|prefix| bytes.starts_with(*prefix))
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric)
}

fn checksum(bytes: &[u8]) -> [u8; 6] {
    let crc = crc32fast::hash(bytes);
    let digit = |place: u32| BASE62[(u64::from(crc) / 62_u64.pow(place) % 62) as usize];
    [digit(5), digit(4), digit(3), digit(2), digit(1), digit(0)]
}

fn one_change_is_refused(format: &TokenFormat, choices: &[u8; 39]) {
    let mut token = vec![b'l', b'k', b"dca"[usize::from(choices[0] % 3)], b'_'];
    token.extend(choices[1..37].iter().map(|byte| BASE62[usize::from(byte % 62)]));
    token.extend(checksum(&token));
    let text = String::from_utf8(token.clone()).expect("base62 is ASCII");
    assert!(matches!(format.shape(&text), Some(Shape::Token(_))), "{text}");
    let place = usize::from(choices[37]) % LENGTH;
    if token[place] != choices[38] {
        token[place] = choices[38];
        if let Ok(changed) = std::str::from_utf8(&token) {
            assert_eq!(format.shape(changed), None, "{text} {changed:?}");
        }
    }
}
