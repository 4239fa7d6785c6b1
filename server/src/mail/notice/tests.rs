use super::*;
use domain::address::Address;
use domain::ids::{KeyId, NoticeNumber, UserNumber, Username};
use domain::token::TokenHash;

const PAGES: Pages = Pages { origin: "https://keys.example.com" };
const AT: Micros = Micros(1_768_478_400_000_000);

fn user(language: &str, time_zone: &str) -> MailUser {
    MailUser {
        number: UserNumber(1),
        username: Username::parse("demo").unwrap(),
        email: None,
        language: language.to_owned(),
        time_zone: time_zone.to_owned(),
    }
}

fn facts(cause: Cause) -> NoticeFacts {
    let username = Username::parse("demo").unwrap();
    NoticeFacts {
        number: NoticeNumber(1),
        user: UserNumber(1),
        owner: None,
        username: username.clone(),
        cause,
        key: Some(NoticeKey {
            id: KeyId::generate(),
            token_hash: TokenHash([0; 32]),
            username,
            key_type: KeyType::Default,
            description: "WEB".to_owned(),
            masked: "lkd_abcd…wxyz".to_owned(),
            deleted_at: None,
        }),
        count: 1,
        first_at: AT,
        last_at: AT,
        read_at: None,
        addresses: vec![],
        action: None,
        actor: None,
        detail: String::new(),
    }
}

fn written(facts: &NoticeFacts, user: &MailUser) -> Draft {
    letter(&LetterContents { facts, later: &[] }, user, "demo@example.org", &PAGES, "t")
}

#[test]
fn every_cause_has_its_words_in_both_languages() {
    for language in Language::ALL {
        let mut subjects = Vec::new();
        for cause in Cause::ALL {
            let draft = written(&facts(cause), &user(language.code(), "UTC"));
            let text = draft.text();
            assert!(draft.subject.len() > 10 && !draft.subject.contains('{'), "{}", draft.subject);
            assert!(!text.contains('{') && text.len() > 300, "{text}");
            assert!(text.contains("2026-01-15 12:00:00 UTC"), "{text}");
            assert!(text.contains("https://keys.example.com/account/notifications"), "{text}");
            let can_be_stopped = text.contains("https://keys.example.com/unsubscribe?token=t");
            assert_eq!(can_be_stopped, !cause.is_always_mailed(), "{text}");
            assert!(MailTexts::in_language(language).about(cause.name()).len() > 5);
            subjects.push(draft.subject);
        }
        subjects.sort_unstable();
        subjects.dedup();
        assert_eq!(subjects.len(), Cause::ALL.len());
    }
}

#[test]
fn a_deleted_key_in_use_is_told_with_count_addresses_and_times() {
    let mut facts = facts(Cause::DeadKeyInUse);
    facts.count = 50;
    facts.last_at = AT.plus_seconds(3600);
    facts.key.as_mut().unwrap().deleted_at = Some(AT);
    let address = |n: usize| NoticeAddress {
        address: Address::parse(&format!("203.0.113.{n}")).unwrap(),
        count: u64::try_from(n).unwrap(),
        first_at: AT,
        last_at: AT,
        ignored: false,
    };
    facts.addresses = (1..=12).map(address).collect();
    let english = written(&facts, &user("en", "Europe/Bucharest"));
    assert_eq!(english.subject, "A deleted key is still in use: WEB");
    let text = english.text();
    for line in [
        "Key: WEB",
        "Token: lkd_abcd…wxyz",
        "Type: Default Key",
        "How often: 50 times",
        "  203.0.113.12 (12 times)",
        "  and 2 more",
        "First: 2026-01-15 14:00:00 Europe/Bucharest",
        "Last: 2026-01-15 15:00:00 Europe/Bucharest",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    assert!(!text.contains("203.0.113.2 "), "the least frequent are not named: {text}");
    facts.addresses = (1..=NoticeFacts::ADDRESSES).map(address).collect();
    let romanian = written(&facts, &user("ro", "nowhere"));
    assert_eq!(romanian.subject, "O cheie ștearsă este încă folosită: WEB");
    let text = romanian.text();
    for line in ["De câte ori: de 50 de ori", "  și cel puțin încă 10", "Prima dată: 2026-01-15 12:00:00 UTC"]
    {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
}

#[test]
fn what_users_write_stays_what_they_wrote() {
    let mut facts = facts(Cause::KeyDeleted);
    facts.key.as_mut().unwrap().description = "<b>WEB\r\nBcc: eve@example.org".to_owned();
    let draft = written(&facts, &user("", "UTC"));
    assert_eq!(draft.subject, "A key was deleted: <b>WEB  Bcc: eve@example.org");
    assert!(draft.html().contains("&lt;b&gt;WEB") && !draft.html().contains("<b>"), "{}", draft.html());
}

#[test]
fn a_change_of_the_account_is_named_in_the_readers_language() {
    let done = NoticeFacts { action: Some("two_factor_reset".to_owned()), ..facts(Cause::AccountChanged) };
    for language in Language::ALL {
        let what = action_text(ProfileTexts::in_language(language), "two_factor_reset").unwrap();
        let text = written(&done, &user(language.code(), "UTC")).text();
        assert!(text.contains(what), "{text}");
    }
    let unknown = NoticeFacts { action: Some("of_a_later_version".to_owned()), ..done };
    assert!(!written(&unknown, &user("en", "UTC")).text().contains("later_version"));
}

#[test]
fn a_password_that_ends_is_told_with_its_days() {
    for (language, days, said) in
        [("en", "7", "Time left: 7 days"), ("en", "1", "1 day"), ("ro", "3", "3 zile"), ("ro", "1", "o zi")]
    {
        let ending = NoticeFacts { detail: days.to_owned(), ..facts(Cause::PasswordExpiring) };
        let text = written(&ending, &user(language, "UTC")).text();
        assert!(text.contains(said), "{text}");
    }
}
