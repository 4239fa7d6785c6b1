//! `latchkey backup …`: both databases as they were at one moment, beside a running server or without one.
//!
//! This process reads and writes, at the lowest priority and at a measured pace; the server only names the moment and keeps
//! out of the way (control/lend.rs). A backup gets its name when it was looked through, and not before.

mod archive;
mod keep;
mod make;
mod manifest;
mod pace;
mod source;
mod target;
mod unfinished;

pub(super) use make::refuse_too_little_room;
pub(super) use manifest::{MANIFEST, Manifest};
pub(super) use pace::{Progress, stand_back};
pub(super) use source::Source;

use super::out::{print, remark};
use super::{Common, Ended, Failure};
use crate::services::SystemClock;
use clap::Args;
use domain::counted::counted;
use domain::time::Clock;
use keep::Kept;
use make::{Made, make};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use target::{TIME, Target};

/// What --keep needs.
const WRONG_USAGE: u8 = 2;

#[derive(Args)]
pub(super) struct Flags {
    /// What to make: a directory, or a file whose name ends with .tar.zst; {time} in its name becomes the time, as
    /// 20261128T013000Z
    target: PathBuf,
    /// Keep the latest N backups of this name and remove older ones; the name holds {time}
    #[arg(long, value_name = "N")]
    keep: Option<NonZeroUsize>,
    /// Back up pepper and sealing key too: who has such a backup can read and use every key in it
    #[arg(long)]
    with_secrets: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let settings = flags.common.settings()?;
    let target = Target::parse(&flags.target, SystemClock.now())?;
    if flags.keep.is_some() && target.around_time.is_none() {
        return Err(Ended::failure(
            WRONG_USAGE,
            format!("--keep needs {TIME} in the name of the backup, such as latchkey-{TIME}.tar.zst"),
        ));
    }
    target.refuse_what_is_there()?;
    stand_back();
    let cleaned = unfinished::clean(&target.folder);
    if cleaned > 0 {
        remark(format_args!(
            "latchkey: removed {} that was never finished",
            counted(cleaned as u64, "backup")
        ));
    }
    let made = make(&settings, &target, flags.with_secrets)?;
    let kept = flags.keep.map(|most| keep::keep(&target, made.manifest.installation, most.get()));
    if flags.with_secrets {
        remark(
            "latchkey: it holds pepper and sealing key: keep it as safe as the keys of all customers, or encrypt it",
        );
    }
    kept.iter().flat_map(|kept| &kept.stayed).for_each(|line| remark(format_args!("latchkey: {line}")));
    if flags.json {
        print(json(&target, &made, kept.as_ref())?)
    } else {
        print(said(&target, &made, kept.as_ref()))
    }
}

fn said(target: &Target, made: &Made, kept: Option<&Kept>) -> String {
    let Made { manifest, bytes, .. } = made;
    let secrets = if manifest.holds_secrets() { "" } else { ", without the secrets" };
    let mut text = format!(
        "{} holds the state of {}{secrets}: {}, {} and {}; {}, checked\n",
        target.path().display(),
        manifest.moment,
        counted(manifest.users, "user"),
        counted(manifest.keys, "key"),
        counted(manifest.uses, "use"),
        megabytes(*bytes)
    );
    if let Some(kept) = kept {
        let removed = counted(kept.removed.len() as u64, "older one");
        text += &format!("{} of this name, {removed} removed\n", counted(kept.kept as u64, "backup"));
    }
    text
}

/// Bytes for people.
pub(super) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// What `--json` prints; docs/backup.md lists it.
#[derive(Serialize)]
struct Json<'a> {
    path: PathBuf,
    bytes: u64,
    #[serde(flatten)]
    manifest: &'a Manifest,
    with_secrets: bool,
    kept: Option<usize>,
    removed: &'a [PathBuf],
}

fn json(target: &Target, made: &Made, kept: Option<&Kept>) -> Result<String, Failure> {
    let json = Json {
        path: std::path::absolute(target.path())?,
        bytes: made.bytes,
        manifest: &made.manifest,
        with_secrets: made.manifest.holds_secrets(),
        kept: kept.map(|kept| kept.kept),
        removed: kept.map(|kept| kept.removed.as_slice()).unwrap_or_default(),
    };
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}
