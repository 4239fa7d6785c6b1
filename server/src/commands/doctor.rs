//! `latchkey doctor …`

mod advice;
mod judge;
mod pages;
mod request;

use super::control::{ProbeOpened, VerbReply, VerbRequest, ask};
use super::out::print;
use super::{Common, Failure};
use crate::settings::Settings;
use clap::Subcommand;
use judge::{Finding, Sent, Severity, judge};
use request::{ProbeReply, Target};
use std::net::IpAddr;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Send forged headers through a live gateway, and say what arrives here and what to change
    Gateway {
        /// An address behind the gateway, such as https://api.example.com/
        url: String,
        /// Send from this address of this machine
        #[arg(long, value_name = "ADDRESS")]
        from: Option<IpAddr>,
        #[command(flatten)]
        common: Common,
    },
    /// Look at the customers' pages as a browser does: what is reachable, what must not be, and as whom it arrives
    Pages {
        /// The public address of the pages, such as https://keys.example.com
        url: String,
        /// Send from this address of this machine
        #[arg(long, value_name = "ADDRESS")]
        from: Option<IpAddr>,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) fn run(verb: &Verb) -> Result<(), Failure> {
    let (url, from, common) = match verb {
        Verb::Gateway { url, from, common } => (url, from, common),
        Verb::Pages { url, from, common } => return pages::run(url, *from, common),
    };
    let target = Target::parse(url, *from)?;
    let settings = common.settings()?;
    let (opened, plain) = probe(&settings, &target, |_| vec![])?;
    let (_, forged) = probe(&settings, &target, judge::forged_headers)?;
    let findings = judge(&opened, &plain, &forged);
    let mut report = format!("Two requests to {url}: an honest one, and one with forged headers.\n\n");
    write_arrival(&mut report, &forged);
    findings.iter().for_each(|finding| write_finding(&mut report, finding));
    print(report)?;
    conclude(&findings, "at this gateway")
}

fn conclude(findings: &[Finding], place: &str) -> Result<(), Failure> {
    match findings.iter().filter(|f| f.severity == Severity::Open).count() {
        0 => Ok(()),
        1 => Err(format!("1 thing is open {place}; see above what to change").into()),
        n => Err(format!("{n} things are open {place}; see above what to change").into()),
    }
}

/// Sends one probe with these headers. Returns the answer, and what arrived at the server.
fn probe(
    settings: &Settings,
    target: &Target,
    headers: impl Fn(&ProbeOpened) -> Vec<(String, String)>,
) -> Result<(ProbeOpened, Sent), Failure> {
    probe_by(settings, |opened| {
        target.send_marked(&opened.marker, opened.key_header.as_deref(), headers(opened))
    })
}

/// Opens a probe, sends a request with its marker, and returns the answer and what arrived at the server.
fn probe_by(
    settings: &Settings,
    send: impl FnOnce(&ProbeOpened) -> Result<ProbeReply, Failure>,
) -> Result<(ProbeOpened, Sent), Failure> {
    let VerbReply::Probe(opened) = ask(settings, &VerbRequest::OpenProbe)? else {
        return Err("the running server opened no probe; is it of another version?".into());
    };
    let reply = send(&opened);
    let closed = ask(settings, &VerbRequest::CloseProbe { marker: opened.marker.clone() })?;
    let VerbReply::Arrivals(arrivals) = closed else {
        return Err("the running server closed no probe; is it of another version?".into());
    };
    Ok((opened, Sent { reply: reply?, arrivals }))
}

fn write_arrival(report: &mut String, forged: &Sent) {
    let Some(arrival) = forged.arrivals.first() else { return };
    *report += &format!("Of the forged one, this arrived at Latchkey from {}:\n", arrival.peer);
    arrival.lines.iter().for_each(|(name, value)| *report += &format!("    {name}: {value}\n"));
    if arrival.lines.is_empty() {
        *report += "    no header about addresses, identities or gateways\n";
    }
    *report += "\n";
}

fn write_finding(report: &mut String, finding: &Finding) {
    let mark = match finding.severity {
        Severity::Good => "ok  ",
        Severity::Note => "note",
        Severity::Open => "OPEN",
    };
    *report += &format!("{mark}  {}\n", finding.text);
    finding.advice.lines().for_each(|line| *report += &format!("        {line}\n"));
}
