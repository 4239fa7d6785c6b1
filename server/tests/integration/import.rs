//! `latchkey import`: keys of another system, all of a file or nothing.

mod file;
mod killed;
mod many;
mod refused;
mod tokens;
mod users;

use crate::binary::verb;
use std::path::Path;
use std::process::Output;

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Imports this text by standard input.
fn import(dir: &Path, options: &[&str], text: &str) -> Output {
    verb(dir, &[&["import", "-"], options].concat(), text)
}

/// What a good import says.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    out(output)
}
