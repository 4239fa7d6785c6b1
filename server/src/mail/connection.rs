//! One conversation with the mail server.
//!
//! A failure is about the server or about the letter: a refused password is no reason to throw letters away, and an unknown
//! recipient is no reason to wait. The step at which a server refuses does not tell which, because many refuse the
//! greeting, the sender or the login only when the recipient is named. So the code of the answer decides.

use super::greeting::greeting;
use super::message::WrittenMail;
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

/// Why a letter was not accepted.
#[derive(Debug)]
pub(super) enum MailError {
    /// The server cannot be used for now, for this letter or any other.
    Server {
        /// Its answer, or what happened.
        reason: String,
        /// Whether the letter had been offered, so that it may be the cause.
        offered: bool,
    },
    /// This letter is refused.
    Letter {
        /// The answer of the server.
        reason: String,
        /// What becomes of the letter.
        fate: Fate,
    },
}

/// What becomes of a letter that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No server will ever accept it.
    GiveUp,
    /// The letter may be accepted later (4xx).
    Later,
    /// Refused for good, because of the server or how it is set up: other letters are refused too.
    NotItsFault,
}

impl MailError {
    /// A failure before any letter was offered.
    pub(super) fn server(reason: String) -> Self {
        Self::Server { reason, offered: false }
    }
}

/// An open conversation.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    timeout: Duration,
}

impl Connection {
    /// Connects, agrees on TLS and logs in, as the settings say; `host` is the one of the pages.
    pub(super) async fn open(
        settings: &SmtpSettings,
        resolver: &dyn Resolve,
        host: &str,
    ) -> Result<Self, MailError> {
        let Transport { stream, local } = Transport::open(settings, resolver).await?;
        let (timeout, hello) = (settings.timeout, &greeting(host, local));
        let greeted = AsyncSmtpConnection::connect_with_transport(stream, hello);
        let mut smtp = within(timeout, greeted).await.map_err(Step::of_server)?;
        if settings.encryption == Encryption::StartTls {
            if !smtp.can_starttls() {
                let reason = "it offers no STARTTLS, and mail is not sent in the clear unless smtp_url ends \
                              with ?tls=none"
                    .to_owned();
                return Err(MailError::server(reason));
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

    /// Hands one mail over. The server has accepted it when this returns without an error.
    pub(super) async fn deliver(&mut self, mail: &WrittenMail) -> Result<(), MailError> {
        let mut parameters = vec![];
        let mut addresses = mail.envelope.to().iter().chain(mail.envelope.from());
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !self.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reason = "the mail server takes no addresses with letters outside of ASCII".to_owned();
                return Err(MailError::Letter { reason, fate: Fate::GiveUp });
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

    /// Prepares for another letter after one was refused. Returns whether that worked.
    pub(super) async fn reset(&mut self) -> bool {
        within(self.timeout, self.smtp.command(Rset)).await.is_ok()
    }

    /// Ends the conversation.
    pub(super) async fn close(mut self) {
        // The letters are settled, so the answer does not matter.
        let _ = within(self.timeout, self.smtp.quit()).await;
    }
}

/// Reads the system's certificates each time, because they are replaced while servers run.
async fn tls(settings: &SmtpSettings) -> Result<TlsParameters, MailError> {
    let host = settings.host.clone();
    let built = tokio::task::spawn_blocking(move || TlsParameters::new(host)).await;
    let reason = match built {
        Ok(Ok(tls)) => return Ok(tls),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    Err(MailError::server(reason))
}

/// A step that failed.
enum Step {
    /// No answer in time.
    Late,
    /// Another failure.
    Failed(Error),
}

impl Step {
    /// The failure of a step that has nothing to do with a letter.
    fn of_server(self) -> MailError {
        MailError::server(self.to_string())
    }

    /// The failure of the step that names the sender, who is the same for all letters. A letter that is not `plain` asks
    /// the server for an extension, so others do not wait for it.
    fn of_sender(self, plain: bool) -> MailError {
        let reason = self.to_string();
        match self.code() {
            Some(code) if code.condemns_the_text() => MailError::Letter { reason, fate: Fate::GiveUp },
            _ => MailError::Server { reason, offered: !plain },
        }
    }

    /// The failure of a step that is about the letter, unless the server goes away.
    fn of_letter(self) -> MailError {
        let reason = self.to_string();
        let code = self.code();
        let Self::Failed(error) = self else { return MailError::Server { reason, offered: true } };
        let fate = match error.status().map(u16::from) {
            None | Some(CLOSING) => return MailError::Server { reason, offered: true },
            Some(_) if !error.is_permanent() => Fate::Later,
            Some(_) if code.is_some_and(StatusCode::condemns_the_letter) => Fate::GiveUp,
            Some(_) => Fate::NotItsFault,
        };
        MailError::Letter { reason, fate }
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
