//! Mail, to a real mail server (aiosmtpd, scripts/setup-test) and read by Python's own parser.

mod binary;
mod failures;
mod letters;
pub(crate) mod smtp;
mod unsubscribe;

use crate::app::TestApp;
use contract::Cause;
use domain::address::Address;
use domain::ids::{UserNo, Username};
use service::accounts::operator::InitialPassword;
use service::mail::Letter;
use smtp::Smtp;
use std::sync::atomic::Ordering;
use store::{NewMail, NewNotice};
use tokio_util::sync::CancellationToken;

/// A server that sends to this mail server.
pub(crate) async fn start(smtp: &Smtp, more: &[(&'static str, &str)]) -> TestApp {
    start_at(&format!("smtp://127.0.0.1:{}?tls=none", smtp.port), more).await
}

async fn start_at(url: &str, more: &[(&'static str, &str)]) -> TestApp {
    let mut flags = vec![
        ("smtp_url", url),
        ("smtp_from", "Latchkey <keys@example.com>"),
        ("public_url", "https://keys.example.com"),
        ("notice_hold_seconds", "0"),
    ];
    flags.extend(more);
    TestApp::start_with(&flags).await
}

impl TestApp {
    /// Adds a user with a mail address.
    pub(crate) async fn add_user_with_mail(&self, name: &str) -> UserNo {
        let password = InitialPassword { given: Some(crate::app::PASSWORD.to_owned()) };
        let email = Some(format!("{name}@example.org"));
        self.services.operator.add_user(name, None, email, password).await.unwrap();
        let username = Username::parse(name).unwrap();
        self.services.store.find_user(&username).await.unwrap().unwrap().no
    }

    /// Tells a user something.
    async fn tell(&self, user: UserNo, cause: Cause) {
        let at = self.services.clock.now();
        let addresses = vec![(Address::parse("203.0.113.8").unwrap(), 1)];
        let notice = NewNotice { user, cause, key: None, at, count: 1, addresses, detail: String::new() };
        self.services.store.insert_notices(vec![notice]).await.unwrap();
    }

    pub(crate) async fn queue(&self, letter: &Letter) {
        let payload = letter.seal(self.services.use_cases.keys.sealing.as_ref().unwrap()).unwrap();
        let mail = NewMail { user: None, payload, due_at: self.services.clock.now() };
        self.services.store.insert_mail(mail).await.unwrap();
    }

    pub(crate) async fn send_due(&self) {
        self.services.mailer.send_due(&CancellationToken::new()).await;
    }

    pub(crate) async fn waiting(&self) -> u64 {
        self.services.store.count_mails().await.unwrap()
    }

    fn given_up(&self) -> u64 {
        self.services.mailer.figures().given_up.load(Ordering::Relaxed)
    }
}
