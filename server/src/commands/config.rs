//! `latchkey config`

mod check;

use super::out::print;
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
        return print(format_args!("{}\n", check::check(&settings)?));
    }
    print(layers.lines().join("\n") + "\n")
}
