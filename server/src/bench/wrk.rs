//! The closed loop with wrk, where it is installed.

use super::BenchError;
use super::client::Measured;
use super::requests::Case;
use super::scratch::Filled;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const SCRIPT: &str = include_str!("../../../scripts/bench.lua");

/// wrk, with what its script reads.
pub struct Wrk {
    script: PathBuf,
    tokens: PathBuf,
}

impl Wrk {
    /// Writes script and tokens into `directory`; `None` where wrk is not installed.
    ///
    /// # Errors
    /// Script or tokens cannot be written.
    pub fn find(directory: &Path, filled: &Filled) -> std::io::Result<Option<Self>> {
        let found = Command::new("wrk").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if found.is_err() {
            return Ok(None);
        }
        let (script, tokens) = (directory.join("bench.lua"), directory.join("tokens"));
        let mut lines = filled.gateway.clone();
        filled.tokens.iter().for_each(|token| {
            // Writing to a String cannot fail.
            let _ = write!(lines, "\n{}", token.expose());
        });
        fs::write(&script, SCRIPT)?;
        fs::write(&tokens, lines)?;
        Ok(Some(Self { script, tokens }))
    }

    /// One run; without a case the root is asked.
    ///
    /// # Errors
    /// wrk failed, or answers were others than expected.
    pub fn run(
        &self,
        address: SocketAddr,
        case: Option<Case>,
        connections: usize,
        time: Duration,
    ) -> Result<Measured, BenchError> {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency"]).arg(format!("-c{connections}"));
        command.arg(format!("-d{}s", time.as_secs()));
        if let Some(case) = case {
            command
                .arg("-s")
                .arg(&self.script)
                .env("BENCH_CASE", case.name())
                .env("BENCH_TOKENS", &self.tokens);
        }
        let output = command.arg(format!("http://{address}/")).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let is_refusal = case.is_some_and(|case| !case.statuses().contains(&200));
        if text.contains("Socket errors") || text.contains("Non-2xx") != is_refusal {
            return Err(BenchError::Answers(text.trim().to_owned()));
        }
        read(&text).ok_or_else(|| BenchError::Answers(text.trim().to_owned()))
    }
}

fn read(text: &str) -> Option<Measured> {
    let after = |word: &str| {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(word))?;
        line.rsplit(char::is_whitespace).next()
    };
    Some(Measured {
        per_second: after("Requests/sec:")?.parse().ok()?,
        p50: duration(after("50%")?)?,
        p99: duration(after("99%")?)?,
    })
}

/// Reads a time as wrk writes it: `716.00us`, `1.20ms`, `1.05s`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().ok()?;
    let seconds = match &text[digits.len()..] {
        "us" => number / 1e6,
        "ms" => number / 1e3,
        "s" => number,
        "m" => number * 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read() {
        let text = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\n  Thread Stats   Avg\n    \
                    Latency   734.11us  213.42us   5.05ms   82.11%\n  Latency Distribution\n     50%  716.00us\n     \
                    75%  820.00us\n     90%    0.97ms\n     99%    1.42ms\n  86342 requests in 1.00s, 10.95MB read\n\
                    Requests/sec:  86231.62\nTransfer/sec:     10.94MB\n";
        let measured = read(text).unwrap();
        assert_eq!(measured.per_second, 86231.62);
        assert_eq!((measured.p50, measured.p99), (Duration::from_micros(716), Duration::from_micros(1420)));
        assert!(read("unable to connect").is_none());
    }
}
