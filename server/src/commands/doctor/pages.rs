//! `latchkey doctor pages URL`: looks at the customers' pages as a browser on the internet does.

use super::judge::{FORGED, Finding, Sent, forged_headers, good, note, open, travelled, whatever_it_writes};
use super::request::{ProbeReply, ProbeRequest, Target};
use super::{Common, Failure, advice, conclude, print, probe_by, write_finding};
use crate::commands::control::ProbeOpened;
use crate::settings::Settings;
use http::Method;
use std::net::IpAddr;

/// Paths that gateways ask at, and that a browser must not reach.
const HOOKS: [&str; 5] = [
    "/authz/forward-auth",
    "/authz/auth-request",
    "/authz/ext-authz/x",
    // Some proxies judge these as /x and pass them on unchanged.
    "/authz/ext-authz/../../x",
    "/authz/ext-authz/%2e%2e/%2e%2e/x",
];
const LOGIN: &str = "/login";

pub(super) fn run(url: &str, from: Option<IpAddr>, common: &Common) -> Result<(), Failure> {
    let target = Target::parse(url, from)?;
    let settings = common.settings()?;
    let findings = look(&target, &settings)?;
    let mut report = format!("The pages at {}, as a browser meets them:\n\n", target.origin());
    findings.iter().for_each(|finding| write_finding(&mut report, finding));
    report += &format!(
        "\nOnly {} was tried. Other ports and addresses of this machine (listen_gateways, admin_listen) were not: see \
         that the internet does not reach them.\n",
        target.origin()
    );
    print(report)?;
    conclude(&findings, "at these pages")
}

fn look(target: &Target, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let get = |path: &str| target.send(&ProbeRequest { method: Method::GET, path, headers: vec![] });
    let probe = |path: &'static str, forged: bool| {
        probe_by(settings, |opened| {
            let marked = ("authorization".to_owned(), format!("Bearer {}", opened.marker));
            let headers = if forged { forged_headers(opened) } else { vec![] };
            let headers = headers.into_iter().chain([marked]).collect();
            target.send(&ProbeRequest { method: Method::GET, path, headers })
        })
    };
    let (server, honest) = probe(LOGIN, false)?;
    let mut findings = vec![pages(&get(LOGIN)?, &honest)];
    if honest.arrivals.is_empty() {
        return Ok(findings);
    }
    let (_, forging) = probe(LOGIN, true)?;
    findings.extend(client(&server, &honest, &forging));
    let hooks = HOOKS.into_iter().map(|path| Ok((path, !probe(path, false)?.1.arrivals.is_empty())));
    findings.push(hooks_are_apart(&hooks.collect::<Result<Vec<_>, Failure>>()?));
    let verify = ProbeRequest { method: Method::POST, path: "/v1/verify", headers: vec![] };
    findings.push(verify_is_apart(&target.send(&verify)?));
    findings.push(metrics_are_apart(&get("/metrics")?));
    findings.push(public_url(&server, &target.origin()));
    findings.push(forms(&target.send(&form(&target.origin()))?));
    findings.extend(clear_text(target.is_secure(), target.is_loopback()));
    Ok(findings)
}

/// A form that changes nothing, because it logs out somebody who is not logged in.
fn form(origin: &str) -> ProbeRequest<'static> {
    let headers =
        [("origin", origin), ("content-type", "application/x-www-form-urlencoded"), ("content-length", "0")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    ProbeRequest { method: Method::POST, path: "/logout", headers }
}

fn pages(page: &ProbeReply, probe: &Sent) -> Finding {
    if probe.arrivals.is_empty() {
        let text = format!("The login page was answered {} and not by this Latchkey.", page.status);
        return open(
            text,
            "Look where the proxy leads, and name the --data-dir of the Latchkey that it asks.",
        );
    }
    match page.status {
        200 if page.body.contains("name=\"username\"") => {
            good("The login page is reachable, and is this Latchkey's.")
        }
        status => open(
            format!("The login page is answered {status}."),
            "Look at the proxy's log and at Latchkey's.",
        ),
    }
}

