//! `latchkey healthcheck`: for containers and scripts, which ask again and again.

use super::control::{VerbReply, VerbRequest, ask};
use super::out::print;
use super::{Common, Failure};
use clap::Args;

#[derive(Args)]
pub(super) struct Flags {
    #[command(flatten)]
    common: Common,
}

/// Succeeds while the server of the data directory is ready, as `/readyz` says it to those who can reach it.
pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    match ask(&flags.common.settings()?, &VerbRequest::Health)? {
        VerbReply::Said(what) => print(format_args!("{what}\n")),
        _ => Err("the running server gave another answer; is it of another version?".into()),
    }
}
