//! Checks every value at the start, and makes types of the texts.

use super::log_level::log_level;
use super::{
    KeyHeader, Layers, Listen, LogFormat, PublicUrl, Secret32, ServerSettings, Settings, SettingsError,
    SmtpSettings,
};
use domain::address::Network;
use domain::client_address::{Family, FamilyError, TrustedProxies};
use domain::example;
use domain::token::TokenFormat;
use http::HeaderName;
use service::accounts::SessionLimits;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

impl Settings {
    /// Checks every value.
    ///
    /// # Errors
    /// Names the first setting that does not fit, where it came from, and what would fit.
    pub fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        let server = ServerSettings::parse(layers)?;
        let max_keys = layers.read("max_keys", |v| number(v, 0, 100_000_000))?;
        let api_requests = layers.read("api_requests_per_minute", |v| number(v, 0, 1_000_000))?;
        refuse_shared_places(layers, &server)?;
        let minutes = layers.read("session_idle_minutes", |v| number(v, 1, 60 * 24 * 365))?;
        let hours = layers.read("session_absolute_hours", |v| number(v, 1, 24 * 365))?;
        Ok(Self {
            admin_listen: layers.read("admin_listen", optional(socket_address))?,
            data_dir: layers.read("data_dir", |v| match v {
                "" => Err("takes the path of a directory".to_owned()),
                v => Ok(PathBuf::from(v)),
            })?,
            public_url: layers.read("public_url", |v| public_url(v, &server))?,
            hsts_include_subdomains: layers.read("hsts_include_subdomains", yes_or_no)?,
            trusted_proxies: layers.read("trusted_proxies", trusted_proxies)?,
            require_gateway_token: layers.read("require_gateway_token", yes_or_no)?,
            client_address_header: layers.read("client_address_header", |v| family(v, &server))?,
            client_address_name: layers.read("client_address_header", |v| client_header(v, &server))?,
            log_format: layers
                .read("log_format", |v| choice(v, &[("text", LogFormat::Text), ("json", LogFormat::Json)]))?,
            log_level: layers.read("log_level", log_level)?,
            token_format: token_format(layers)?,
            key_header: KeyHeader::parse(layers)?,
            key_in_query: layers.read("key_in_query", yes_or_no)?,
            cors_preflights_pass: layers
                .read("cors_preflights", |v| choice(v, &[("pass", true), ("ask", false)]))?,
            gateway_example_url: layers
                .read("gateway_example_url", |v| example::check_url(v).map_err(|e| e.to_string()))?,
            revealable: layers.read("reveal", |v| choice(v, &[("password", true), ("never", false)]))?,
            durable_usage: layers
                .read("usage_durability", |v| choice(v, &[("fsync", true), ("commit", false)]))?,
            statistics_days: layers.read("statistics_days", |v| number(v, 31, 36_500))?,
            notice_hold_seconds: layers.read("notice_hold_seconds", |v| number(v, 0, 3600))?,
            webhook_allow_private: layers.read("webhook_allow_private", yes_or_no)?,
            webhook_timeout_seconds: layers.read("webhook_timeout_seconds", |v| number(v, 1, 60))?,
            max_keys: (max_keys > 0).then_some(max_keys),
            api_requests_per_minute: (api_requests > 0).then_some(api_requests),
            api_allowed_origins: layers.read("api_allowed_origins", |v| origins(v, &server))?,
            applications: layers.read("applications", yes_or_no)?,
            sendsms_actions: layers.read("sendsms_actions", yes_or_no)?,
            session_limits: SessionLimits { idle_seconds: minutes * 60, absolute_seconds: hours * 3600 },
            smtp: SmtpSettings::parse(layers)?,
            password_max_age_days: layers.read("password_max_age_days", |v| number(v, 0, 3650))?,
            server,
            pepper: layers.read("pepper", optional(secret))?,
            sealing_key: layers.read("sealing_key", optional(secret))?,
        })
    }
}

impl Layers {
    /// Reads a setting; an error names the setting and the source of the value.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        let (value, source) = self.get(name);
        parse(value.trim()).map_err(|why| SettingsError::Invalid { name, origin: source.clone(), why })
    }
}

pub(super) fn socket_address(value: &str) -> Result<SocketAddr, String> {
    value.parse().map_err(|_| {
        "takes an address and a port, such as 127.0.0.1:3000; IPv6 in brackets: [::1]:3000; all: 0.0.0.0:3000 or \
         [::]:3000; no host names"
            .to_owned()
    })
}

/// A parser for which an empty text is no value.
pub(super) fn optional<T>(
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> impl FnOnce(&str) -> Result<Option<T>, String> {
    |value| if value.is_empty() { Ok(None) } else { parse(value).map(Some) }
}

pub(super) fn number<T>(value: &str, least: T, most: T) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display + Copy,
{
    let fits = value.parse().ok().filter(|n| (least..=most).contains(n));
    fits.ok_or_else(|| format!("takes a whole number from {least} to {most}"))
}

fn choice<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice);
    found.ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("takes {}", names.join(" or "))
    })
}

/// The name of one header, in lower case.
pub(super) fn choice_of_header(value: &str) -> Result<HeaderName, String> {
    value.parse().map_err(|_| "takes the name of one header, such as x-api-key".to_owned())
}

fn yes_or_no(value: &str) -> Result<bool, String> {
    choice(value, &[("true", true), ("false", false)])
}

