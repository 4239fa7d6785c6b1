//! What verbs print. A pipe that ends early, or a full disk behind it, is an error like any other.

use super::Failure;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints to standard output. Whoever stopped reading has what was wanted (`latchkey user list | head`).
pub(super) fn print(text: impl Display) -> Result<(), Failure> {
    match write(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot_print(&error).into()),
        _ => Ok(()),
    }
}

/// Prints a secret, alone on its line, before it is in force: nobody has one that could not be printed.
pub(super) fn print_secret(secret: &str) -> Result<(), Failure> {
    write(format_args!("{secret}\n"))
        .map_err(|error| format!("{}; nothing was changed", cannot_print(&error)).into())
}

/// Prints a line for whoever watches; one that is lost harms nothing.
pub(super) fn remark(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn write(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    out.flush()
}

/// What is said of an output that takes nothing.
pub(super) fn cannot_print(error: &io::Error) -> String {
    format!("cannot write to standard output: {error}")
}
