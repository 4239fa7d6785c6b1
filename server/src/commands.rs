//! The command line, one file a verb.
#![warn(clippy::print_stdout, clippy::print_stderr, reason = "they panic when nobody reads")]

mod backup;
mod bench;
mod check;
mod config;
mod control;
mod doctor;
mod gateway;
mod healthcheck;
mod import;
mod key;
mod out;
mod restore;
mod serve;
mod shell;
mod user;

use crate::settings::{Layers, Settings, SettingsError};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

/// Your customers' API keys, and the answer whether one may pass.
#[derive(Parser)]
#[command(name = "latchkey", version, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the pages and answer gateways
    Serve(serve::Flags),
    /// Users: those who log in and own keys
    #[command(subcommand)]
    User(user::Verb),
    /// Keys of customers: finding one, looking at it, revoking it; never its token
    #[command(subcommand)]
    Key(key::Verb),
    /// Gateways: those who may ask, each with its token
    #[command(subcommand)]
    Gateway(gateway::Verb),
    /// Bring keys along from another system, with the users they belong to
    ///
    /// FILE is CSV with a header, or JSON lines: username, description, key_type, token (or token_sha256 or token_hmac),
    /// created_at, expires_at, locked_ip, allowed_ips (with spaces between them), owner. All of it is imported, or nothing
    /// where a line is refused; a file may be imported twice. More stands in docs/import.md.
    Import(import::Flags),
    /// Back up both databases as they are at one moment, beside a running server too
    ///
    /// The backup is checked before it gets its name, so what has a name is a whole one. More stands in docs/backup.md.
    Backup(backup::Flags),
    /// Put a backup in place, which is checked before; the server is stopped meanwhile
    ///
    /// It says what was done since the moment of the backup, as far as the data tell that it takes the place of. More stands
    /// in docs/backup.md.
    Restore(restore::Flags),
    /// Look a data directory or a backup through, and change nothing; also beside a running server
    Check(check::Flags),
    /// Look at what is connected, and say what to change
    #[command(subcommand)]
    Doctor(doctor::Verb),
    /// Measure verification on this machine, in a scratch directory; the real data are not touched
    Bench(bench::Flags),
    /// Print the settings in force and where each came from
    Config(config::Flags),
    /// Succeed while the running server is ready: for containers and scripts
    Healthcheck(healthcheck::Flags),
    /// Print completions for a shell
    Completions(shell::Completions),
    /// Write pages of the manual into a folder
    Man(shell::Man),
}

/// The command line as it is described.
fn command() -> clap::Command {
    CommandLine::command()
}

/// What every verb takes.
#[derive(Args, Clone)]
struct Common {
    /// The settings file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything is kept
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Common {
    fn layers(&self, mut more: Vec<(&'static str, &'static str, String)>) -> Result<Layers, SettingsError> {
        if let Some(dir) = &self.data_dir {
            let dir = dir.to_str().ok_or_else(|| SettingsError::NotText("--data-dir".to_owned()))?;
            more.push(("data_dir", "--data-dir", dir.to_owned()));
        }
        Layers::load(self.config.as_deref(), std::env::vars_os(), more)
    }

    fn settings(&self) -> Result<Settings, SettingsError> {
        Settings::parse(&self.layers(vec![])?)
    }
}

/// Why a verb ended badly: one line for standard error.
type Failure = Box<dyn std::error::Error>;

/// The end of a verb with an exit code of its own, which docs/operating.md lists.
#[derive(Debug, thiserror::Error)]
#[error("{line}")]
struct Ended {
    code: u8,
    line: String,
}

impl Ended {
    fn failure(code: u8, line: impl Into<String>) -> Failure {
        Self { code, line: line.into() }.into()
    }
}

/// The version with what a report of a fault has to name: from which commit it was built, and SQLite.
static LONG_VERSION: OnceLock<String> = OnceLock::new();

/// Runs the command line of this process, which was built from that commit.
#[must_use]
pub fn run(commit: &str) -> ExitCode {
    let version = LONG_VERSION.get_or_init(|| {
        format!("{} (commit {commit}, SQLite {})", env!("CARGO_PKG_VERSION"), store_sqlite::sqlite_version())
    });
    let matches = command().long_version(version.as_str()).get_matches();
    let line = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Before any verb reads a secret.
    if let Err(error) = crate::process::keep_memory_private() {
        out::remark(format_args!(
            "latchkey: secrets may end up in core dumps, which could not be ruled out: {error}"
        ));
    }
    let result = match line.verb {
        Verb::Serve(flags) => serve::run(&flags),
        Verb::User(verb) => user::run(verb),
        Verb::Key(verb) => key::run(verb),
        Verb::Gateway(verb) => gateway::run(verb),
        Verb::Import(flags) => import::run(&flags),
        Verb::Backup(flags) => backup::run(&flags),
        Verb::Restore(flags) => restore::run(&flags),
        Verb::Check(flags) => check::run(&flags),
        Verb::Doctor(verb) => doctor::run(&verb),
        Verb::Bench(flags) => bench::run(&flags),
        Verb::Config(flags) => config::run(&flags),
        Verb::Healthcheck(flags) => healthcheck::run(&flags),
        Verb::Completions(flags) => shell::completions(&flags),
        Verb::Man(flags) => shell::man(&flags),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::remark(format_args!("latchkey: {error}"));
            error.downcast_ref::<Ended>().map_or(ExitCode::FAILURE, |ended| ExitCode::from(ended.code))
        }
    }
}
