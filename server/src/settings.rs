//! Settings: defaults < file < environment < flags, each known by name and by where it came from.

mod key_header;
mod layers;
mod log_level;
mod names;
mod parse;
mod server;
mod smtp;

pub use key_header::KeyHeader;
pub use layers::{Layers, SettingsError, Source};
pub use log_level::filter_of;
pub use server::{Listen, ServerSettings, Timeouts, TlsFiles};
pub use smtp::{Encryption, SmtpSettings};

use domain::client_address::{Family, TrustedProxies};
use domain::token::TokenFormat;
use http::HeaderName;
use service::accounts::SessionLimits;
use std::net::SocketAddr;
use std::path::PathBuf;

/// One setting's name, default and purpose.
pub struct Known {
    /// In the file; in the environment it is `LATCHKEY_` and the name in capitals.
    pub name: &'static str,
    /// Its value when nobody sets it.
    pub default: &'static str,
    /// Whether `latchkey config` hides it and `LATCHKEY_…_FILE` may name a file that holds it.
    pub secret: bool,
}

const fn known(name: &'static str, default: &'static str) -> Known {
    Known { name, default, secret: false }
}

const fn secret(name: &'static str) -> Known {
    Known { name, default: "", secret: true }
}

/// All settings.
pub const KNOWN: &[Known] = &[
    known("listen", "127.0.0.1:3000"),
    known("admin_listen", ""),
    known("data_dir", "data"),
    known("public_url", ""),
    known("hsts_include_subdomains", "false"),
    known("trusted_proxies", "127.0.0.1,::1"),
    known("require_gateway_token", "false"),
    known("client_address_header", "x-forwarded-for"),
    known("log_format", "text"),
    known("log_level", "info"),
    known("key_prefix", "lk"),
    known("old_key_prefixes", ""),
    known("key_header", ""),
    known("key_in_query", "false"),
    known("cors_preflights", "ask"),
    known("reveal", "password"),
    known("usage_durability", "commit"),
    known("statistics_days", "400"),
    known("notice_hold_seconds", "60"),
    known("webhook_allow_private", "false"),
    known("webhook_timeout_seconds", "15"),
    known("max_keys", "100000"),
    known("session_idle_minutes", "120"),
    known("session_absolute_hours", "168"),
    known("password_max_age_days", "30"),
    known("listen_proxy_protocol", ""),
    known("listen_gateways", ""),
    known("tls_certificate", ""),
    known("tls_key", ""),
    known("max_connections", "auto"),
    known("max_questions", "10000"),
    known("max_pages", "256"),
    known("source_share_percent", "10"),
    known("reserved_percent", "25"),
    known("access_log", "off"),
    known("head_timeout_seconds", "10"),
    known("idle_timeout_seconds", "75"),
    known("body_timeout_seconds", "10"),
    known("smtp_url", ""),
    known("smtp_from", ""),
    known("smtp_timeout_seconds", "30"),
    secret("smtp_password"),
    secret("pepper"),
    secret("sealing_key"),
];

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Where customers reach the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port, without a slash at the end.
    pub origin: String,
    /// Whether it is HTTPS, which decides the cookie's flags.
    pub secure: bool,
    /// Whether the operator set it; else it is where the server listens.
    pub is_set: bool,
}

impl PublicUrl {
    /// The host, with its port where that is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, host)| host)
    }

    /// The port, where it is not the scheme's own.
    #[must_use]
    pub fn odd_port(&self) -> Option<u16> {
        let (before, port) = self.host().rsplit_once(':')?;
        // The colons in [::1] are no port's.
        (!before.starts_with('[') || before.ends_with(']')).then(|| port.parse().ok())?
    }
}

/// 32 secret bytes from the settings; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret32(pub [u8; 32]);

/// The settings in force.
#[derive(Clone)]
pub struct Settings {
    /// Where metrics are answered, if anywhere.
    pub admin_listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where customers reach the pages.
    pub public_url: PublicUrl,
    /// Whether browsers are told to use HTTPS for all hosts below the one of `public_url` too.
    pub hsts_include_subdomains: bool,
    /// Whose word about a client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Whether the gateway endpoints also need the token of a gateway.
    pub require_gateway_token: bool,
    /// How they name it.
    pub client_address_header: Family,
    /// The header in which they do, if it is one.
    pub client_address_name: Option<HeaderName>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged: a level, and others for parts of the program.
    pub log_level: String,
    /// What tokens look like, those of old prefixes too.
    pub token_format: TokenFormat,
    /// In which header keys are looked for.
    pub key_header: KeyHeader,
    /// Whether gateways may pass keys on in the query of the original address.
    pub key_in_query: bool,
    /// Whether the question of a browser that asks before it sends a key passes without one.
    pub cors_preflights_pass: bool,
    /// Whether a sealed copy is kept, so that a token can be shown again.
    pub revealable: bool,
    /// Whether each batch of uses is synced, and so survives power loss.
    pub durable_usage: bool,
    /// How connections are treated.
    pub server: ServerSettings,
    /// For how many days statistics by hour are kept.
    pub statistics_days: i64,
    /// How mail is sent, if at all.
    pub smtp: Option<SmtpSettings>,
    /// For how long a notice that counts is held back from mail and webhooks, so that they can tell a count.
    pub notice_hold_seconds: u32,
    /// Whether webhooks may lead into private networks and to this machine, and over HTTP.
    pub webhook_allow_private: bool,
    /// What the receiver of a webhook has for all of an answer.
    pub webhook_timeout_seconds: u64,
    /// The most living keys of an account, if there is a limit.
    pub max_keys: Option<u32>,
    /// When sessions end.
    pub session_limits: SessionLimits,
    /// For how many days a password is valid without a second factor; 0: for ever.
    pub password_max_age_days: i64,
    /// Instead of the one in the data directory.
    pub pepper: Option<Secret32>,
    /// Instead of the one in the data directory.
    pub sealing_key: Option<Secret32>,
}
