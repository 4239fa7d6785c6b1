use super::*;
use crate::address::AddressError;
use crate::description::DescriptionError;
use crate::ids::UsernameError;
use crate::token::ForeignTokenError;
use rstest::rstest;

/// 2026-01-15T12:00:00Z
const NOW: Micros = Micros(1_768_478_400 * Micros::SECOND);
const DIGEST: &str = "37F7723d547baf5b562970b8183c183f462e14bb79bf913ccb8323c9c90f5212";

fn line() -> ImportLine<'static> {
    ImportLine {
        username: "demo",
        description: "WEB",
        token: "sk_live_4eC39HqLyjWD",
        ..ImportLine::default()
    }
}

fn read(line: &ImportLine<'_>) -> Result<LineKey, LineError> {
    line.read(&TokenFormat::new("lk").unwrap(), NOW)
}

fn refusal(line: &ImportLine<'_>) -> Option<LineError> {
    read(line).err()
}

#[test]
fn a_line_may_say_everything_or_little() {
    let little = read(&line()).ok().unwrap();
    assert_eq!((little.key_type, little.created_at, little.expires_at), (KeyType::Default, NOW, None));
    assert!(little.owner.is_none() && little.locked.is_none() && little.allow_list.is_empty());
    let all = ImportLine {
        username: " Demo ",
        description: " WEB ",
        key_type: "Default",
        created_at: "2019-07-14 11:54:19",
        expires_at: "2027-01-31T12:00:00+02:00",
        locked_ip: "203.0.113.7",
        allowed_ips: " 10.0.0.0/8  2001:db8::/32 10.0.0.0/8 ",
        owner: "ana",
        ..line()
    };
    let all = read(&all).ok().unwrap();
    assert_eq!((all.username.as_str(), all.description.as_str()), ("Demo", "WEB"));
    assert_eq!(all.owner.unwrap().as_str(), "ana");
    assert_eq!(all.created_at.rfc_3339(), "2019-07-14T11:54:19Z");
    assert_eq!(all.expires_at.unwrap().rfc_3339(), "2027-01-31T10:00:00Z");
    assert_eq!(all.locked, Address::parse("203.0.113.7").ok());
    let list: Vec<_> = all.allow_list.iter().map(ToString::to_string).collect();
    assert_eq!(list, ["10.0.0.0/8", "2001:db8::/32"]);
}

#[test]
fn a_token_is_known_in_one_of_three_forms() {
    let KnownToken::Plain(token) = read(&line()).ok().unwrap().token else { panic!("it is plain") };
    assert_eq!(token.expose(), "sk_live_4eC39HqLyjWD");
    let sha256 = ImportLine { token: "", token_sha256: DIGEST, ..line() };
    assert!(matches!(read(&sha256).ok().unwrap().token, KnownToken::Sha256([0x37, 0xf7, ..])));
    let hmac = ImportLine { token: "", token_hmac: DIGEST, ..line() };
    assert!(matches!(read(&hmac).ok().unwrap().token, KnownToken::Hmac(TokenHash([0x37, 0xf7, ..]))));
    assert_eq!(refusal(&ImportLine { token: "", ..line() }), Some(LineError::NoToken));
    for two in [
        ImportLine { token_sha256: DIGEST, ..line() },
        ImportLine { token_hmac: DIGEST, ..line() },
        ImportLine { token: "", token_hmac: DIGEST, token_sha256: DIGEST, ..line() },
    ] {
        assert_eq!(refusal(&two), Some(LineError::SeveralTokens));
    }
    for bad in ["37f7", &DIGEST[1..], &format!("{DIGEST}0"), "z"] {
        let line = ImportLine { token: "", token_sha256: bad, ..line() };
        assert_eq!(refusal(&line), Some(LineError::Hash("token_sha256")), "{bad}");
    }
}

