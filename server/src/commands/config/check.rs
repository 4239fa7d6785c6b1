//! `latchkey config --check`: finds what would stop a start, and makes nothing.

use super::super::Failure;
use super::super::control::{
    self, is_locked, refuse_files_of_others, refuse_long_socket, refuse_what_is_no_directory, wrong,
};
use crate::http::serve::{ListenError, Listener, Tls};
use crate::secrets::Secrets;
use crate::services::refuse_other_prefixes;
use crate::settings::{Listen, Settings};

use rustix::fs::{Access, access};
use std::net::SocketAddr;
use std::path::Path;

/// Returns a sentence that all is in order, or all problems.
pub(super) fn check(settings: &Settings) -> Result<String, Vec<Failure>> {
    let mut found = Vec::new();
    if let Some(Err(error)) = settings.server.tls.as_ref().map(Tls::load) {
        found.push(error.into());
    }
    let dir = &settings.data_dir;
    let runs = is_locked(dir);
    found.extend(check_data(settings, runs).err());
    let mut unsure = Vec::new();
    for (place, named) in &wanted(settings) {
        let Err(error) = Listener::try_place(place) else { continue };
        match who_has(place, &error, dir, runs) {
            Holder::Server => {}
            Holder::Unsure => unsure.push(place.to_string()),
            Holder::Other => found.push(format!("{error}{named}").into()),
            Holder::OtherBeside => found.push(
                format!("{error}{named}; the server that runs is not there, so another program is").into(),
            ),
        }
    }
    if found.is_empty() { Ok(in_order(dir, runs, &unsure)) } else { Err(found) }
}

/// The sentence that all is in order, with what could not be looked at.
fn in_order(dir: &Path, runs: bool, unsure: &[String]) -> String {
    let shown = dir.display();
    match (runs, dir.join("latchkey.db").exists()) {
        (true, _) => {
            let unsure = match unsure {
                [] => String::new(),
                places => format!(", nor who besides it listens at {}", places.join(" and ")),
            };
            format!(
                "A server could start with these settings; one runs on {shown} now, so it was not looked at whether \
                 the files there are whole and of one state{unsure}."
            )
        }
        (false, true) => format!("A server could start with these settings, on the data in {shown}."),
        (false, false) => {
            format!("A server could start with these settings, and would make a new installation in {shown}.")
        }
    }
}

fn check_data(settings: &Settings, runs: bool) -> Result<(), Failure> {
    let dir = &settings.data_dir;
    refuse_long_socket(dir)?;
    if !dir.exists() {
        return nearest(dir).map_or(Ok(()), |above| writable("make", above, dir));
    }
    writable("write to", dir, dir)?;
    refuse_files_of_others(dir)?;
    if let Some(secrets) = Secrets::find(settings)? {
        let look = if runs { store_sqlite::inspect_in_use } else { store_sqlite::inspect };
        refuse_other_prefixes(&settings.token_format, &look(dir, secrets.fingerprint)?)?;
    }
    Ok(())
}

/// The nearest directory above that exists.
fn nearest(dir: &Path) -> Option<&Path> {
    let above = |path: &&Path| !path.as_os_str().is_empty() && path.exists();
    dir.ancestors().find(above).or(Some(Path::new(".")))
}

fn writable(what: &str, path: &Path, dir: &Path) -> Result<(), Failure> {
    refuse_what_is_no_directory(path)?;
    access(path, Access::WRITE_OK | Access::EXEC_OK).map_err(|e| wrong(what, dir, dir, &e.into()))
}

/// Every place where the server would listen, and what follows an error message about it.
fn wanted(settings: &Settings) -> Vec<(Listen, &'static str)> {
    let server = &settings.server;
    let plain = server.listen.iter().cloned().chain(server.listen_proxy_protocol.map(Listen::Address));
    let admin = settings.admin_listen.map(|address| (Listen::Address(address), " (--admin-listen)"));
    let plain = plain.chain(server.listen_gateways.iter().cloned());
    plain.map(|place| (place, "")).chain(admin).collect()
}

/// The program that holds a place at which this process cannot listen.
#[derive(Debug, PartialEq, Eq)]
enum Holder {
    /// The running server, so the place is free for the next start.
    Server,
    /// The running server may hold it: it holds a part of it, or does not say what it holds.
    Unsure,
    /// Another program, or nobody could listen there.
    Other,
    /// Another program than the running server.
    OtherBeside,
}

fn who_has(place: &Listen, error: &ListenError, data_dir: &Path, runs: bool) -> Holder {
    if !(runs && error.is_taken()) {
        return Holder::Other;
    }
    control::places(data_dir).map_or(Holder::Unsure, |places| holder(place, &places))
}

/// Decides by the places of the running server.
fn holder(place: &Listen, servers: &[String]) -> Holder {
    if servers.contains(&place.to_string()) {
        return Holder::Server;
    }
    let Listen::Address(place) = place else { return Holder::OtherBeside };
    let overlaps = |server: SocketAddr| {
        server.port() == place.port() && (server.ip().is_unspecified() || place.ip().is_unspecified())
    };
    if servers.iter().filter_map(|server| server.parse().ok()).any(overlaps) {
        Holder::Unsure
    } else {
        Holder::OtherBeside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_place_of_the_running_server_is_known_and_one_that_overlaps_is_not_judged() {
        let servers = ["127.0.0.1:3000", "[::]:3001", "unix:/run/latchkey.sock"].map(str::to_owned);
        let address = |text: &str| holder(&Listen::Address(text.parse().unwrap()), &servers);
        assert_eq!(address("127.0.0.1:3000"), Holder::Server);
        assert_eq!(address("0.0.0.0:3000"), Holder::Unsure);
        assert_eq!(address("127.0.0.1:3001"), Holder::Unsure, "one of all addresses");
        assert_eq!(address("127.0.0.2:3000"), Holder::OtherBeside);
        assert_eq!(address("127.0.0.1:3002"), Holder::OtherBeside);
        let unix = |path: &str| holder(&Listen::Unix(PathBuf::from(path)), &servers);
        assert_eq!(unix("/run/latchkey.sock"), Holder::Server);
        assert_eq!(unix("/run/other.sock"), Holder::OtherBeside);
    }
}
