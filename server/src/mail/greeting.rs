//! The greeting for the mail server: a name that other machines can look up, or our address (RFC 5321, section 4.1.4).
//! Servers refuse names without a dot and addresses that mean "any".

use lettre::transport::smtp::extension::ClientId;
use std::net::IpAddr;

/// The greeting of a server whose pages are at `host`, over a connection from `local`.
pub(super) fn greeting(host: &str, local: IpAddr) -> ClientId {
    let host = host.trim_end_matches('.');
    if is_full_name(host) {
        return ClientId::Domain(host.to_owned());
    }
    match local.to_canonical() {
        IpAddr::V4(address) => ClientId::Ipv4(address),
        IpAddr::V6(address) => ClientId::Ipv6(address),
    }
}

/// Whether it is a host name of several labels, the last of which is no number (RFC 1123, section 2.1).
fn is_full_name(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    let last_has_letters = labels.next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()));
    last_has_letters && labels.next().is_some() && host.len() <= 253 && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    fits && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("keys.example.com", "192.0.2.7", "keys.example.com")]
    #[case("keys.example.com.", "192.0.2.7", "keys.example.com")]
    #[case("keys", "192.0.2.7", "[192.0.2.7]")]
    #[case("localhost", "127.0.0.1", "[127.0.0.1]")]
    #[case("0.0.0.0", "192.0.2.7", "[192.0.2.7]")]
    #[case("[::]", "2001:db8::7", "[IPv6:2001:db8::7]")]
    #[case("[::]", "::ffff:192.0.2.7", "[192.0.2.7]")]
    #[case("keys_1.example.com", "192.0.2.7", "[192.0.2.7]")]
    #[case("-keys.example.com", "192.0.2.7", "[192.0.2.7]")]
    #[case("keys..com", "192.0.2.7", "[192.0.2.7]")]
    #[case("", "192.0.2.7", "[192.0.2.7]")]
    fn a_name_that_can_exist_or_our_address(#[case] host: &str, #[case] local: &str, #[case] said: &str) {
        assert_eq!(greeting(host, local.parse().unwrap()).to_string(), said);
    }
}
