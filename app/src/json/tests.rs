use std::fmt::Debug;

use serde::Serialize;

use super::*;

/// What serde writes is what is read here.
fn comes_back<T: FromJson + Serialize + PartialEq>(value: &T) {
    let json = serde_json::to_string(value).expect("it can be written");
    let read = from_json::<T>(&json);
    assert!(read.is_ok_and(|read| read == *value), "{json}");
}

fn moment() -> Moment {
    Moment { text: "2019-07-14 11:54:19".into(), iso: "2019-07-14T11:54:19Z".into() }
}

fn row(key_type: KeyType) -> KeyRow {
    KeyRow {
        id: KeyId("0198-ab".into()),
        username: "demo".into(),
        description: "\"Web\" \\ ș 🔑\n".into(),
        key_type,
        masked_token: "lk_ab…yz".into(),
        last_used: Some(moment()),
        times_used: u64::MAX,
        locked_ip: None,
    }
}

fn fresh() -> Option<RevealedKey> {
    Some(RevealedKey { id: KeyId("0198-ab".into()), token: ShownToken("lk_secret".into()) })
}

#[test]
fn the_pages_come_back() {
    let rows: Vec<_> = KeyType::ALL.map(row).into();
    let spans = Spans { today: 1, days_7: 2, days_30: 3 };
    comes_back(&Dashboard {
        keys: 4,
        uses: spans,
        refused: spans,
        last_used: rows.clone(),
        may_manage: true,
    });
    comes_back(&KeyPage {
        rows,
        page: 1,
        pages: 2,
        total: 30,
        first: 1,
        last: 25,
        fresh: fresh(),
        may_manage: true,
    });
    for lock_width in [LockWidth::Exact, LockWidth::Net64] {
        comes_back(&KeyDetails {
            row: KeyRow { last_used: None, locked_ip: Some("::1".into()), ..row(KeyType::Default) },
            created: moment(),
            lock_width,
            allow_list: vec!["10.0.0.0/8".into()],
            uses_today: 1,
            uses_30_days: 2,
            refused_30_days: 3,
            can_reveal: true,
            proof_needed: false,
            code_needed: true,
            fresh: None,
            viewer: "demo".into(),
            may_manage: false,
        });
    }
    comes_back(&fresh());
    comes_back(&MadeKey { id: KeyId("0198-ab".into()), token: ShownToken("lk".into()), made: "x".into() });
    comes_back(&Some(Viewer { username: "demo".into(), is_owner: true, unread: 3, may_manage: true }));
    comes_back(&None::<Viewer>);
    comes_back(&());
    comes_back(&false);
}

/// Fails to compile when a problem is missing in the list below.
fn all_problems() -> Vec<Problem> {
    use Problem::*;
    let suggestion = String::from("10.0.0.0/8");
    let all = vec![
        Empty,
        TooLong { limit: 100 },
        TooShort { limit: 8 },
        ControlCharacter,
        NotAUsername,
        WebAddress,
        Taken,
        WrongCredentials,
        WrongPassword,
        Guessable,
        WrongCode,
        UnknownKeyType,
        UsernameTooLongForSmpp { limit: 7 },
        NotAnAddress,
        ZonedAddress,
        HostBits { suggestion },
        MappedNetwork,
        Everybody,
        AlreadyListed,
        TooMany { limit: 64 },
        TooManyKeys { limit: 100_000 },
        NotADefaultKey,
        LinkClosed,
        NotRevealable,
        #[cfg(feature = "ssr")]
        NotAChoice,
        #[cfg(feature = "ssr")]
        NotAMailAddress,
        #[cfg(feature = "ssr")]
        StaleLink,
        #[cfg(feature = "ssr")]
        PresentPassword,
        #[cfg(feature = "ssr")]
        Webhook(crate::portal::WebhookProblem::NotHttps),
    ];
    for problem in &all {
        match problem {
            Empty
            | TooLong { .. }
            | TooShort { .. }
            | ControlCharacter
            | NotAUsername
            | WebAddress
            | Taken => {}
            Guessable | WrongCode => {}
            WrongCredentials | WrongPassword | UnknownKeyType | UsernameTooLongForSmpp { .. } => {}
            NotAnAddress | ZonedAddress | HostBits { .. } | MappedNetwork | Everybody => {}
            AlreadyListed
            | TooMany { .. }
            | TooManyKeys { .. }
            | NotADefaultKey
            | LinkClosed
            | NotRevealable => {}
            #[cfg(feature = "ssr")]
            NotAChoice | NotAMailAddress | StaleLink | PresentPassword | Webhook(_) => {}
        }
    }
    all
}

#[test]
fn every_error_comes_back() {
    let fields = [
        Field::Form,
        Field::Username,
        Field::Password,
        Field::Code,
        Field::Description,
        Field::KeyType,
        Field::Address,
    ];
    #[cfg(feature = "ssr")]
    let fields: Vec<_> = fields
        .into_iter()
        .chain([
            Field::Email,
            Field::TimeZone,
            Field::Language,
            Field::NewPassword,
            Field::Url,
            Field::Causes,
        ])
        .collect();
    let wrong = all_problems().into_iter().zip(fields.into_iter().cycle());
    comes_back(&PortalError::Invalid(wrong.map(|(problem, field)| FieldError { field, problem }).collect()));
    for error in [
        PortalError::SignedOut,
        PortalError::NotFound,
        PortalError::Forbidden,
        PortalError::ProofNeeded,
        PortalError::Throttled { retry_after_seconds: 61 },
        PortalError::Busy,
        PortalError::Unavailable,
        PortalError::WrongAddress { address: "https://keys.example.com".into(), plain: true },
        PortalError::Connection("gone".into()),
    ] {
        comes_back(&error);
    }
}

#[test]
fn an_echo_comes_back() {
    let echo = FormEcho {
        form: "log_in".into(),
        fields: vec![("username".into(), "demo".into())],
        error: Some(PortalError::NotFound),
    };
    let json = serde_json::to_string(&echo).expect("it can be written");
    let read = from_json::<FormEcho>(&json).expect("it can be read");
    assert_eq!((read.form, read.fields, read.error), (echo.form, echo.fields, echo.error));
}

#[test]
fn what_is_no_answer_is_an_error() {
    fn refused<T: FromJson + Debug>(json: &str) {
        assert!(matches!(from_json::<T>(json), Err(PortalError::Connection(_))), "{json}");
    }
    refused::<PortalError>("\"Nobody\"");
    refused::<PortalError>("<html>");
    refused::<Viewer>("{\"username\":\"demo\"}");
    refused::<u32>("-1");
    refused::<u32>("4294967296");
    refused::<bool>("");
}
