//! Settings: defaults < file < environment < flags. Each value is kept with its source, and checked at the start.

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

/// A setting that exists.
pub struct KnownSetting {
    /// Its name in the file; in the environment it is `LATCHKEY_` and the name in capitals.
    pub name: &'static str,
    /// Its value when it is not set.
    pub default: &'static str,
    /// Whether `latchkey config` hides it and `LATCHKEY_…_FILE` may name a file that holds it.
    pub secret: bool,
}

const fn known(name: &'static str, default: &'static str) -> KnownSetting {
    KnownSetting { name, default, secret: false }
}

const fn secret(name: &'static str) -> KnownSetting {
    KnownSetting { name, default: "", secret: true }
}

/// All settings.
pub const KNOWN: &[KnownSetting] = &[
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
    known("gateway_example_url", "https://api.example.com/"),
    known("reveal", "password"),
    known("usage_durability", "commit"),
    known("statistics_days", "400"),
    known("notice_hold_seconds", "60"),
    known("webhook_allow_private", "false"),
    known("webhook_timeout_seconds", "15"),
    known("max_keys", "100000"),
    known("api_requests_per_minute", "120"),
    known("api_allowed_origins", ""),
    known("applications", "true"),
    known("sendsms_actions", "false"),
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
    /// Whether it is HTTPS, which decides the flags of cookies.
    pub secure: bool,
    /// Whether the operator set it; otherwise it is the address at which the server listens.
    pub is_set: bool,
}

impl PublicUrl {
    /// The host, with its port where that is not the scheme's own.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, host)| host)
    }

    /// The port, where it is not the scheme's own.
    pub fn odd_port(&self) -> Option<u16> {
        let (before, port) = self.host().rsplit_once(':')?;
        // The last colon of [::1] does not stand before a port.
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
    /// The networks of proxies that are believed about the client's address.
    pub trusted_proxies: TrustedProxies,
    /// Whether the gateway endpoints also need the token of a gateway.
    pub require_gateway_token: bool,
    /// The kind of header in which they name it.
    pub client_address_header: Family,
    /// The name of that header, if it is one of HTTP.
    pub client_address_name: Option<HeaderName>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged: a level, and other levels for parts of the program.
    pub log_level: String,
    /// What tokens look like, including those of old prefixes.
    pub token_format: TokenFormat,
    /// The headers in which keys are looked for.
    pub key_header: KeyHeader,
    /// Whether a key may stand in the query of the original address.
    pub key_in_query: bool,
    /// Whether the preflight of a browser passes without a key.
    pub cors_preflights_pass: bool,
    /// The address that lines show which send a key to the API behind the gateway.
    pub gateway_example_url: String,
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
    /// For how long a notice of refusals is held back from mail and webhooks, so that they can give a count.
    pub notice_hold_seconds: u32,
    /// Whether webhooks may lead into private networks and to this machine, and over HTTP.
    pub webhook_allow_private: bool,
    /// How long a receiver of a webhook may take for its whole answer.
    pub webhook_timeout_seconds: u64,
    /// The most living keys of an account, if there is a limit.
    pub max_keys: Option<u32>,
    /// How often one key may ask the management API in a minute, if there is a limit.
    pub api_requests_per_minute: Option<u32>,
    /// Origins whose pages may ask the management API.
    pub api_allowed_origins: Vec<String>,
    /// Whether applications may ask customers for keys.
    pub applications: bool,
    /// Whether sendSMS's actions are answered at `/json`.
    pub sendsms_actions: bool,
    /// When sessions end.
    pub session_limits: SessionLimits,
    /// For how many days a password is valid without a second factor; 0: for ever.
    pub password_max_age_days: i64,
    /// The pepper, if it is not the one in the data directory.
    pub pepper: Option<Secret32>,
    /// The sealing key, if it is not the one in the data directory.
    pub sealing_key: Option<Secret32>,
}
