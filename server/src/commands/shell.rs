//! What a shell and a manual know of the command line: `latchkey completions` and `latchkey man`.

use super::out::print;
use super::{Failure, command};
use clap::Args;
use clap_complete::{Shell, generate};
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct Completions {
    /// For which shell
    shell: Shell,
}

#[derive(Args)]
pub(super) struct Man {
    /// A folder that is there
    dir: PathBuf,
}

/// Prints the completions for a shell.
pub(super) fn completions(flags: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(flags.shell, &mut command(), "latchkey", &mut script);
    print(String::from_utf8_lossy(&script))
}

/// Writes a page of the manual for each verb.
pub(super) fn man(flags: &Man) -> Result<(), Failure> {
    let dir = flags.dir.display();
    clap_mangen::generate_to(command(), &flags.dir)
        .map_err(|error| format!("cannot write the manual to {dir}: {error}; name a folder that is there"))?;
    print(format_args!("The manual is in {dir}; `man {dir}/latchkey.1` shows its first page.\n"))
}
