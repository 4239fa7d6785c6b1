//! What two probes, an honest one and one with forged headers, show about the gateway between.

mod method;

use super::advice;
use super::request::ProbeReply;
use crate::commands::control::ProbeOpened;
use crate::probe::Arrival;
use domain::address::Address;
use std::net::IpAddr;

/// Addresses reserved for documentation, which no real client has.
pub(super) const FORGED: [&str; 4] = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"];
/// The family of headers that no client can write, because it is not part of HTTP.
const PROXY_PROTOCOL: &str = "proxy-protocol";
const IDENTITY: [&str; 3] = ["x-latchkey-key-id", "x-latchkey-username", "x-latchkey-key-type"];
/// A header that many programs read as `X-Latchkey-Key-Id`.
const ALIAS: &str = "x_latchkey_key_id";
const GATEWAY: &str = "x-latchkey-gateway";

/// One probe: what the client was answered, and what arrived at Latchkey.
pub(super) struct Sent {
    pub(super) reply: ProbeReply,
    pub(super) arrivals: Vec<Arrival>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Good,
    Note,
    Open,
}

/// One thing that was found, and what to do about it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) text: String,
    pub(super) advice: &'static str,
}

pub(super) fn good(text: impl Into<String>) -> Finding {
    Finding { severity: Severity::Good, text: text.into(), advice: "" }
}

pub(super) fn note(text: impl Into<String>, advice: &'static str) -> Finding {
    Finding { severity: Severity::Note, text: text.into(), advice }
}

pub(super) fn open(text: impl Into<String>, advice: &'static str) -> Finding {
    Finding { severity: Severity::Open, text: text.into(), advice }
}

/// The headers of the forging probe. Those that claim an identity carry the marker.
pub(super) fn forged_headers(server: &ProbeOpened) -> Vec<(String, String)> {
    let [first, second, third, fourth] = FORGED;
    let mut addresses = vec![
        ("x-forwarded-for", first.to_owned()),
        ("x-real-ip", second.to_owned()),
        ("forwarded", format!("for={third}")),
    ];
    let own = server.client_address_header.as_str();
    if own != PROXY_PROTOCOL && addresses.iter().all(|(name, _)| *name != own) {
        addresses.push((own, fourth.to_owned()));
    }
    let identities = IDENTITY.into_iter().chain([ALIAS, GATEWAY]).map(|name| (name, server.marker.clone()));
    let others = identities.chain(method::forged_headers()).map(|(name, value)| (name.to_owned(), value));
    addresses.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(others).collect()
}

/// Words for what a client may write without effect.
pub(super) fn whatever_it_writes(header: &str) -> String {
    match header {
        PROXY_PROTOCOL => "whatever it writes into headers: the PROXY header names it".to_owned(),
        header => format!("whatever it writes into {header}"),
    }
}

/// All findings of the two probes. Where one makes the others meaningless, it comes last.
pub(super) fn judge(server: &ProbeOpened, plain: &Sent, forged: &Sent) -> Vec<Finding> {
    let (Some(honest), Some(forging)) = (plain.arrivals.first(), forged.arrivals.first()) else {
        return vec![not_asked(&plain.reply)];
    };
    let mut findings = vec![obedience(plain, forged)];
    if !honest.is_trusted {
        let text =
            format!("The gateway asks from {}, which is no trusted proxy: all is refused.", honest.peer);
        findings.push(open(text, advice::TRUST));
        return findings;
    }
    findings.push(address(server, honest, forging));
    findings.extend(travelled(&plain.reply, honest, advice::BALANCER));
    findings.extend(other_addresses(server, forging));
    findings.push(gateway_token(server, honest, forging));
    findings.extend(method::judge(server, forging));
    findings.push(identity(forging));
    findings
}

fn not_asked(reply: &ProbeReply) -> Finding {
    match reply.status {
        status @ 0..400 => open(
            format!(
                "The gateway answered {status} without asking this Latchkey: nothing is protected there."
            ),
            advice::ASK,
        ),
        status if reply.has_code => open(
            format!("The gateway asked another Latchkey than this one ({status})."),
            "Name the --data-dir of the one that it asks.",
        ),
        status @ (500 | 502..=504) => open(
            format!("The gateway answered {status} and its question did not come to this Latchkey."),
            advice::REACH,
        ),
        status => open(
            format!("The gateway answered {status} by itself, without asking this Latchkey."),
            advice::ASK,
        ),
    }
}

fn obedience(plain: &Sent, forged: &Sent) -> Finding {
    let passed = [plain, forged].iter().map(|sent| sent.reply.status).find(|status| *status < 400);
    match passed {
        Some(status) => {
            open(format!("The gateway asked, was refused, and answered {status} nevertheless."), advice::OBEY)
        }
        None => good("The gateway asks this Latchkey, and refuses what it refuses."),
    }
}

