//! Output of verbs. A full disk behind standard output is an error like any other.

use super::Failure;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints to standard output. A reader who stopped reading has what they wanted (`latchkey user list | head`).
pub(super) fn print(text: impl Display) -> Result<(), Failure> {
    match write(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot_print(&error).into()),
        _ => Ok(()),
    }
}

/// Prints a secret alone on its line. Callers do so before it is in force, so that no secret is lost that could not be
/// printed.
pub(super) fn print_secret(secret: &str) -> Result<(), Failure> {
    write(format_args!("{secret}\n"))
        .map_err(|error| format!("{}; nothing was changed", cannot_print(&error)).into())
}

/// Prints a line to standard error, for people; it may get lost.
pub(super) fn remark(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn write(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    out.flush()
}

/// The message where standard output cannot be written.
pub(super) fn cannot_print(error: &io::Error) -> String {
    format!("cannot write to standard output: {error}")
}
