//! `latchkey bench`

use super::Failure;
use super::out::print;
use crate::bench::{Options, Report, run as measure};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Characters of the progress bar.
const BAR: usize = 24;

#[derive(Args)]
pub(super) struct Flags {
    /// Seconds of each of the 20 runs
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Keys in the scratch directory, all asked in turn
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    keys: u32,
    /// Kept connections
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
    /// Requests a second of the open loop
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Where the scratch directory is made: on the disk that is to be tried
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let scratch = flags.scratch.clone().unwrap_or_else(std::env::temp_dir);
    if !scratch.is_dir() {
        return Err(format!("{} is no directory; choose another --scratch", scratch.display()).into());
    }
    let options = Options {
        time: Duration::from_secs(flags.seconds),
        keys: flags.keys as usize,
        connections: flags.connections as usize,
        rate: flags.rate,
        scratch,
        program: std::env::current_exe()?,
    };
    let is_watched = std::io::stderr().is_terminal();
    let report = measure(&options, &mut |done, all, what| {
        if is_watched {
            show(done, all, what);
        }
    });
    if is_watched {
        progress(format_args!("\r\x1b[K"));
    }
    let report = report?;
    if flags.json {
        print(format_args!("{}\n", serde_json::to_string_pretty(&report)?))
    } else {
        print(table(&report, flags))
    }
}

fn show(done: usize, all: usize, what: &str) {
    let full = BAR * done / all;
    progress(format_args!(
        "\r\x1b[K[{}{}] {done} of {all}  {what}",
        "#".repeat(full),
        " ".repeat(BAR - full)
    ));
}

fn progress(text: std::fmt::Arguments<'_>) {
    let _ = write!(std::io::stderr(), "{text}");
}

fn table(report: &Report, flags: &Flags) -> String {
    let (mut table, mut pace) = (String::new(), "");
    for row in &report.rows {
        if row.pace != pace {
            pace = row.pace;
            let what = match pace {
                "closed" => format!("closed loop, {} connections, {}", flags.connections, report.client),
                _ => format!("open loop, {} a second", flags.rate),
            };
            table +=
                &format!("{what:42} {:>10} {:>6} {:>8} {:>8}\n", "a second", "ratio", "p50 ms", "p99 ms");
        }
        let (title, p50, p99) = (row.title, row.p50_ms, row.p99_ms);
        table += &format!("  {title:40} {:10.0} {:6.2} {p50:8.2} {p99:8.2}\n", row.per_second, row.ratio);
    }
    table
}
