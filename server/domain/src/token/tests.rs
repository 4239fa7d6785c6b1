use super::*;
use proptest::prelude::*;

fn format() -> TokenFormat {
    TokenFormat::new("lk").unwrap()
}

fn any_checked_type() -> impl Strategy<Value = KeyType> {
    prop_oneof![Just(KeyType::Default), Just(KeyType::Cloud), Just(KeyType::App)]
}

#[test]
fn tokens_have_the_documented_shape() {
    for (key_type, prefix) in [(KeyType::Default, "lkd_"), (KeyType::Cloud, "lkc_"), (KeyType::App, "lka_")] {
        let token = format().generate(key_type).unwrap();
        assert_eq!(token.expose().len(), 46);
        assert!(token.expose().starts_with(prefix));
        assert_eq!(format().shape(token.expose()), Some(Shape::Token(key_type)));
        assert_eq!(token.masked().chars().count(), 13);
    }
    let secret = format().generate(KeyType::Smpp).unwrap();
    assert_eq!(secret.expose().len(), 8);
    assert_eq!(format().shape(secret.expose()), Some(Shape::Smpp));
    assert_eq!(secret.masked().chars().count(), 3);
}

#[test]
fn a_checksum_computed_elsewhere_is_accepted() {
    // Python: zlib.crc32(b"lkd_" + b"A" * 36) in base62, digits 0-9A-Za-z, six places.
    let token = format!("lkd_{}{}", "A".repeat(36), "2fz7mA");
    assert_eq!(format().shape(&token), Some(Shape::Token(KeyType::Default)));
}

#[test]
fn foreign_texts_are_no_tokens() {
    let token = format().generate(KeyType::Default).unwrap();
    let text = token.expose();
    for bad in [
        String::new(),
        " ".to_owned(),
        text[..45].to_owned(),
        format!("{text}0"),
        format!(" {text}"),
        text.to_ascii_uppercase(),
        text.replacen("lkd_", "lks_", 1),
        text.replacen("lkd_", "xkd_", 1),
        "ocis3wpcy4s1ruzpnw5fedmu1fynalhxdh93pe20a4k3ej".to_owned(),
        "x".repeat(8 * 1024),
        "ăăăă".to_owned(),
    ] {
        assert_eq!(format().shape(&bad), None, "{bad:?}");
    }
}

#[test]
fn prefixes_are_checked() {
    assert!(TokenFormat::new("acme").is_ok());
    for bad in ["", "LK", "a1", "ninechars", "ă", "a_"] {
        assert!(TokenFormat::new(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn smpp_hashes_belong_to_one_username() {
    let pepper = Pepper::new(&[7; 32]);
    let name = |n: &str| Username::parse(n).unwrap();
    assert!(pepper.hash_smpp(&name("Demo"), "abcdefgh") == pepper.hash_smpp(&name("demo"), "abcdefgh"));
    assert!(pepper.hash_smpp(&name("demo"), "abcdefgh") != pepper.hash_smpp(&name("demo2"), "abcdefgh"));
    assert!(pepper.hash("abcdefgh") != pepper.hash_smpp(&name("demo"), "abcdefgh"));
    assert!(pepper.hash("abcdefgh") != Pepper::new(&[8; 32]).hash("abcdefgh"));
}

proptest! {
    #[test]
    fn any_one_character_change_is_malformed(key_type in any_checked_type(), at in 0_usize..46, to in any::<char>()) {
        let token = format().generate(key_type).unwrap();
        let mut chars: Vec<char> = token.expose().chars().collect();
        prop_assume!(chars[at] != to);
        chars[at] = to;
        let changed: String = chars.into_iter().collect();
        prop_assert_eq!(format().shape(&changed), None);
    }

    #[test]
    fn any_other_letter_is_malformed(key_type in any_checked_type(), at in 0_usize..46, to in 0_usize..62) {
        let token = format().generate(key_type).unwrap();
        let mut bytes = token.expose().as_bytes().to_vec();
        prop_assume!(bytes[at] != BASE62[to]);
        bytes[at] = BASE62[to];
        prop_assert_eq!(format().shape(std::str::from_utf8(&bytes).unwrap()), None);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = format().shape(&text);
    }
}

#[test]
fn old_prefixes_pass_beside_the_new_one() {
    let old = format().generate(KeyType::Cloud).unwrap();
    let acme = TokenFormat::new("acme").unwrap();
    assert_eq!(acme.shape(old.expose()), None);
    let both = acme.accepting(["old", "lk"].into_iter()).unwrap();
    assert_eq!(both.shape(old.expose()), Some(Shape::Token(KeyType::Cloud)));
    let new = both.generate(KeyType::Default).unwrap();
    assert!(new.expose().starts_with("acmed_"));
    assert_eq!(both.shape(new.expose()), Some(Shape::Token(KeyType::Default)));
    assert_eq!(both.pattern(), "(?:acme|old|lk)[dca]_[0-9A-Za-z]{42}");
    assert!(format().accepting(["LK"].into_iter()).is_err());
}

#[test]
fn a_masked_token_tells_its_prefix() {
    for prefix in ["a", "lk", "abcdef", "abcdefg", "abcdefgh"] {
        let format = TokenFormat::new(prefix).unwrap();
        let masked = format.generate(KeyType::Default).unwrap().masked();
        let found = MaskedPrefix::new(MaskedPrefix::of(&masked));
        assert!(found.candidates().iter().any(|candidate| candidate == prefix));
        assert_eq!(found.candidates().len() > 1, prefix.len() == 7, "{masked}");
        assert!(format.admits(&found), "{masked}");
        assert!(!TokenFormat::new("other").unwrap().admits(&found), "{masked}");
        assert!(TokenFormat::new("other").unwrap().accepting([prefix].into_iter()).unwrap().admits(&found));
    }
    assert!(!TokenFormat::new("l").unwrap().admits(&MaskedPrefix::new("lk")));
    assert_eq!(MaskedPrefix::new("acmecorp").candidates(), ["acmecorp"]);
    let either = MaskedPrefix::new("keycloud").candidates();
    assert_eq!(
        either,
        ["keyclou", "keycloud"],
        "keycloud of eight letters, or keyclou with the letter of a kind"
    );
    let format = TokenFormat::new("keycloud").unwrap();
    let token = format.generate(KeyType::App).unwrap();
    let both = TokenFormat::new("other").unwrap().accepting(either.iter().map(String::as_str)).unwrap();
    assert_eq!(both.shape(token.expose()), Some(Shape::Token(KeyType::App)), "who names both refuses nobody");
}