/// Judges the address as which a visitor arrives, and whether they can choose it.
fn client(server: &ProbeOpened, honest: &Sent, forging: &Sent) -> Vec<Finding> {
    let (Some(arrival), Some(forged)) = (honest.arrivals.first(), forging.arrivals.first()) else {
        return vec![];
    };
    let header = &server.client_address_header;
    let chosen = forged.client.as_deref().filter(|client| FORGED.contains(client));
    if let Some(chosen) = chosen {
        let text =
            format!("A visitor chooses its address: it wrote {chosen} into {header}, and would pass for it.");
        return vec![open(text, advice::PAGES_ADDRESS)];
    }
    let Some(client) = &arrival.client else {
        let sends = arrival.lines.iter().find(|(name, _)| name == header);
        return vec![match sends {
            Some((_, value)) if arrival.is_trusted => note(
                format!(
                    "{header} says {value}, which is itself a trusted proxy's: whoever comes from there is unknown."
                ),
                "For the whole picture run this from elsewhere, or with --from.",
            ),
            _ => open(
                format!("{} sends no {header}: every visitor's address is unknown.", arrival.peer),
                advice::PAGES_ADDRESS,
            ),
        }];
    };
    if let Some(finding) = travelled(&honest.reply, arrival, advice::PAGES_ADDRESS) {
        return vec![finding];
    }
    vec![match &forged.client {
        Some(same) if same == client => {
            good(format!("The visitor is {client}, {}.", whatever_it_writes(header)))
        }
        Some(other) => note(
            format!("The visitor is {client}; when it writes {header} itself, it is {other}."),
            advice::PAGES_ADDRESS,
        ),
        None => open(
            format!(
                "The visitor is {client}; when it writes {header} itself, it is unknown, and leaves the limit on wrong \
                 passwords of its address."
            ),
            advice::PAGES_ADDRESS,
        ),
    }]
}

fn hooks_are_apart(reached: &[(&str, bool)]) -> Finding {
    let reached: Vec<&str> = reached.iter().filter(|(_, is)| *is).map(|(path, _)| *path).collect();
    if reached.is_empty() {
        return good("What gateways ask (/authz/) is not reachable from here.");
    }
    open(format!("What gateways ask is reachable from here: {}.", reached.join(", ")), advice::APART)
}

fn verify_is_apart(reply: &ProbeReply) -> Finding {
    match reply.status {
        401 if reply.body.contains("gateway token") => {
            open("/v1/verify is reachable from here.", advice::APART)
        }
        _ => good("/v1/verify is not reachable from here."),
    }
}

fn metrics_are_apart(reply: &ProbeReply) -> Finding {
    match reply.status {
        200 if reply.body.contains("latchkey_build_info") => {
            open("/metrics is reachable from here.", advice::APART)
        }
        _ => good("/metrics is not reachable from here."),
    }
}

fn public_url(server: &ProbeOpened, origin: &str) -> Finding {
    if server.public_url == origin {
        return good(format!("public_url is {origin} too."));
    }
    open(
        format!("public_url is {}, and these pages were asked at {origin}.", server.public_url),
        advice::PUBLIC_URL,
    )
}

fn forms(reply: &ProbeReply) -> Finding {
    match reply.status {
        403 => open("A form with this address as its Origin is refused.", advice::HOST),
        status @ 200..400 => good(format!("A form with this address as its Origin is taken ({status}).")),
        status => open(format!("A form is answered {status}."), "Look at the proxy's log and at Latchkey's."),
    }
}

fn clear_text(is_secure: bool, is_loopback: bool) -> Option<Finding> {
    (!is_secure && !is_loopback)
        .then(|| open("Passwords and session cookies travel in the clear (http).", advice::TLS))
}

#[cfg(test)]
mod tests;
