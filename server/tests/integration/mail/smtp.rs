//! The mail server as a process.

use crate::patience::PATIENCE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

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
    pub(crate) fn start_at(port: u16) -> Self {
        Self::start_with(&json!({"port": port}))
    }

    /// The next thing that came.
    pub(crate) fn next(&self) -> Value {
        self.printed.recv_timeout(PATIENCE).expect("something came")
    }

    /// Everything that has come; whoever sent it has its answer.
    pub(crate) fn all(&self) -> Vec<Value> {
        std::thread::sleep(Duration::from_millis(100));
        self.printed.try_iter().collect()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port where nobody listens.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
