//! `latchkey check`: looks a data directory or a backup through, and changes nothing.

mod look;

use super::backup::stand_back;
use super::out::{print, remark};
use super::{Common, Ended, Failure};
use clap::Args;
use domain::counted::counted;
use look::{Looked, Whole, look};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// Something is wrong with the data.
const FAULTS: u8 = 3;
const EXIT_CODES: &str =
    "Exit codes: 0 all is sound, 1 it could not be looked at, 2 wrong usage, 3 something is wrong with it";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Flags {
    /// A data directory, or a backup: a directory or a file .tar.zst; the data directory of the settings unless given
    path: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let settings = flags.common.settings()?;
    stand_back();
    let looked = look(&settings, flags.path.as_deref())?;
    if flags.json {
        print(serde_json::to_string_pretty(&json(&looked)?)? + "\n")?;
    } else {
        print(said(&looked))?;
    }
    looked.warnings.iter().for_each(|line| remark(format_args!("latchkey: {line}")));
    let Some((last, others)) = looked.faults.split_last() else { return Ok(()) };
    others.iter().for_each(|line| remark(format_args!("latchkey: {line}")));
    Err(Ended::failure(FAULTS, last))
}

fn said(looked: &Looked) -> String {
    let mut text = format!("{}, {}\n", looked.path.display(), looked.kind.said(looked.moment.as_deref()));
    let Some(Whole { examined, secrets }) = &looked.whole else { return text };
    let figures = examined.figures;
    let state = if examined.faults.is_empty() { "whole" } else { "in trouble" };
    let older = if examined.is_older { ", which the next start takes to the present one" } else { "" };
    let _ = writeln!(text, "databases  {state}, of {} and {}", examined.state_mark, examined.counts_mark);
    let _ = writeln!(text, "version    migration {}{older}", examined.migration);
    let _ = writeln!(text, "secrets    {}", secrets.said());
    let _ = writeln!(
        text,
        "holds      {}, {}, {}, {}",
        counted(figures.users, "user"),
        counted(figures.keys, "key"),
        counted(figures.deleted_keys, "deleted key"),
        counted(figures.uses, "use")
    );
    text
}

/// What `--json` prints; docs/backup.md lists it.
#[derive(Serialize)]
struct Json<'a> {
    path: PathBuf,
    kind: &'static str,
    running: bool,
    moment: Option<&'a str>,
    sound: bool,
    faults: &'a [String],
    warnings: &'a [String],
    installation: Option<String>,
    state_mark: Option<i64>,
    counts_mark: Option<i64>,
    migration: Option<i64>,
    older_version: Option<bool>,
    secrets: Option<&'static str>,
    users: Option<u64>,
    keys: Option<u64>,
    deleted_keys: Option<u64>,
    uses: Option<u64>,
}

fn json(looked: &Looked) -> Result<Json<'_>, Failure> {
    let examined = looked.whole.as_ref().map(|whole| &whole.examined);
    let figures = examined.map(|examined| examined.figures);
    Ok(Json {
        path: std::path::absolute(&looked.path)?,
        kind: looked.kind.name(),
        running: looked.kind.is_running(),
        moment: looked.moment.as_deref(),
        sound: looked.faults.is_empty(),
        faults: &looked.faults,
        warnings: &looked.warnings,
        installation: examined.map(|examined| examined.installation.to_string()),
        state_mark: examined.map(|examined| examined.state_mark.0),
        counts_mark: examined.map(|examined| examined.counts_mark.0),
        migration: examined.map(|examined| examined.migration),
        older_version: examined.map(|examined| examined.is_older),
        secrets: looked.whole.as_ref().map(|whole| whole.secrets.name()),
        users: figures.map(|figures| figures.users),
        keys: figures.map(|figures| figures.keys),
        deleted_keys: figures.map(|figures| figures.deleted_keys),
        uses: figures.map(|figures| figures.uses),
    })
}
