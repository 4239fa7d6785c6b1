//! `latchkey import …`

mod csv_line;
mod json_line;
mod lines;
mod source;

use super::control::import;
use super::out::{print, remark};
use super::{Common, Failure};
use clap::Args;
use domain::counted::counted;
use indicatif::{ProgressBar, ProgressStyle};
use lines::Lines;
use service::import::{ImportOptions, ImportReport};
use source::Source;
use std::fmt::Write;

/// All of a file or nothing: CSV with a header, or JSON lines. docs/import.md has the columns
#[derive(Args)]
pub(super) struct Flags {
    /// The file; - for standard input
    file: String,
    /// Make users who are missing; they have no password until they are given one
    #[arg(long)]
    create_users: bool,
    /// Only say what would come of it
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let settings = flags.common.settings()?;
    let source = Source::open(&flags.file)?;
    let bar = progress(source.bytes)?;
    let options = ImportOptions { create_users: flags.create_users, dry_run: flags.dry_run };
    let mut lines = Lines::of(source, bar.clone())?;
    let imported = import(&settings, options, &mut lines);
    bar.finish_and_clear();
    let report = imported?;
    if report.refused > 0 {
        print(refused(&report))?;
        return Err(refusal(&report).into());
    }
    print(done(&report, options))?;
    if report.users > 0 && !flags.dry_run {
        remark("latchkey: who was made has no password; `latchkey user reset-password NAME` gives one");
    }
    if report.short > 0 {
        remark(format_args!(
            "latchkey: {} may be guessed, with fewer than 20 characters; have their owners generate others",
            counted(report.short, "token")
        ));
    }
    Ok(())
}

/// A bar on standard error, if that is a terminal.
fn progress(bytes: Option<u64>) -> Result<ProgressBar, Failure> {
    Ok(match bytes {
        Some(bytes) => {
            let style = "{bar:40} {percent:>3} % of {total_bytes}, {eta} left {msg}";
            ProgressBar::new(bytes).with_style(ProgressStyle::with_template(style)?)
        }
        None => {
            ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {bytes} {msg}")?)
        }
    })
}

/// The lines that were refused, as far as the report names them.
fn refused(report: &ImportReport) -> String {
    let mut text = String::new();
    for (line, why) in &report.reasons {
        let _ = writeln!(text, "line {line}: {why}");
    }
    let others = report.refused.saturating_sub(report.reasons.len() as u64);
    if others > 0 {
        let _ = writeln!(text, "and {} more", counted(others, "line"));
    }
    text
}

fn refusal(report: &ImportReport) -> String {
    let is = if report.refused == 1 { "is" } else { "are" };
    format!(
        "{} of {} {is} refused, so nothing was imported; mend what is named above, then import the file again",
        report.refused,
        counted(report.lines, "line")
    )
}

fn done(report: &ImportReport, options: ImportOptions) -> String {
    let (keys, users) = (counted(report.keys, "key"), counted(report.users, "user"));
    let mut text = match options.dry_run {
        true => format!("would import {keys} and make {users}; nothing was written"),
        false => format!("imported {keys} and made {users}"),
    };
    if report.known > 0 {
        let _ = write!(text, "; {} there already", counted(report.known, "key"));
        if report.deleted > 0 {
            let _ = write!(text, ", {} of them deleted, which stay so", report.deleted);
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