#[test]
fn the_token_of_an_smpp_key_has_its_length() {
    let smpp = ImportLine { key_type: "smpp", ..line() };
    assert_eq!(refusal(&smpp), Some(LineError::SmppToken));
    assert!(read(&ImportLine { token: "abcd1234", ..smpp }).is_ok());
    assert!(read(&ImportLine { token: "a$cd12%4", ..smpp }).is_ok());
    assert_eq!(refusal(&ImportLine { token: "", token_sha256: DIGEST, ..smpp }), Some(LineError::SmppSha256));
    let long = ImportLine { username: "sixteen.letters.", token: "abcd1234", ..smpp };
    assert_eq!(refusal(&long), Some(LineError::SmppUsername));
}

#[rstest]
#[case(ImportLine { username: "", ..line() }, LineError::Username(UsernameError::Empty))]
#[case(ImportLine { username: "a b", ..line() }, LineError::Username(UsernameError::Character))]
#[case(ImportLine { owner: "a/b", ..line() }, LineError::Owner(UsernameError::Character))]
#[case(ImportLine { owner: "DEMO", ..line() }, LineError::OwnOwner)]
#[case(ImportLine { description: " ", ..line() }, LineError::Description(DescriptionError::Empty))]
#[case(ImportLine { key_type: "standard", ..line() }, LineError::KeyType)]
#[case(ImportLine { token: "1234567", ..line() }, LineError::Token(ForeignTokenError::Length(7)))]
#[case(ImportLine { token: " 12345678", ..line() }, LineError::Token(ForeignTokenError::Character))]
#[case(ImportLine { created_at: "yesterday", ..line() }, LineError::Time("created_at"))]
#[case(ImportLine { created_at: "2026-01-15T12:00:01Z", ..line() }, LineError::CreatedLater)]
#[case(ImportLine { expires_at: "31.01.2027", ..line() }, LineError::Time("expires_at"))]
#[case(ImportLine { expires_at: "9999-01-01", ..line() }, LineError::Expiry(ExpiryError::TooFar))]
#[case(ImportLine { locked_ip: "10.0.0.0/8", ..line() }, LineError::LockedIp(AddressError::NotAnAddress))]
#[case(ImportLine { allowed_ips: "10.0.0.1 x", ..line() }, LineError::AllowedIp("x".into(), AddressError::NotAnAddress))]
#[case(ImportLine { allowed_ips: "10.0.0.1", key_type: "cloud", ..line() }, LineError::NotAddressBound)]
fn a_broken_line_is_refused(#[case] line: ImportLine<'static>, #[case] why: LineError) {
    assert_eq!(refusal(&line), Some(why));
}

#[test]
fn a_key_may_have_expired_already() {
    let line = ImportLine { expires_at: "2026-01-15T11:59:59Z", ..line() };
    assert_eq!(read(&line).ok().unwrap().expires_at.unwrap().rfc_3339(), "2026-01-15T11:59:59Z");
}

#[test]
fn an_allow_list_has_an_end() {
    let list = |count: usize| (1..=count).map(|n| format!("10.0.0.{n} ")).collect::<String>();
    assert!(read(&ImportLine { allowed_ips: &list(100), ..line() }).is_ok());
    assert_eq!(refusal(&ImportLine { allowed_ips: &list(101), ..line() }), Some(LineError::AllowedIps));
}

#[test]
fn a_message_says_the_column_and_nothing_of_a_token() {
    let secret = "lkd_0123456789012345678901234567890123456789x2";
    let why = refusal(&ImportLine { token: secret, ..line() }).unwrap().to_string();
    assert_eq!(why, "token has the form of this installation's own tokens, and its checksum is wrong");
    let shown = refusal(&ImportLine { allowed_ips: "10.0.0.1/8", ..line() }).unwrap().to_string();
    assert_eq!(shown, "allowed_ips: 10.0.0.1/8 has host bits set; the network is 10.0.0.0/8");
}
