//! Settings of connections.

use super::parse::{number, optional, socket_address};
use super::{Layers, SettingsError, Source};
use domain::share::ShareRule;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// A place at which the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port.
    Address(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The certificate and its key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by those that signed it.
    pub certificate: PathBuf,
    /// The private key of the server's certificate.
    pub key: PathBuf,
}

/// How long each step of a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TLS handshake, and for the head of a request.
    pub head: Duration,
    /// Until the next request on a kept connection.
    pub idle: Duration,
    /// For the body of a request.
    pub body: Duration,
}

/// How the server treats connections.
#[derive(Clone)]
pub struct ServerSettings {
    /// Where to listen; at least one.
    pub listen: Vec<Listen>,
    /// Whether the operator said so.
    pub listen_is_set: bool,
    /// Where connections begin with a PROXY header.
    pub listen_proxy_protocol: Option<SocketAddr>,
    /// Where gateways ask, if they have places of their own; the others then answer pages only.
    pub listen_gateways: Vec<Listen>,
    /// Certificate and key, if addresses speak TLS.
    pub tls: Option<TlsFiles>,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// The most connections at a time; none: as many as file handles allow, up to 10,000.
    pub max_connections: Option<usize>,
    /// The most requests of gateways that are answered at a time.
    pub max_questions: usize,
    /// The most pages that are answered at a time.
    pub max_pages: usize,
    /// How connections, requests, forms and pages are shared out.
    pub shares: ShareRule,
    /// One of so many requests is written to the access log; none: it is off.
    pub access_log: Option<NonZeroU64>,
}

impl ServerSettings {
    pub(super) fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        let seconds = |name| layers.read(name, |v| number(v, 1, 3600)).map(Duration::from_secs);
        Ok(Self {
            listen: layers.read("listen", listen)?,
            listen_is_set: *layers.get("listen").1 != Source::Default,
            listen_proxy_protocol: layers.read("listen_proxy_protocol", optional(socket_address))?,
            listen_gateways: layers.read("listen_gateways", optional(listen))?.unwrap_or_default(),
            tls: tls(layers)?,
            timeouts: Timeouts {
                head: seconds("head_timeout_seconds")?,
                idle: seconds("idle_timeout_seconds")?,
                body: seconds("body_timeout_seconds")?,
            },
            max_connections: layers.read("max_connections", |v| match v {
                "auto" => Ok(None),
                v => number(v, 1, 1_000_000).map(Some).map_err(|why| format!("{why}, or auto")),
            })?,
            max_questions: layers.read("max_questions", |v| number(v, 1, 1_000_000))?,
            max_pages: layers.read("max_pages", |v| number(v, 1, 100_000))?,
            shares: ShareRule {
                source_percent: layers.read("source_share_percent", |v| number(v, 1, 100))?,
                reserved_percent: layers.read("reserved_percent", |v| number(v, 0, 90))?,
            },
            access_log: layers.read("access_log", access_log)?,
        })
    }
}

fn listen(value: &str) -> Result<Vec<Listen>, String> {
    value.split(',').map(str::trim).map(listen_one).collect()
}

fn listen_one(text: &str) -> Result<Listen, String> {
    match text.strip_prefix("unix:") {
        Some(path) if path.starts_with('/') => Ok(Listen::Unix(PathBuf::from(path))),
        Some(_) => Err("takes a whole path behind unix:, such as unix:/run/latchkey.sock".to_owned()),
        None => socket_address(text)
            .map(Listen::Address)
            .map_err(|why| format!("{why}, or a Unix socket such as unix:/run/latchkey.sock")),
    }
}

fn access_log(value: &str) -> Result<Option<NonZeroU64>, String> {
    match (value, value.strip_prefix("1/").map(str::parse)) {
        ("off", _) => Ok(None),
        ("all", _) => Ok(NonZeroU64::new(1)),
        (_, Some(Ok(every))) => Ok(Some(every)),
        _ => Err("takes off, all, or a part such as 1/100".to_owned()),
    }
}

fn tls(layers: &Layers) -> Result<Option<TlsFiles>, SettingsError> {
    let path = |value: &str| Ok(PathBuf::from(value));
    let certificate = layers.read("tls_certificate", path)?;
    let key = layers.read("tls_key", |value| match (certificate.as_os_str().is_empty(), value) {
        (false, "") => {
            Err("is not set; tls_certificate needs it: the PEM file of its private key".to_owned())
        }
        (true, value) if !value.is_empty() => Err("is of no use without tls_certificate".to_owned()),
        (_, value) => path(value),
    })?;
    Ok((!key.as_os_str().is_empty()).then_some(TlsFiles { certificate, key }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use rstest::rstest;

    fn parse(settings: &[(&'static str, &str)]) -> Result<Settings, String> {
        let flags = settings.iter().map(|(name, value)| (*name, "--test", (*value).to_owned())).collect();
        let layers = Layers::load(None, std::iter::empty(), flags).unwrap();
        Settings::parse(&layers).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_and_unix_sockets_may_be_listed() {
        let settings = parse(&[("listen", "127.0.0.1:1, unix:/run/l.sock ,[::1]:2")]).unwrap();
        let texts: Vec<_> = settings.server.listen.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["127.0.0.1:1", "unix:/run/l.sock", "[::1]:2"]);
        assert_eq!(settings.public_url.origin, "http://127.0.0.1:1");
    }

    #[test]
    fn tls_makes_the_public_url_secure() {
        let files = [("tls_certificate", "/c.pem"), ("tls_key", "/k.pem")];
        let url = parse(&files).unwrap().public_url;
        assert_eq!((url.origin.as_str(), url.secure), ("https://127.0.0.1:3000", true));
    }

    #[rstest]
    #[case(&[("listen", "")], "takes an address and a port")]
    #[case(&[("listen", "127.0.0.1:1,")], "takes an address and a port")]
    #[case(&[("listen", "unix:l.sock")], "takes a whole path")]
    #[case(&[("listen", "unix:/l.sock")], "public_url: is needed")]
    #[case(&[("listen_proxy_protocol", "unix:/l.sock")], "takes an address and a port")]
    #[case(&[("tls_certificate", "/c.pem")], "tls_key: is not set; tls_certificate needs it")]
    #[case(&[("tls_key", "/k.pem")], "is of no use without tls_certificate")]
    #[case(&[("max_connections", "0")], "from 1 to 1000000, or auto")]
    #[case(&[("max_pages", "none")], "from 1 to 100000")]
    #[case(&[("source_share_percent", "0")], "from 1 to 100")]
    #[case(&[("reserved_percent", "100")], "from 0 to 90")]
    #[case(&[("access_log", "some")], "takes off, all, or a part such as 1/100")]
    #[case(&[("access_log", "1/0")], "takes off, all, or a part such as 1/100")]
    #[case(&[("head_timeout_seconds", "0")], "from 1 to 3600")]
    fn what_does_not_fit_is_said(#[case] settings: &[(&'static str, &str)], #[case] says: &str) {
        let error = parse(settings).err().unwrap();
        assert!(error.contains(says), "{error}");
    }
}
