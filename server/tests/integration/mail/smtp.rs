//! The mail server as a process.

use crate::patience::PATIENCE;
use crate::ports::FreePort;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// A mail server; ended when dropped.
pub(crate) struct Smtp {
    process: Child,
    pub(crate) port: u16,
    printed: Receiver<Value>,
}

impl Smtp {
    pub(crate) fn start() -> Self {
        Self::start_with(&json!({}))
    }

    /// Starts it with the options that server/tests/judges/smtp.py names.
    pub(crate) fn start_with(options: &Value) -> Self {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mut process = Command::new("python3")
            .arg(root.join("server/tests/judges/smtp.py"))
            .arg(options.to_string())
            .env("PYTHONPATH", root.join(".tools/python"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, printed) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let port: Value = printed.recv_timeout(PATIENCE).expect("scripts/setup-test installs aiosmtpd");
        Self { process, port: u16::try_from(port.as_u64().unwrap()).unwrap(), printed }
    }

    /// A server that begins to listen where nobody did until now.
    pub(crate) fn start_at(port: &FreePort) -> Self {
        Self::start_with(&json!({"port": port.number}))
    }

    /// The next thing that came.
    pub(crate) fn next(&self) -> Value {
        self.printed.recv_timeout(PATIENCE).expect("something came")
    }

    /// Everything that has come; whoever sent it has its answer.
    pub(crate) fn all(&self) -> Vec<Value> {
        // It prints one thing after the other, and this last.
        self.process.stdin.as_ref().unwrap().write_all(b"\n").unwrap();
        let came = std::iter::repeat_with(|| self.next());
        came.take_while(|thing| thing["asked"].is_null()).collect()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
