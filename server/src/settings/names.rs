//! Names of settings: known ones, the one that was probably meant, and variables of Kubernetes.

use super::{KNOWN, KnownSetting};

/// The most letters by which a name may differ from the one that was probably meant.
const GUESS: usize = 2;
/// Flags with another name than their setting; people use it for the setting too.
const FLAGS: [(&str, &str); 1] = [("trusted_proxy", "trusted_proxies")];
/// Protocols of Kubernetes services.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// The setting of that name.
pub(super) fn find(name: &str) -> Option<&'static KnownSetting> {
    KNOWN.iter().find(|k| k.name == name)
}

/// The setting that was probably meant, if one is near enough.
pub(super) fn guess(name: &str) -> Option<&'static str> {
    let flags = FLAGS.iter().map(|(flag, setting)| (*flag, *setting));
    nearest(name, KNOWN.iter().map(|k| (k.name, k.name)).chain(flags))
}

/// Finds the word that differs least from `name`, if it differs little, and returns what the word stands for.
pub(super) fn nearest<'a>(name: &str, words: impl Iterator<Item = (&'a str, &'a str)>) -> Option<&'a str> {
    let near = words.map(|(word, meant)| (strsim::damerau_levenshtein(word, name), meant));
    near.min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= GUESS)
        .map(|(_, meant)| meant)
}

/// Whether Kubernetes sets a variable of this name (without `LATCHKEY_`) in every container of a namespace with a service
/// called `latchkey` or `latchkey-…`: its own variables, and those of Docker's links.
pub(super) fn is_kubernetes(name: &str, value: &str) -> bool {
    let name = format!("_{name}");
    let is_address =
        || value.split_once("://").is_some_and(|(scheme, _)| is_protocol(&scheme.to_uppercase()));
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && is_address())
        || is_link(&name)
}

/// `…_PORT_3000_TCP`, alone or with `_PROTO`, `_PORT` or `_ADDR` behind it.
fn is_link(name: &str) -> bool {
    name.match_indices("_PORT_").any(|(at, mark)| {
        let mut parts = name[at + mark.len()..].split('_');
        let port = parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
        port && parts.next().is_some_and(is_protocol)
            && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"))
            && parts.next().is_none()
    })
}

fn is_protocol(word: &str) -> bool {
    PROTOCOLS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("lisen", Some("listen"))]
    #[case("trusted_proxy", Some("trusted_proxies"))]
    #[case("server", None)]
    #[case("x", None)]
    fn only_what_is_near_is_guessed(#[case] name: &str, #[case] meant: Option<&str>) {
        assert_eq!(guess(name), meant);
    }

    #[rstest]
    #[case("SERVICE_HOST", "10.96.0.12", true)]
    #[case("SERVICE_PORT", "3000", true)]
    #[case("SERVICE_PORT_HTTP", "3000", true)]
    #[case("PORT", "tcp://10.96.0.12:3000", true)]
    #[case("METRICS_PORT", "udp://10.96.0.12:53", true)]
    #[case("METRICS_SERVICE_HOST", "10.96.0.12", true)]
    #[case("PORT_3000_TCP", "tcp://10.96.0.12:3000", true)]
    #[case("PORT_3000_TCP_PROTO", "tcp", true)]
    #[case("PORT_3000_TCP_PORT", "3000", true)]
    #[case("WEB_PORT_53_UDP_ADDR", "10.96.0.12", true)]
    #[case("PORT", "3000", false)]
    #[case("ADMIN_PORT", "127.0.0.1:3000", false)]
    #[case("PORT_HTTP_TCP", "x", false)]
    #[case("PORT_3000_TCP_NAME", "x", false)]
    #[case("PORT_70000_TCP", "x", false)]
    #[case("SERVICE_HOSTS", "x", false)]
    #[case("LISTN", "tcp://127.0.0.1:3000", false)]
    fn what_kubernetes_sets_is_told_apart(#[case] name: &str, #[case] value: &str, #[case] is_its: bool) {
        assert_eq!(is_kubernetes(name, value), is_its, "{name}={value}");
    }
}