/// Refuses a place that two settings name, because it could only serve as one of them.
fn refuse_shared_places(layers: &Layers, server: &ServerSettings) -> Result<(), SettingsError> {
    let proxied = server.listen_proxy_protocol.map(Listen::Address);
    let named = [("listen", &server.listen[..]), ("listen_proxy_protocol", proxied.as_slice())];
    let twice = |setting: &str, place: &Listen| {
        format!("{place} stands in {setting} too; give each a place of its own")
    };
    layers.read("listen_gateways", |_| {
        let mut places = server.listen_gateways.iter().filter(|place| !is_chosen_by_the_system(place));
        let taken = places.find_map(|place| {
            let (setting, _) = named.iter().find(|(_, places)| places.contains(place))?;
            Some(twice(setting, place))
        });
        taken.map_or(Ok(()), Err)
    })?;
    layers.read("listen_proxy_protocol", |_| match &proxied {
        Some(place) if !is_chosen_by_the_system(place) && server.listen.contains(place) => {
            Err(twice("listen", place))
        }
        _ => Ok(()),
    })
}

fn is_chosen_by_the_system(place: &Listen) -> bool {
    matches!(place, Listen::Address(address) if address.port() == 0)
}

fn trusted_proxies(value: &str) -> Result<TrustedProxies, String> {
    let texts = value.split(',').map(str::trim).filter(|t| !t.is_empty());
    let (unix, texts): (Vec<_>, Vec<_>) = texts.partition(|text| *text == "unix");
    let networks: Result<Vec<_>, _> =
        texts.into_iter().map(|t| Network::parse(t).map_err(|e| format!("{t} {e}"))).collect();
    let trusted = networks.map(TrustedProxies::new)?;
    Ok(if unix.is_empty() { trusted } else { trusted.and_unix() })
}

/// Origins with commas between them, as browsers send them.
fn origins(value: &str, server: &ServerSettings) -> Result<Vec<String>, String> {
    let texts = value.split(',').map(str::trim).filter(|text| !text.is_empty());
    texts.map(|text| public_url(text, server).map(|url| url.origin)).collect()
}

/// The prefix of new tokens, and those that older ones begin with.
fn token_format(layers: &Layers) -> Result<TokenFormat, SettingsError> {
    let format = layers.read("key_prefix", |v| TokenFormat::new(v).map_err(|e| e.to_string()))?;
    layers.read("old_key_prefixes", |v| {
        let old = v.split(',').map(str::trim).filter(|prefix| !prefix.is_empty());
        format.accepting(old).map_err(|e| format!("each {e}"))
    })
}

/// The name of the header of a family, if it is one of HTTP.
fn client_header(value: &str, server: &ServerSettings) -> Result<Option<HeaderName>, String> {
    let family = family(value, server)?;
    family.header().map(|name| name.parse().map_err(|_| FamilyError.to_string())).transpose()
}

fn family(value: &str, server: &ServerSettings) -> Result<Family, String> {
    let family: Family = value.parse().map_err(|e: FamilyError| e.to_string())?;
    if family == Family::ProxyProtocol && server.listen_proxy_protocol.is_none() {
        return Err("proxy-protocol takes the client from PROXY headers, which come at the address in \
                    listen_proxy_protocol only; set that too"
            .to_owned());
    }
    if family == Family::ProxyProtocol && !server.listen_gateways.is_empty() {
        return Err("proxy-protocol takes the client from PROXY headers alone, and at listen_gateways no connection has \
                    one: no key could pass there. Leave client_address_header at x-forwarded-for: at \
                    listen_proxy_protocol the PROXY header names the client all the same"
            .to_owned());
    }
    Ok(family)
}

/// Scheme, host and port; by default where the server listens.
fn public_url(value: &str, server: &ServerSettings) -> Result<PublicUrl, String> {
    if value.is_empty() {
        let listen = server.listen.iter().find(|listen| matches!(listen, Listen::Address(_)));
        let listen = listen.ok_or("is needed, as listen names Unix sockets only")?;
        let scheme = if server.tls.is_some() { "https" } else { "http" };
        let (origin, secure) = (format!("{scheme}://{listen}"), server.tls.is_some());
        return Ok(PublicUrl { origin, secure, is_set: false });
    }
    let wrong = || "takes an address such as https://keys.example.com, without a path".to_owned();
    let uri: http::Uri = value.parse().map_err(|_| wrong())?;
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(wrong()),
    };
    let authority = uri.authority().filter(|a| !a.as_str().contains('@')).ok_or_else(wrong)?;
    if uri.path_and_query().is_some_and(|p| p.as_str() != "/") {
        return Err(
            "Latchkey needs a host name of its own, such as https://keys.example.com; a sub-path is not \
                    supported"
                .to_owned(),
        );
    }
    let port = authority.as_str().strip_prefix(authority.host());
    if authority.host().is_empty() || port.is_none_or(|port| !is_port(port)) {
        return Err("takes a host name and, if one is needed, a port from 1 to 65535".to_owned());
    }
    let scheme = if secure { "https" } else { "http" };
    // Without the default port, as browsers write `Origin`.
    let default = if secure { ":443" } else { ":80" };
    let authority = authority.as_str().to_ascii_lowercase();
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    Ok(PublicUrl { origin: format!("{scheme}://{authority}"), secure, is_set: true })
}

/// Nothing, or a colon and a number that a port can have.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn secret(value: &str) -> Result<Secret32, String> {
    let wrong = || "takes 64 hexadecimal digits (`openssl rand -hex 32` makes some)".to_owned();
    let bytes = hex::decode(value).map_err(|_| wrong())?;
    bytes.try_into().map(Secret32).map_err(|_| wrong())
}

#[cfg(test)]
mod tests;
