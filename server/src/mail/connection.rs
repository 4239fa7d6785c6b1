//! One conversation with the mail server. Every step is told apart, because a refused password is no reason
//! to throw letters away, and a refused recipient is none to wait.

use super::message::Written;
use crate::settings::{Encryption, SmtpSettings};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use secrecy::ExposeSecret;
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
    /// This letter alone is refused.
    Letter {
        /// What the server said.
        reason: String,
        /// Whether for good.
        permanent: bool,
    },
}

/// A conversation that is open.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    timeout: Duration,
}

impl Connection {
    /// Connects, agrees on TLS and logs in, as the settings say.
    pub(super) async fn open(settings: &SmtpSettings, hello: &ClientId) -> Result<Self, Failure> {
        let wrapped = match settings.encryption {
            Encryption::Tls => Some(tls(settings).await?),
            Encryption::StartTls | Encryption::None => None,
        };
        let server = (settings.host.as_str(), settings.port);
        let (timeout, connect) = (settings.timeout, Some(settings.timeout));
        let opening = AsyncSmtpConnection::connect_tokio1(server, connect, hello, wrapped, None);
        let mut smtp = within(timeout, opening).await.map_err(Step::of_server)?;
        if settings.encryption == Encryption::StartTls {
            if !smtp.can_starttls() {
                let reason = "it offers no STARTTLS, and mail is not sent in the clear unless smtp_url ends \
                              with ?tls=none"
                    .to_owned();
                return Err(Failure::Server { reason, offered: false });
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
                return Err(Failure::Letter { reason, permanent: true });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let timeout = self.timeout;
        let from = Mail::new(mail.envelope.from().cloned(), parameters);
        within(timeout, self.smtp.command(from)).await.map_err(Step::of_server)?;
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
    Err(Failure::Server { reason, offered: false })
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
        Failure::Server { reason: self.to_string(), offered: false }
    }

    /// A step that speaks of the letter: an answer is about it, unless the server goes away.
    fn of_letter(self) -> Failure {
        let reason = self.to_string();
        match self {
            Self::Failed(error) => match error.status().map(u16::from) {
                Some(code) if code != CLOSING => Failure::Letter { reason, permanent: error.is_permanent() },
                _ => Failure::Server { reason, offered: true },
            },
            Self::Late => Failure::Server { reason, offered: true },
        }
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
