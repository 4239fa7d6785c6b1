//! The server under strace: what it wrote, synced and sent, or a fault at the nth call.

use crate::binary::Start;
use crate::patience::wait_until;
use std::path::{Path, PathBuf};

/// Calls that change files, make them durable, or answer clients.
const CALLS: &str = "openat,mkdir,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename,sendto,writev";

/// `strace` in front of the server, which stays the process that was started.
fn strace(arguments: &[&str]) -> Vec<String> {
    let fixed = ["strace", "-D", "-f", "-q"];
    fixed.iter().chain(arguments).map(ToString::to_string).collect()
}

/// Records all of [`CALLS`] in full.
pub(crate) fn record(into: &Path) -> Vec<String> {
    let calls = format!("trace={CALLS}");
    let into = into.to_str().unwrap();
    strace(&["--seccomp-bpf", "-yy", "-xx", "-s", "1000000", "-e", &calls, "-o", into])
}

/// Only what is sent to clients, and of that the beginning.
pub(crate) fn record_answers(into: &Path) -> Vec<String> {
    let into = into.to_str().unwrap();
    strace(&["--seccomp-bpf", "-yy", "-xx", "-s", "400", "-e", "trace=sendto,writev", "-o", into])
}

/// A fault at calls on one file, in the words of `strace --inject`: `pwrite64:signal=SIGKILL:when=7`. Calls are
/// counted by thread, and not at all with `--seccomp-bpf` (strace 6.1).
pub(crate) fn inject(file: &Path, fault: &str) -> Vec<String> {
    let (calls, _) = fault.split_once(':').unwrap();
    let (trace, fault) = (format!("trace={calls}"), format!("inject={fault}"));
    strace(&["-P", file.to_str().unwrap(), "-e", &trace, "-e", &fault, "-o", "/dev/null"])
}

/// The same at calls on whatever file.
pub(crate) fn inject_anywhere(fault: &str) -> Vec<String> {
    let (calls, _) = fault.split_once(':').unwrap();
    let (trace, fault) = (format!("trace={calls}"), format!("inject={fault}"));
    strace(&["-e", &trace, "-e", &fault, "-o", "/dev/null"])
}

/// How often a start after a proper stop calls this on a file, in the thread that does so most.
pub(crate) fn calls_of_a_start(dir: &Path, file: &str, call: &str) -> u32 {
    let record = tempfile::NamedTempFile::new().unwrap();
    let (path, into) = (dir.join(file), record.path().to_str().unwrap());
    let under = strace(&["-P", path.to_str().unwrap(), "-e", &format!("trace={call}"), "-o", into]);
    let server = Start { under, ..Start::default() }.run(dir);
    let text = std::fs::read_to_string(record.path()).unwrap();
    drop(server.stop());
    let threads = text.lines().filter(|line| line.contains(call)).map(|line| line.split(' ').next());
    let mut threads: Vec<_> = threads.collect();
    threads.sort_unstable();
    threads.chunk_by(|a, b| a == b).map(|calls| calls.len() as u32).max().unwrap_or(0)
}

/// A finished call, and when by the lines of the record.
pub(crate) struct Traced {
    pub(crate) begun: usize,
    /// Never, if the process ended before.
    pub(crate) ended: usize,
    pub(crate) call: Call,
}

pub(crate) enum Call {
    Make(PathBuf),
    MakeDirectory(PathBuf),
    /// At this place, or at the end.
    Write(PathBuf, Option<u64>, Vec<u8>),
    Truncate(PathBuf, u64),
    Sync(PathBuf),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
    /// To the client at this port.
    Send(u16, Vec<u8>),
}

/// Reads a record; its lines are counted from `first`. Answers the calls and the line after the last.
pub(crate) fn read(record: &Path, first: usize) -> (Vec<Traced>, usize) {
    let text = std::fs::read_to_string(record).unwrap();
    let mut calls: Vec<Traced> = Vec::new();
    // By thread: where its unfinished call stands.
    let mut open = std::collections::HashMap::new();
    let mut line_no = first;
    for line in text.lines() {
        line_no += 1;
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            if let Some(place) = open.remove(thread) {
                let call: &mut Traced = &mut calls[place];
                call.ended = line_no;
            }
        } else if let Some(call) = parse(rest) {
            let unfinished = rest.ends_with("<unfinished ...>");
            if unfinished {
                open.insert(thread.to_owned(), calls.len());
            }
            let ended = if unfinished { usize::MAX } else { line_no };
            calls.push(Traced { begun: line_no, ended, call });
        }
    }
    (calls, line_no + 1)
}

/// Waits until the record of an ended process is complete.
pub(crate) fn wait_for_end(record: &Path, process: u32) {
    let process = process.to_string();
    let is_complete = || {
        let text = std::fs::read(record).unwrap();
        let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]).into_owned();
        let is_end = |line: &str| {
            line.split_once(' ').is_some_and(|(p, rest)| p == process && rest.trim_start().starts_with("+++"))
        };
        tail.lines().any(is_end)
    };
    wait_until(&format!("the end of the record of {process}"), is_complete);
}

fn parse(line: &str) -> Option<Call> {
    if line.contains(") = -1 ") {
        return None;
    }
    let (name, rest) = line.split_once('(')?;
    Some(match name {
        "openat" if rest.contains("O_CREAT") => Call::Make(path(quoted(rest)?.0)),
        "mkdir" => Call::MakeDirectory(path(quoted(rest)?.0)),
        "unlink" => Call::Remove(path(quoted(rest)?.0)),
        "rename" => {
            let (from, rest) = quoted(rest)?;
            Call::Rename(path(from), path(quoted(rest)?.0))
        }
        "fsync" | "fdatasync" => Call::Sync(file(rest)?.0),
        "ftruncate" => {
            let (file, rest) = file(rest)?;
            Call::Truncate(file, numbers(rest).next()?)
        }
        "write" | "writev" | "sendto" if rest.contains("<TCP:[") => {
            let peer = rest.split_once("->")?.1.split_once(']')?.0;
            Call::Send(peer.rsplit(':').next()?.parse().ok()?, quoted(rest)?.0)
        }
        "write" | "pwrite64" => {
            let (file, rest) = file(rest)?;
            let (bytes, rest) = quoted(rest)?;
            // Length, and for pwrite64 the place.
            Call::Write(file, numbers(rest).nth(1).filter(|_| name == "pwrite64"), bytes)
        }
        _ => return None,
    })
}

/// The numbers among the last arguments.
fn numbers(arguments: &str) -> impl Iterator<Item = u64> + '_ {
    let arguments = arguments.split([')', '<']).next().unwrap_or_default();
    arguments.split([',', ' ']).filter_map(|word| word.parse().ok())
}

/// The path of the descriptor in front, and what follows it.
fn file(arguments: &str) -> Option<(PathBuf, &str)> {
    let (_, rest) = arguments.split_once('<')?;
    let (escaped, rest) = rest.split_once('>')?;
    escaped.starts_with("\\x").then(|| (path(bytes(escaped)), rest))
}

fn quoted(arguments: &str) -> Option<(Vec<u8>, &str)> {
    let (_, rest) = arguments.split_once('"')?;
    let (escaped, rest) = rest.split_once('"')?;
    Some((bytes(escaped), rest))
}

fn bytes(escaped: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
    escaped.as_bytes().as_chunks::<4>().0.iter().map(|[_, _, a, b]| digit(*a) << 4 | digit(*b)).collect()
}

fn path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8(bytes).unwrap())
}
