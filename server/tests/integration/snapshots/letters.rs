//! Every letter, as its reader's program shows it.

use super::{Album, LANGUAGES};
use crate::app::{Browser, PASSWORD, TestApp};
use crate::applications::Device;
use crate::html::outline;
use crate::mail::smtp::Smtp;
use crate::mail::start;
use app::Language;
use contract::Cause;
use domain::ids::UserNumber;
use domain::time::Clock;
use serde_json::Value;
use service::mail::Letter;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use store::{Action, Audit, NewNotice, NoticeChoice};

const HOME: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.8";
const DAY: i64 = 24 * 3600;

/// A user who is told of everything by mail, and all letters so far.
struct Reader<'a> {
    app: &'a TestApp,
    smtp: &'a Smtp,
    user: UserNumber,
    letters: BTreeMap<&'static str, String>,
}

impl<'a> Reader<'a> {
    async fn who_reads(app: &'a TestApp, smtp: &'a Smtp, language: &str) -> Self {
        let user = app.add_user_with_mail("demo").await;
        app.services.store.set_language(user, language.to_owned(), None).await.unwrap();
        let choice = |cause| NoticeChoice { cause, by_mail: true, by_webhook: true };
        let reader = Self { app, smtp, user, letters: BTreeMap::new() };
        let (choices, chosen) = (Cause::ALL.map(choice).into(), reader.act(Action::NoticesChosen, ""));
        app.services.store.set_notice_choices(user, choices, chosen).await.unwrap();
        reader
    }

    /// Has the letter sent that waits, and keeps it under this name.
    async fn gets(&mut self, name: &'static str) {
        self.app.services.use_cases.notices.flush().await;
        assert_eq!(self.app.waiting().await, 1, "{name}");
        self.app.clock.advance(1);
        self.app.send_due().await;
        let letter = shown(&self.smtp.next(), name);
        assert!(self.letters.insert(name, letter).is_none(), "{name} comes twice");
        // So long that the next one need not wait for others.
        self.app.clock.advance(2 * 3600);
    }

    async fn browser(&self) -> Browser<'a> {
        self.app.browser("demo").await
    }

    fn act(&self, action: Action, detail: &str) -> Audit {
        Audit { detail: detail.to_owned(), ..self.app.act(self.user, action) }
    }

    async fn is_told(&mut self, name: &'static str, cause: Cause, count: u64, detail: &str) {
        let addresses =
            [OTHER, "2001:db8::7"].map(|address| (domain::address::Address::parse(address).unwrap(), 1));
        let addresses = addresses.into_iter().take(usize::try_from(count).unwrap()).collect();
        let (user, at, detail) = (self.user, self.app.clock.now(), detail.to_owned());
        let notice = NewNotice { user, cause, key: None, at, count, addresses, detail };
        self.app.services.store.insert_notices(vec![notice]).await.unwrap();
        self.gets(name).await;
    }

    /// Letters about keys, by what really happens to them.
    async fn uses_keys(&mut self) {
        let app = self.app;
        let key = self.browser().await.generate("WEB <1>", "default").await;
        self.gets("key_generated").await;
        let browser = self.browser().await;
        browser.act(&key.id, "reveal_key", &[]).await;
        self.gets("key_shown").await;
        assert_eq!(app.authz(&key.token, HOME).await.code(), "");
        assert_eq!(app.authz(&key.token, OTHER).await.code(), "IP_NOT_ALLOWED");
        self.gets("new_address").await;
        self.browser().await.act(&key.id, "authorise_address", &[("address", OTHER)]).await;
        self.gets("addresses_changed").await;
        let end = [("expires_at", "2026-01-21T18:30")];
        self.browser().await.act(&key.id, "set_key_expiry", &end).await;
        self.gets("key_changed").await;
        assert_eq!(app.services.use_cases.keys.remind_of_expiries().await.unwrap(), 1);
        self.gets("key_expiring").await;
        self.browser().await.act(&key.id, "rotate_key", &[("overlap_seconds", "86400")]).await;
        self.gets("key_rotated").await;
        let application = Device::ask(app, "Zapier").await;
        application.approve(&self.browser().await).await;
        self.gets("application_approved").await;
        self.browser().await.delete(&key.id).await;
        self.gets("key_deleted").await;
        assert_eq!(app.authz(&key.token, OTHER).await.code(), "DELETED");
        self.gets("deleted_key_in_use").await;
    }

    /// Letters about the account.
    async fn uses_account(&mut self) {
        let app = self.app;
        let fields = [("username", "demo"), ("password", PASSWORD)];
        for (name, client) in [("new_login", "198.51.100.1"), ("unknown_login", "unknown")] {
            app.stranger().post_from(client, "/login", &fields).await;
            self.gets(name).await;
        }
        for (name, action) in
            [("password_changed", Action::PasswordChanged), ("webhook_added", Action::WebhookAdded)]
        {
            app.services.store.record(self.act(action, "https://hooks.example/x")).await.unwrap();
            self.gets(name).await;
        }
    }

    async fn asks(&mut self, name: &'static str, letter: Letter) {
        self.app.queue(&letter).await;
        self.gets(name).await;
    }
}

