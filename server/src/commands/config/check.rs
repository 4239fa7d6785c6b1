//! `latchkey config --check`: what a start would find, without making anything.

use super::super::Failure;
use super::super::control::{
    is_locked, refuse_files_of_others, refuse_long_socket, refuse_what_is_no_directory, wrong,
};
use crate::http::serve::{Listener, Tls};
use crate::secrets::Secrets;
use crate::services::refuse_other_prefixes;
use crate::settings::{Listen, Settings};
use crate::store::sqlite;
use rustix::fs::{Access, access};
use std::path::Path;

/// Answers that all is in order, in a sentence.
pub(super) fn check(settings: &Settings) -> Result<String, Failure> {
    settings.server.tls.as_ref().map(Tls::load).transpose()?;
    let runs = is_locked(&settings.data_dir);
    check_data(settings, runs)?;
    places(settings).iter().try_for_each(|(place, named)| try_place(place, named, runs))?;
    let dir = settings.data_dir.display();
    Ok(match (runs, settings.data_dir.join("latchkey.db").exists()) {
        (true, _) => format!("A server could start with these settings; one runs on {dir} now."),
        (false, true) => format!("A server could start with these settings, on the data in {dir}."),
        (false, false) => {
            format!("A server could start with these settings, and would make a new installation in {dir}.")
        }
    })
}

fn check_data(settings: &Settings, runs: bool) -> Result<(), Failure> {
    let dir = &settings.data_dir;
    refuse_long_socket(dir)?;
    if !dir.exists() {
        return nearest(dir).map_or(Ok(()), |above| writable("make", above, dir));
    }
    writable("write to", dir, dir)?;
    refuse_files_of_others(dir)?;
    let secrets = Secrets::find(settings)?;
    // Of files in use nothing can be told without leaving traces, and the server has looked at them.
    if let (Some(secrets), false) = (secrets, runs) {
        refuse_other_prefixes(&settings.token_format, &sqlite::inspect(dir, secrets.fingerprint)?)?;
    }
    Ok(())
}

/// The nearest directory above that is there.
fn nearest(dir: &Path) -> Option<&Path> {
    let above = |path: &&Path| !path.as_os_str().is_empty() && path.exists();
    dir.ancestors().find(above).or(Some(Path::new(".")))
}

fn writable(what: &str, path: &Path, dir: &Path) -> Result<(), Failure> {
    refuse_what_is_no_directory(path)?;
    access(path, Access::WRITE_OK | Access::EXEC_OK).map_err(|e| wrong(what, dir, dir, &e.into()))
}

/// Everywhere the server would listen, and what is said behind an error there.
fn places(settings: &Settings) -> Vec<(Listen, &'static str)> {
    let server = &settings.server;
    let plain = server.listen.iter().cloned().chain(server.listen_proxy_protocol.map(Listen::Address));
    let admin = settings.admin_listen.map(|address| (Listen::Address(address), " (--admin-listen)"));
    let plain = plain.chain(server.listen_gateways.iter().cloned());
    plain.map(|place| (place, "")).chain(admin).collect()
}

/// The server that runs has its own places, so these are free for the next start.
fn try_place(place: &Listen, named: &str, runs: bool) -> Result<(), Failure> {
    match Listener::try_place(place) {
        Err(error) if !(runs && error.is_taken()) => Err(format!("{error}{named}").into()),
        _ => Ok(()),
    }
}
