//! What an operator reads: help, settings, figures.

use super::Album;
use crate::app::TestApp;
use crate::binary::latchkey;
use crate::metrics::ask;
use std::process::Command;

/// The help of a verb, and of those below it.
fn help(path: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    let output = command.env_clear().args(path).arg("--help").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let listed =
        text.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let verbs = listed.lines().filter_map(|line| line.split_whitespace().next());
    let below = verbs.filter(|verb| *verb != "help").map(|verb| help(&[path, &[verb]].concat()));
    let below: String = below.collect();
    format!("$ latchkey {} --help\n{text}\n{below}", path.join(" ")).replace("latchkey  --", "latchkey --")
}

#[test]
fn every_verb_helps() {
    let album = Album::open("command_line");
    album.holds("help", &help(&[]));
    let dir = tempfile::tempdir().unwrap();
    let output = latchkey(dir.path(), &["config"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    album.holds("config", &shown.replace(dir.path().to_str().unwrap(), "[data directory]"));
    album.close();
}

#[tokio::test]
async fn every_figure_is_described() {
    let album = Album::open("metrics");
    let (_, text) = ask(&TestApp::start().await, "/metrics").await;
    let lines = text.lines().filter(|line| line.starts_with("# "));
    let mut lines: Vec<_> = lines.collect();
    lines.dedup();
    album.holds("names", &lines.join("\n"));
    album.close();
}
