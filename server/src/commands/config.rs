//! `latchkey config`

mod check;

use super::out::{print, remark};
use super::{Common, Failure};
use crate::settings::Settings;
use clap::Args;

#[derive(Args)]
pub(super) struct Flags {
    /// Look for what would stop a start, and make nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let layers = flags.common.layers(vec![])?;
    let settings = Settings::parse(&layers)?;
    if flags.check {
        return report(check::check(&settings));
    }
    print(layers.lines().join("\n") + "\n")
}

/// Prints that all is in order, or every problem on a line. The last problem is returned, because the caller prints it.
fn report(checked: Result<String, Vec<Failure>>) -> Result<(), Failure> {
    let mut found = match checked {
        Ok(text) => return print(format_args!("{text}\n")),
        Err(found) => found.into_iter().peekable(),
    };
    while let Some(error) = found.next() {
        if found.peek().is_none() {
            return Err(error);
        }
        remark(format_args!("latchkey: {error}"));
    }
    Ok(())
}
