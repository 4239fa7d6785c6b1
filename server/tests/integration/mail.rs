//! Mail, to a real mail server (aiosmtpd, scripts/setup-test) and read by Python's own parser.

mod binary;
mod failures;
mod letters;
pub(crate) mod smtp;
mod unsubscribe;

use crate::app::TestApp;
use service::mail::Letter;
use smtp::Smtp;
use std::sync::atomic::Ordering;
use store::NewMail;
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
