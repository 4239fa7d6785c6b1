//! What `serve` prints at its start: where it listens, and which address to open.

use crate::http::Door;
use crate::http::serve::Listener;
use crate::services::Services;
use crate::settings::{Listen, PublicUrl, Settings};
use domain::client_address::Family;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The most addresses of the machine for which a link is printed.
const LINKS: usize = 8;

/// The text for standard output, which people and scripts read.
pub(super) fn announcement(services: &Services, listeners: &[Listener], metrics: Option<&Listen>) -> String {
    let settings = &services.settings;
    let first = listeners[0].place();
    let origins = origins(settings, first);
    let data = std::path::absolute(&settings.data_dir).unwrap_or_else(|_| settings.data_dir.clone());
    let everywhere = unspecified(first).filter(|_| !settings.public_url.is_set);
    let customers = match everywhere {
        Some(_) => String::new(),
        None => format!("customers reach it at {}; ", origins[0]),
    };
    let mut lines = vec![format!(
        "Latchkey {} listens on {first}; {customers}data in {}",
        env!("CARGO_PKG_VERSION"),
        data.display()
    )];
    let secret = services.setup.secret();
    if let Some(secret) = &secret {
        let link = |origin| format!("Create the first account: {origin}/setup?token={secret}");
        lines.extend(origins.iter().map(link));
    }
    if let Some(address) = everywhere {
        lines.push(format!("{address} is no address to open: set public_url to the one that customers open"));
        if secret.is_none() {
            lines.extend(origins.iter().map(|origin| format!("Open {origin}")));
        }
    }
    lines.extend(listeners[1..].iter().map(|listener| match listener.door() {
        Door::Gateways => format!("Gateways ask at {}", listener.place()),
        Door::All | Door::Pages => format!("It listens on {} too", listener.place()),
    }));
    lines.extend(metrics.map(|address| format!("Metrics for the operator: http://{address}/metrics")));
    warn_of_clear_text(settings, listeners);
    warn_of_open_hooks(settings);
    lines.join("\n") + "\n"
}

/// The origins at which the pages can be opened, at least one: the public one, or one per address of this machine.
fn origins(settings: &Settings, first: &Listen) -> Vec<String> {
    let scheme = if settings.server.tls.is_some() { "https" } else { "http" };
    match first {
        Listen::Address(place) if !settings.public_url.is_set && place.ip().is_unspecified() => {
            let of_machine = of_machine(place.is_ipv6());
            of_machine
                .into_iter()
                .map(|ip| format!("{scheme}://{}", SocketAddr::new(ip, place.port())))
                .collect()
        }
        // The address of the listener, because the system may have chosen the port.
        Listen::Address(place) if !settings.public_url.is_set => vec![format!("{scheme}://{place}")],
        _ => vec![settings.public_url.origin.clone()],
    }
}

fn unspecified(place: &Listen) -> Option<IpAddr> {
    match place {
        Listen::Address(place) if place.ip().is_unspecified() => Some(place.ip()),
        _ => None,
    }
}

/// The addresses of this machine from the kernel's tables, with loopback last.
fn of_machine(with_v6: bool) -> Vec<IpAddr> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let mut found = v4_of(&read("/proc/net/fib_trie"));
    if with_v6 {
        found.extend(v6_of(&read("/proc/net/if_inet6")));
    }
    found.retain(|ip| !ip.is_loopback());
    found.truncate(LINKS - 1);
    found.push(Ipv4Addr::LOCALHOST.into());
    found
}

/// Reads `/proc/net/fib_trie`: an address has a line of its own, with `/32 host LOCAL` below it if it is this machine's.
fn v4_of(trie: &str) -> Vec<IpAddr> {
    let (mut found, mut last) = (Vec::new(), None);
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok().map(IpAddr::V4);
        } else if line == "/32 host LOCAL" {
            found.extend(last.filter(|address| !found.contains(address)));
        }
    }
    found
}

/// Reads `/proc/net/if_inet6`: 32 hexadecimal digits, and in the fourth column the scope, where 00 is global.
fn v6_of(table: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut columns = line.split_whitespace();
        let (digits, scope) = (columns.next()?, columns.nth(2)?);
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| scope == "00")?;
        Some(IpAddr::V6(number.into()))
    };
    table.lines().filter_map(address).collect()
}

/// Warns where passwords and session cookies leave this machine unencrypted.
fn warn_of_clear_text(settings: &Settings, listeners: &[Listener]) {
    let pages = listeners.iter().filter(|listener| listener.door() != Door::Gateways).map(Listener::place);
    let mut open = pages.filter(|place| matches!(place, Listen::Address(place) if !place.ip().is_loopback()));
    let PublicUrl { origin, secure, .. } = &settings.public_url;
    let place = match open.next() {
        _ if *secure => return,
        Some(place) => place.to_string(),
        None if !is_of_this_machine(origin) => origin.clone(),
        None => return,
    };
    tracing::warn!(
        event = "clear_text",
        "logins at {place} travel in the clear: whoever is on the way reads passwords and session cookies. Set \
         tls_certificate and tls_key, or let a proxy speak TLS and set public_url to its https address (docs/pages.md)"
    );
}

/// Warns where only a token can tell gateways from strangers: with PROXY headers every connection comes from the balancer,
/// which is trusted.
fn warn_of_open_hooks(settings: &Settings) {
    if settings.client_address_header == Family::ProxyProtocol && !settings.require_gateway_token {
        tracing::warn!(
            event = "open_hooks",
            "with client_address_header = \"proxy-protocol\" whoever connects through the balancer to \
             listen_proxy_protocol may ask as gateways do (/authz/) and is told whose key it holds. Set \
             require_gateway_token, or leave client_address_header at x-forwarded-for and set listen_gateways \
             (docs/operating.md)"
        );
    }
}

fn is_of_this_machine(origin: &str) -> bool {
    let host = origin.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let host = host.unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 192.168.7.0
           /24 link UNICAST
           |-- 192.168.7.20
              /32 host LOCAL
        |-- 192.168.7.255
           /32 link BROADCAST
Local:
           |-- 192.168.7.20
              /32 host LOCAL
";

    #[test]
    fn addresses_are_read_from_the_kernels_tables() {
        let texts = |found: Vec<IpAddr>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(v4_of(TRIE)), ["127.0.0.1", "192.168.7.20"]);
        let table = "fd000000000000000000000000000014 02 40 00 80     eth0
fe800000000000000000000000000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
";
        assert_eq!(texts(v6_of(table)), ["fd00::14"]);
        assert!(v4_of("").is_empty() && v6_of("junk\n\n").is_empty());
        assert_eq!(of_machine(true).last(), Some(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for origin in
            ["http://127.0.0.1:3000", "http://localhost", "http://[::1]:3000", "http://keys.localhost:1"]
        {
            assert!(is_of_this_machine(origin), "{origin}");
        }
        for origin in
            ["http://0.0.0.0:3000", "http://192.168.7.20", "http://keys.example", "http://localhost.example"]
        {
            assert!(!is_of_this_machine(origin), "{origin}");
        }
    }
}
