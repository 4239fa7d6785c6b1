//! How fast a backup goes beside a server, and what of it is seen.

use super::super::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Bytes in a second beside a running server: a small part of what a disk does.
const RATE: u64 = 40 << 20;

/// Gives everybody else the processors first, for the whole process and before it has threads.
pub(in super::super) fn stand_back() {
    // Where this is not permitted, it goes on as any other.
    let _ = rustix::process::setpriority_process(None, 19);
}

/// A measured pace.
pub(super) struct Pace {
    begun: Instant,
    bytes: u64,
}

impl Pace {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), bytes: 0 }
    }

    /// So many bytes were copied; waits for as long as they should have taken.
    pub(super) fn did(&mut self, bytes: u64) {
        self.bytes += bytes;
        let wanted = Duration::from_secs_f64(self.bytes as f64 / RATE as f64);
        std::thread::sleep(wanted.saturating_sub(self.begun.elapsed()));
    }
}

/// A bar on standard error, if that is a terminal.
pub(in super::super) struct Progress(ProgressBar);

impl Progress {
    /// So many bytes are gone through.
    pub(in super::super) fn begin(bytes: u64, what: &'static str) -> Result<Self, Failure> {
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {percent:>3} % of {total_bytes}")?;
        Ok(Self(ProgressBar::new(bytes).with_style(style).with_message(what)))
    }

    /// Something that takes a while and says nothing meanwhile.
    pub(in super::super) fn wait(what: &'static str) -> Result<Self, Failure> {
        let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg}")?);
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Ok(Self(bar))
    }

    pub(in super::super) fn did(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