/// Whether a client can choose the address by which it is known.
fn address(server: &ProbeOpened, honest: &Arrival, forging: &Arrival) -> Finding {
    let header = &server.client_address_header;
    let forged = forging.client.as_deref().filter(|client| FORGED.contains(client));
    match (&honest.client, forged) {
        (_, Some(client)) => open(
            format!("A client chooses its address: it wrote {client} into {header}, and would pass for it."),
            advice::SET,
        ),
        (Some(client), None) if forging.client.as_ref() == Some(client) => good(format!(
            "The client is {client}, {}.{}",
            whatever_it_writes(header),
            appended(header, forging)
        )),
        (Some(client), None) => note(
            match &forging.client {
                Some(other) => {
                    format!("The client is {client}; when it writes {header} itself, it is {other}.")
                }
                None => format!("The client is {client}; when it writes {header} itself, it is refused."),
            },
            advice::SET,
        ),
        (None, None) if line(honest, header).is_none() => open(
            format!("The gateway sends no {header}: every request is refused (NO_CLIENT_ADDRESS)."),
            advice::SET,
        ),
        (None, None) => note(
            format!(
                "The client's address ({}) is itself a trusted proxy's.",
                line(honest, header).unwrap_or("")
            ),
            "Forged ones were not believed. For the whole picture run this from elsewhere, or with --from.",
        ),
    }
}

/// Finds a request that arrives as coming from another address than it was sent from. That is so behind NAT, and behind
/// a balancer that the gateway does not know, to which every key would latch.
pub(super) fn travelled(reply: &ProbeReply, honest: &Arrival, advice: &'static str) -> Option<Finding> {
    let (from, client) = (reply.sent_from?, honest.client.as_ref()?.parse::<IpAddr>().ok()?);
    let (from, client) = (Address::new(from), Address::new(client));
    if from == client {
        return None;
    }
    let told = format!("This was sent from {from}, and {client} arrives as the client.");
    // A gateway on the same machine may have a network of its own, as in a container.
    if from.ip().is_loopback() {
        let text = format!(
            "{told} From loopback it cannot be told whether all clients arrive as {client}: run this from elsewhere, or \
             with --from."
        );
        return Some(note(text, advice));
    }
    if is_private(from.ip()) && !is_private(client.ip()) {
        let text = format!("{told} That is right only if {client} is what this machine has on the internet.");
        return Some(note(text, advice));
    }
    Some(open(format!("{told} Something between takes the client's place."), advice))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_link_local() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// A remark where the client's own entry arrives too; it is to the left of what counts.
fn appended(header: &str, forging: &Arrival) -> &'static str {
    let keeps = line(forging, header).is_some_and(|line| FORGED.iter().any(|forged| line.contains(forged)));
    if keeps { " (What it wrote arrives to the left of that and does not count.)" } else { "" }
}

/// Finds forged headers about addresses that Latchkey ignores and the API may read.
fn other_addresses(server: &ProbeOpened, forging: &Arrival) -> Option<Finding> {
    let is_forged = |value: &str| FORGED.iter().any(|forged| value.contains(forged));
    let others = forging
        .lines
        .iter()
        .filter(|(name, value)| *name != server.client_address_header && is_forged(value));
    let names: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
    let text = || format!("The client's own {} arrives. Latchkey does not look at it.", names.join(", "));
    (!names.is_empty()).then(|| note(text(), "If the API reads it, have the gateway take it away."))
}

fn gateway_token(server: &ProbeOpened, honest: &Arrival, forging: &Arrival) -> Finding {
    let is_passed =
        forging.lines.iter().any(|(name, value)| name == GATEWAY && value.starts_with("lkprobe_"));
    match (server.require_gateway_token, honest.has_gateway_token, is_passed) {
        (true, false, _) => open(
            "The gateway sends no gateway token, and require_gateway_token is set: all is refused.",
            advice::TOKEN,
        ),
        (true, true, true) => {
            open("The client's own X-Latchkey-Gateway arrives beside the gateway's.", advice::TOKEN)
        }
        (false, _, true) => note(
            "The client's own X-Latchkey-Gateway arrives. It counts only with require_gateway_token.",
            advice::TOKEN,
        ),
        (true, true, false) => good("The gateway proves by its token that it is one."),
        (false, _, false) => good("The client's own X-Latchkey-Gateway does not arrive."),
    }
}

/// Judges identity headers. A probe never reaches the API, so only a bad header can be seen.
fn identity(forging: &Arrival) -> Finding {
    if line(forging, ALIAS).is_some() {
        let text = "The client's X_Latchkey_Key_Id passes. Many programs read it as X-Latchkey-Key-Id.";
        return open(text, advice::ALIAS);
    }
    note(
        "What the API is told cannot be seen: a probe never gets there. Check these lines.",
        advice::IDENTITY,
    )
}

fn line<'a>(arrival: &'a Arrival, name: &str) -> Option<&'a str> {
    arrival.lines.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests;
