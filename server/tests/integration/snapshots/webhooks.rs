//! Every message to a webhook, as its receiver gets it.

use super::Album;
use super::account::{Account, add_webhook};
use crate::app::{Browser, PASSWORD, TestApp};
use crate::applications::Device;
use crate::receiver::{Message, Receiver};
use contract::Cause;
use std::fmt::Write as _;

const HOME: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.8";
const DAY: i64 = 24 * 3600;

/// The line, the headers in the order of their names, and the body.
fn shown(message: &Message) -> String {
    let mut headers: Vec<_> = message.headers().collect();
    headers.sort_unstable();
    let mut text = format!("{}\n", message.line());
    headers.iter().for_each(|line| _ = writeln!(text, "{line}"));
    format!("{text}\n{}\n", serde_json::to_string_pretty(&message.json()).unwrap())
}

/// Somebody whose webhook is told of everything.
struct Owner<'a> {
    album: &'a Album,
    app: &'a TestApp,
    browser: Browser<'a>,
    receiver: Receiver,
}

impl Owner<'_> {
    /// Has the message sent that waits, and takes it under this name.
    async fn gets(&self, name: &str) {
        self.app.services.use_cases.notices.flush().await;
        // What is gathered is held for a minute.
        self.app.clock.advance(60);
        assert_eq!(self.app.services.deliverer.deliver_due().await, 1, "{name}");
        self.album.holds(name, &shown(&self.receiver.wait()));
    }

    /// Messages about a key, by what really happens to it.
    async fn uses_a_key(&self) {
        let key = self.browser.generate("WEB <1>", "default").await;
        self.gets("key_generated").await;
        self.browser.act(&key.id, "reveal_key", &[]).await;
        self.gets("key_shown").await;
        assert_eq!(self.app.authz(&key.token, HOME).await.code(), "");
        assert_eq!(self.app.authz(&key.token, OTHER).await.code(), "IP_NOT_ALLOWED");
        self.gets("new_address").await;
        self.browser.act(&key.id, "authorise_address", &[("address", OTHER)]).await;
        self.gets("addresses_changed").await;
        let end = [("expires_at", "2026-01-21T18:30")];
        self.browser.act(&key.id, "set_key_expiry", &end).await;
        self.gets("key_changed").await;
        assert_eq!(self.app.services.use_cases.keys.remind_of_expiries().await.unwrap(), 1);
        self.gets("key_expiring").await;
        self.browser.act(&key.id, "rotate_key", &[("overlap_seconds", "86400")]).await;
        self.gets("key_rotated").await;
        Device::ask(self.app, "Zapier").await.approve(&self.browser).await;
        self.gets("application_approved").await;
        self.browser.delete(&key.id).await;
        self.gets("key_deleted").await;
        assert_eq!(self.app.authz(&key.token, OTHER).await.code(), "DELETED");
        self.gets("dead_key_in_use").await;
    }

    /// Messages about the account.
    async fn uses_the_account(&self) {
        let app = self.app;
        let fields = [("username", "owner"), ("password", PASSWORD)];
        app.stranger().post_from("198.51.100.1", "/login", &fields).await;
        self.gets("new_login").await;
        let user = app.user("owner").await.number;
        for (cause, count) in [(Cause::Guessing, 50), (Cause::WebhookOff, 1)] {
            app.tell(user, cause, None, count).await;
            self.gets(cause.name()).await;
        }
        app.clock.advance(23 * DAY);
        assert_eq!(app.services.use_cases.accounts.remind_of_passwords().await.unwrap(), 1);
        self.gets("password_expiring").await;
        app.reset_password("owner", "another password").await;
        self.gets("account_changed").await;
    }
}

#[tokio::test]
async fn every_message() {
    let album = Album::open("webhook_messages");
    let app = Account::start().await;
    app.add_user("owner").await;
    let browser = app.browser("owner").await;
    let (_, receiver) = add_webhook(&browser).await;
    album.holds("test", &shown(&receiver.wait()));
    let owner = Owner { album: &album, app: &app, browser, receiver };
    owner.uses_a_key().await;
    owner.uses_the_account().await;
    let held = album.names.lock().len();
    assert_eq!(held, Cause::ALL.len() + 1, "a message for each cause, and the test");
    album.close();
}