/// Subject, addresses, and the parts: the text of all, the HTML of two that stand for all.
fn shown(mail: &Value, name: &str) -> String {
    let mut text =
        format!("To: {}\nSubject: {}\n", mail["to"][0].as_str().unwrap(), mail["headers"]["subject"]);
    if let Some(unsubscribe) = mail["headers"]["list-unsubscribe"].as_str() {
        let _ = writeln!(text, "List-Unsubscribe: {unsubscribe}");
    }
    let _ = write!(text, "\n{}", mail["text"].as_str().unwrap());
    if ["guessing", "confirm_address"].contains(&name) {
        let _ = write!(text, "\n{}", outline(mail["html"].as_str().unwrap()));
    }
    text
}

/// All letters to somebody who reads this language, by their names.
async fn letters_in(language: &str) -> BTreeMap<&'static str, String> {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let mut reader = Reader::who_reads(&app, &smtp, language).await;
    reader.uses_keys().await;
    reader.uses_account().await;
    reader.is_told("dead_key_in_use", Cause::DeadKeyInUse, 2, "").await;
    reader.is_told("guessing", Cause::Guessing, 50, "").await;
    reader.is_told("webhook_off", Cause::WebhookOff, 1, "https://hooks.example/x").await;
    let language = Language::from_code(language).unwrap();
    let (to, username) = ("demo@example.org".to_owned(), "demo".to_owned());
    let link = "https://keys.example.com/account/profile/confirm?token=a&b=c".to_owned();
    let letter = Letter::ConfirmAddress { to: to.clone(), language, username: username.clone(), link };
    reader.asks("confirm_address", letter).await;
    let (kept, owner) = (to.clone(), "owner".to_owned());
    let removed = Letter::Removed { to: kept, language, username: username.clone(), owner };
    reader.asks("removed", removed).await;
    reader.asks("address_replaced", Letter::AddressReplaced { to, language, username }).await;
    reader.invites().await;
    for (name, days) in [("password_expiring", 23), ("password_expiring_tomorrow", 5)] {
        app.clock.advance(days * DAY);
        assert_eq!(app.services.use_cases.accounts.remind_of_passwords().await.unwrap(), 1);
        reader.gets(name).await;
    }
    app.reset_password("demo", "another password").await;
    reader.gets("password_reset_by_operator").await;
    reader.forgot().await;
    reader.letters
}

impl Reader<'_> {
    async fn forgot(&mut self) {
        self.app.stranger().post("/login/forgot", &[("username", "demo")]).await;
        self.gets("set_password").await;
    }

    /// The letter to somebody who is invited, in the language of who invites.
    async fn invites(&mut self) {
        let fields = [("username", "guest"), ("email", "guest@example.org"), ("role", "reads_only")];
        let answer = self.browser().await.post("/account/sub-users?do=invite_sub_user", &fields).await;
        assert_eq!(answer.status, http::StatusCode::SEE_OTHER, "{}", answer.body);
        self.app.clock.advance(1);
        assert_eq!(self.app.waiting().await, 2);
        self.app.send_due().await;
        for _ in 0..2 {
            let mail = self.smtp.next();
            let name = if mail["to"][0] == "guest@example.org" { "invitation" } else { "sub_user_invited" };
            self.letters.insert(name, shown(&mail, name));
        }
        self.app.clock.advance(3600);
    }
}

#[tokio::test]
async fn every_letter() {
    let album = Album::open("letters");
    let [english, romanian] = LANGUAGES;
    let (english, mut romanian) = (letters_in(english).await, letters_in(romanian).await);
    for (name, text) in english {
        let other = romanian.remove(name).unwrap();
        album.holds(name, &format!("== en ==\n{text}\n== ro ==\n{other}"));
    }
    album.close();
}
