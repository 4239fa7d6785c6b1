//! One conversation with the mail server. Every step is told apart, because a refused password is no reason
//! to throw letters away, and an unknown recipient is none to wait. At which step a server says no is not what it
//! says no to: many take the recipient's turn to refuse the greeting, the sender or the login.

use super::greeting::greeting;
use super::message::Written;
use super::transport::Transport;
use crate::dial::Resolve;
use crate::settings::{Encryption, SmtpSettings};
use domain::mail_reply::StatusCode;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailParameter};
use secrecy::ExposeSecret;
use std::error::Error as _;
use std::time::Duration;

/// "Service not available, closing transmission channel" (RFC 5321, 4.2.3), at any step.
const CLOSING: u16 = 421;

/// Why a letter was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server cannot be used for now, for this letter or any other.
    Server {
        /// What it said, or what happened.
        reason: String,
        /// Whether it happened after the letter was offered: then it may be its fault.
        offered: bool,
    },
    /// This letter is refused.
    Letter {
        /// What the server said.
        reason: String,
        /// What becomes of it.
        verdict: Verdict,
    },
}

/// What becomes of a letter that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nobody will ever take it.
    GiveUp,
    /// It may be taken later (4xx).
    Later,
    /// Refused for good, but for a reason that lies with the server or how it is used: others meet it too.
    NotItsFault,
}

impl Failure {
    /// The server cannot be used, whatever is sent.
    pub(super) fn server(reason: String) -> Self {
        Self::Server { reason, offered: false }
    }
}

/// A conversation that is open.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    timeout: Duration,
}

impl Connection {
    /// Connects, agrees on TLS and logs in, as the settings say; `host` is where the pages are.
    pub(super) async fn open(
        settings: &SmtpSettings,
        resolver: &dyn Resolve,
        host: &str,
    ) -> Result<Self, Failure> {
        let Transport { stream, local } = Transport::open(settings, resolver).await?;
        let (timeout, hello) = (settings.timeout, &greeting(host, local));
        let greeted = AsyncSmtpConnection::connect_with_transport(stream, hello);
        let mut smtp = within(timeout, greeted).await.map_err(Step::of_server)?;
        if settings.encryption == Encryption::StartTls {
            if !smtp.can_starttls() {
                let reason = "it offers no STARTTLS, and mail is not sent in the clear unless smtp_url ends \
                              with ?tls=none"
                    .to_owned();
                return Err(Failure::server(reason));
            }
            let tls = tls(settings).await?;
            within(timeout, smtp.starttls(tls, hello)).await.map_err(Step::of_server)?;
        }
        if let Some((user, password)) = &settings.login {
            let login = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            within(timeout, smtp.auth(&mechanisms, &login)).await.map_err(Step::of_server)?;
        }
        Ok(Self { smtp, timeout })
    }

    /// Hands one mail over; when this returns without failure, the server has taken it.
    pub(super) async fn deliver(&mut self, mail: &Written) -> Result<(), Failure> {
        let mut parameters = vec![];
        let mut addresses = mail.envelope.to().iter().chain(mail.envelope.from());
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !self.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reason = "the mail server takes no addresses with letters outside of ASCII".to_owned();
                return Err(Failure::Letter { reason, verdict: Verdict::GiveUp });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let (timeout, is_plain) = (self.timeout, parameters.is_empty());
        let from = Mail::new(mail.envelope.from().cloned(), parameters);
        within(timeout, self.smtp.command(from)).await.map_err(|step| step.of_sender(is_plain))?;
        for to in mail.envelope.to() {
            within(timeout, self.smtp.command(Rcpt::new(to.clone(), vec![])))
                .await
                .map_err(Step::of_letter)?;
        }
        within(timeout, self.smtp.command(Data)).await.map_err(Step::of_letter)?;
        within(timeout, self.smtp.message(&mail.bytes)).await.map_err(Step::of_letter)?;
        Ok(())
    }

    /// Makes ready for another letter after one was refused; answers whether that worked.
    pub(super) async fn reset(&mut self) -> bool {
        within(self.timeout, self.smtp.command(Rset)).await.is_ok()
    }

    /// Says good-bye.
    pub(super) async fn close(mut self) {
        // Everything is settled: what the server says to this is of no use.
        let _ = within(self.timeout, self.smtp.quit()).await;
    }
}

/// Reads the system's certificates anew each time: they are exchanged while servers run.
async fn tls(settings: &SmtpSettings) -> Result<TlsParameters, Failure> {
    let host = settings.host.clone();
    let built = tokio::task::spawn_blocking(move || TlsParameters::new(host)).await;
    let reason = match built {
        Ok(Ok(tls)) => return Ok(tls),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    Err(Failure::server(reason))
}

/// A step that failed.
enum Step {
    /// No answer in time.
    Late,
    /// Another failure.
    Failed(Error),
}

impl Step {
    /// A step that has nothing to do with the letter.
    fn of_server(self) -> Failure {
        Failure::server(self.to_string())
    }

    /// The step that names the sender, the same for all letters; one that is not `plain` asks for more than
    /// others, so that these do not wait for it.
    fn of_sender(self, plain: bool) -> Failure {
        let reason = self.to_string();
        match self.code() {
            Some(code) if code.condemns_the_text() => Failure::Letter { reason, verdict: Verdict::GiveUp },
            _ => Failure::Server { reason, offered: !plain },
        }
    }

    /// A step that speaks of the letter: an answer may be about it, unless the server goes away.
    fn of_letter(self) -> Failure {
        let reason = self.to_string();
        let code = self.code();
        let Self::Failed(error) = self else { return Failure::Server { reason, offered: true } };
        let verdict = match error.status().map(u16::from) {
            None | Some(CLOSING) => return Failure::Server { reason, offered: true },
            Some(_) if !error.is_permanent() => Verdict::Later,
            Some(_) if code.is_some_and(StatusCode::condemns_the_letter) => Verdict::GiveUp,
            Some(_) => Verdict::NotItsFault,
        };
        Failure::Letter { reason, verdict }
    }

    /// The enhanced code of the answer.
    fn code(&self) -> Option<StatusCode> {
        let Self::Failed(error) = self else { return None };
        error.status().and(error.source()).and_then(|said| StatusCode::of_reply(&said.to_string()))
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Late => f.write_str("it did not answer in time"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

async fn within<T>(time: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, Step> {
    tokio::time::timeout(time, step).await.map_err(|_| Step::Late)?.map_err(Step::Failed)
}
