//! How mail is sent: `smtp_url`, `smtp_password`, `smtp_from`.

use super::parse::{number, optional};
use super::{Layers, SettingsError};
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use std::net::IpAddr;
use std::time::Duration;

/// The encryption of the connection to the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte on (`smtps://`).
    Tls,
    /// TLS after STARTTLS, and no mail without it (`smtp://`).
    StartTls,
    /// None (`?tls=none`).
    None,
}

/// The mail server, and the sender of letters.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The encryption of the connection.
    pub encryption: Encryption,
    /// User and password, if it asks for them.
    pub login: Option<(String, SecretString)>,
    /// The sender of letters.
    pub from: Mailbox,
    /// How long the server may take for each step.
    pub timeout: Duration,
}

/// `smtp_url` taken apart.
struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    user: Option<String>,
}

impl SmtpSettings {
    pub(super) fn parse(layers: &Layers) -> Result<Option<Self>, SettingsError> {
        let server = layers.read("smtp_url", optional(server))?;
        let password = layers.read("smtp_password", |v| password(v, server.as_ref()))?;
        let from = layers.read("smtp_from", |v| match (&server, v) {
            (None, "") => Ok(None),
            (None, _) => Err("is of no use without smtp_url".to_owned()),
            (Some(_), v) => v.parse().map(Some).map_err(|_| wants_address(v)),
        })?;
        let timeout = layers.read("smtp_timeout_seconds", |v| number(v, 1, 600))?;
        let (Some(server), Some(from)) = (server, from) else { return Ok(None) };
        Ok(Some(Self {
            host: server.host,
            port: server.port,
            encryption: server.encryption,
            login: server.user.zip(password),
            from,
            timeout: Duration::from_secs(timeout),
        }))
    }
}

fn wants_address(value: &str) -> String {
    let is_needed = if value.is_empty() { "is needed with smtp_url: " } else { "" };
    format!("{is_needed}takes a mail address, such as Latchkey <keys@example.com>")
}

fn server(value: &str) -> Result<Server, String> {
    let wrong =
        || "takes an address such as smtp://user@mail.example.com:587 or smtps://mail.example.com".to_owned();
    let uri: http::Uri = value.parse().map_err(|_| wrong())?;
    let (secure, port) = match uri.scheme_str() {
        Some("smtps") => (true, 465),
        Some("smtp") => (false, 587),
        _ => return Err(wrong()),
    };
    if !matches!(uri.path(), "" | "/") {
        return Err(wrong());
    }
    let encryption = match (secure, uri.query()) {
        (true, None) => Encryption::Tls,
        (false, None | Some("tls=required")) => Encryption::StartTls,
        (false, Some("tls=none")) => Encryption::None,
        _ => return Err("takes nothing behind the port but ?tls=none, for smtp:// only".to_owned()),
    };
    let authority = uri.authority().ok_or_else(wrong)?;
    let (user, place) =
        authority.as_str().rsplit_once('@').map_or((None, authority.as_str()), |(u, p)| (Some(u), p));
    let user = match user {
        None => None,
        Some(user) if user.contains(':') => {
            return Err("must not hold a password: put it into a file and name that in \
                        LATCHKEY_SMTP_PASSWORD_FILE"
                .to_owned());
        }
        Some(user) => Some(percent_decode_str(user).decode_utf8().map_err(|_| wrong())?.into_owned()),
    };
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    if host.is_empty() || user.as_deref() == Some("") {
        return Err(wrong());
    }
    let port = match place.strip_prefix(authority.host()).and_then(|rest| rest.strip_prefix(':')) {
        None => port,
        Some(port) => port.parse().map_err(|_| wrong())?,
    };
    Ok(Server { host, port, encryption, user })
}

