//! What is measured: this binary as a server of the scratch directory, and a handler that does nothing.

use super::BenchError;
use axum::Router;
use axum::routing::get;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::runtime::Runtime;

/// `latchkey serve` on the scratch directory; stopped when dropped.
pub struct Latchkey {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Latchkey {
    /// Starts `program`. The environment is left out: settings of the real server are not for this one.
    ///
    /// # Errors
    /// The server does not start.
    pub fn start(program: &Path, directory: &Path) -> Result<Self, BenchError> {
        let mut process = Command::new(program)
            .env_clear()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let place = line.split_once("listens on ").and_then(|(_, rest)| rest.split(';').next());
        match place.and_then(|place| place.trim().parse().ok()) {
            Some(address) => Ok(Self { process, address }),
            None => {
                let _ = process.kill();
                let _ = process.wait();
                Err(BenchError::NotStarted)
            }
        }
    }
}

impl Drop for Latchkey {
    fn drop(&mut self) {
        // Nothing in the scratch directory is worth a slow end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An axum handler that answers `ok`, on the default runtime; stopped when dropped.
pub struct Bare {
    /// Its runtime.
    pub runtime: Runtime,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Bare {
    /// Starts the handler.
    ///
    /// # Errors
    /// The handler cannot listen.
    pub fn start() -> std::io::Result<Self> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/", get(|| async { "ok" }));
        #[expect(clippy::disallowed_methods, reason = "the measurement fails without it")]
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { runtime, address })
    }
}