fn password(value: &str, server: Option<&Server>) -> Result<Option<SecretString>, String> {
    let user = server.and_then(|server| server.user.as_deref());
    match (server, user, value) {
        (_, None, "") => Ok(None),
        (None, _, _) => Err("is of no use without smtp_url".to_owned()),
        (_, None, _) => Err("needs a user: smtp_url = \"smtp://user@mail.example.com\"".to_owned()),
        (_, Some(_), "") => Err("is needed, as smtp_url names a user: put it into a file and name that in \
                                 LATCHKEY_SMTP_PASSWORD_FILE"
            .to_owned()),
        (Some(server), _, _) if server.encryption == Encryption::None && !is_this_machine(&server.host) => {
            Err("would cross the network in the clear: leave ?tls=none out of smtp_url".to_owned())
        }
        (_, _, value) => Ok(Some(SecretString::from(value))),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use rstest::rstest;
    use secrecy::ExposeSecret;

    fn parse(settings: &[(&'static str, &str)]) -> Result<Option<SmtpSettings>, String> {
        let flags = settings.iter().map(|(name, value)| (*name, "--test", (*value).to_owned())).collect();
        let layers = Layers::load(None, std::iter::empty(), flags).unwrap();
        Settings::parse(&layers).map(|settings| settings.smtp).map_err(|error| error.to_string())
    }

    const FROM: (&str, &str) = ("smtp_from", "Latchkey <keys@example.com>");

    #[rstest]
    #[case("smtp://mail.example.com", "mail.example.com", 587, Encryption::StartTls)]
    #[case("smtp://mail.example.com:2525?tls=required", "mail.example.com", 2525, Encryption::StartTls)]
    #[case("smtps://mail.example.com/", "mail.example.com", 465, Encryption::Tls)]
    #[case("smtp://[::1]:25?tls=none", "::1", 25, Encryption::None)]
    fn servers_are_understood(
        #[case] url: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] encryption: Encryption,
    ) {
        let smtp = parse(&[("smtp_url", url), FROM]).unwrap().unwrap();
        assert_eq!((smtp.host.as_str(), smtp.port, smtp.encryption), (host, port, encryption));
        assert_eq!(smtp.from.to_string(), "Latchkey <keys@example.com>");
        assert!(smtp.login.is_none());
    }

    #[test]
    fn mail_is_off_unless_it_is_set_up() {
        assert!(parse(&[]).unwrap().is_none());
    }

    #[test]
    fn a_user_may_hold_an_at_sign() {
        let url = ("smtp_url", "smtp://keys%40example.com@mail.example.com");
        let (user, password) =
            parse(&[url, FROM, ("smtp_password", "s3cret")]).unwrap().unwrap().login.unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("keys@example.com", "s3cret"));
    }

    #[rstest]
    #[case(&[("smtp_url", "mail.example.com"), FROM], "takes an address such as smtp://")]
    #[case(&[("smtp_url", "http://mail.example.com"), FROM], "takes an address such as smtp://")]
    #[case(&[("smtp_url", "smtp://mail.example.com/path"), FROM], "takes an address such as smtp://")]
    #[case(&[("smtp_url", "smtp://mail.example.com:99999"), FROM], "takes an address such as smtp://")]
    #[case(&[("smtp_url", "smtp://@mail.example.com"), FROM], "takes an address such as smtp://")]
    #[case(&[("smtp_url", "smtp://mail.example.com?tls=maybe"), FROM], "but ?tls=none")]
    #[case(&[("smtp_url", "smtps://mail.example.com?tls=none"), FROM], "but ?tls=none")]
    #[case(&[("smtp_url", "smtp://user:s3cret@mail.example.com"), FROM], "LATCHKEY_SMTP_PASSWORD_FILE")]
    #[case(&[("smtp_url", "smtp://user@mail.example.com"), FROM], "smtp_password: is needed")]
    #[case(&[("smtp_url", "smtp://mail.example.com"), ("smtp_password", "s3cret"), FROM], "needs a user")]
    #[case(&[("smtp_password", "s3cret")], "is of no use without smtp_url")]
    #[case(&[FROM], "smtp_from (from --test): is of no use without smtp_url")]
    #[case(&[("smtp_url", "smtp://mail.example.com")], "is needed with smtp_url: takes a mail address")]
    #[case(&[("smtp_url", "smtp://mail.example.com"), ("smtp_from", "keys")], "takes a mail address")]
    #[case(
        &[("smtp_url", "smtp://user@192.0.2.1?tls=none"), ("smtp_password", "s3cret"), FROM],
        "would cross the network in the clear"
    )]
    fn what_does_not_fit_is_said(#[case] settings: &[(&'static str, &str)], #[case] says: &str) {
        let error = parse(settings).err().unwrap();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}
