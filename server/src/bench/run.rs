//! The rounds of `latchkey bench`.

use super::BenchError;
use super::client::{self, Measured, Pace, Target};
use super::requests::Case;
use super::scratch::{self, Filled};
use super::servers::{Bare, Latchkey};
use super::wrk::Wrk;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Rounds of the closed loop: the middle one counts.
const ROUNDS: usize = 3;

/// What to run.
pub struct Options {
    /// How long each run lasts.
    pub time: Duration,
    /// How many keys there are; all are asked in turn.
    pub keys: usize,
    /// Kept connections.
    pub connections: usize,
    /// Requests a second of the open loop.
    pub rate: u32,
    /// Where the scratch directory is made; it is gone afterwards.
    pub scratch: PathBuf,
    /// The binary that is measured.
    pub program: PathBuf,
}

/// One line of the table.
#[derive(Serialize)]
pub struct Row {
    /// What was asked.
    pub title: &'static str,
    /// `closed` or `open`.
    pub pace: &'static str,
    /// Requests a second.
    pub per_second: f64,
    /// The requests a second, divided by those of the bare handler.
    pub ratio: f64,
    /// Milliseconds.
    pub p50_ms: f64,
    /// Milliseconds.
    pub p99_ms: f64,
}

/// The table.
#[derive(Serialize)]
pub struct Report {
    /// The program that asked in the closed loop.
    pub client: &'static str,
    /// The lines; each first line of a pace is the bare handler.
    pub rows: Vec<Row>,
}

const BARE: &str = "bare handler";

/// Runs everything; `progress` is told how many runs are done, of how many, and what comes.
///
/// # Errors
/// Something could not be started or was answered wrong, or somebody pressed Ctrl-C.
pub fn run(options: &Options, progress: &mut dyn FnMut(usize, usize, &str)) -> Result<Report, BenchError> {
    let runs = ROUNDS * (1 + Case::ALL.len()) + 2;
    progress(0, runs, "filling a scratch directory");
    let scratch = tempfile::Builder::new().prefix("latchkey-bench-").tempdir_in(&options.scratch)?;
    let bare = Bare::start()?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    #[expect(clippy::disallowed_methods, reason = "it waits for Ctrl-C alone")]
    bare.runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
    });
    let data = scratch.path().join("data");
    let filled = bare.runtime.block_on(scratch::fill(&data, options.keys, options.keys))?;
    let wrk = Wrk::find(scratch.path(), &filled)?;
    let latchkey = Latchkey::start(&options.program, &data)?;
    let mut bench = Bench { options, filled, wrk, bare, latchkey, interrupted, runs, done: 0, progress };
    let mut rows = bench.closed_loop()?;
    rows.extend(bench.open_loop()?);
    Ok(Report { client: if bench.wrk.is_some() { "wrk" } else { "its own client" }, rows })
}

struct Bench<'a> {
    options: &'a Options,
    filled: Filled,
    wrk: Option<Wrk>,
    bare: Bare,
    latchkey: Latchkey,
    interrupted: Arc<AtomicBool>,
    runs: usize,
    done: usize,
    progress: &'a mut dyn FnMut(usize, usize, &str),
}

impl Bench<'_> {
    fn closed_loop(&mut self) -> Result<Vec<Row>, BenchError> {
        let cases: Vec<Option<Case>> = std::iter::once(None).chain(Case::ALL.map(Some)).collect();
        let mut rounds: Vec<Vec<Measured>> = Vec::new();
        for _ in 0..ROUNDS {
            rounds
                .push(cases.iter().map(|case| self.measure(*case, Pace::Closed)).collect::<Result<_, _>>()?);
        }
        let middle = |place: usize, of: &dyn Fn(&Measured, &Measured) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(|round| of(&round[place], &round[0])).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let row = |(place, case): (usize, &Option<Case>)| Row {
            title: case.map_or(BARE, Case::title),
            pace: "closed",
            per_second: middle(place, &|one, _| one.per_second),
            ratio: middle(place, &|one, bare| one.per_second / bare.per_second),
            p50_ms: middle(place, &|one, _| milliseconds(one.p50)),
            p99_ms: middle(place, &|one, _| milliseconds(one.p99)),
        };
        Ok(cases.iter().enumerate().map(row).collect())
    }

    fn open_loop(&mut self) -> Result<[Row; 2], BenchError> {
        let pace = Pace::Rate(self.options.rate);
        let bare = self.measure(None, pace)?;
        let allowed = self.measure(Some(Case::Allowed), pace)?;
        let row = |title, one: &Measured| Row {
            title,
            pace: "open",
            per_second: one.per_second,
            ratio: one.per_second / bare.per_second,
            p50_ms: milliseconds(one.p50),
            p99_ms: milliseconds(one.p99),
        };
        Ok([row(BARE, &bare), row(Case::Allowed.title(), &allowed)])
    }

    fn measure(&mut self, case: Option<Case>, pace: Pace) -> Result<Measured, BenchError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(BenchError::Interrupted);
        }
        (self.progress)(self.done, self.runs, case.map_or(BARE, Case::title));
        self.done += 1;
        let Options { time, connections, .. } = *self.options;
        let address = if case.is_some() { self.latchkey.address } else { self.bare.address };
        match &self.wrk {
            Some(wrk) if pace == Pace::Closed => wrk.run(address, case, connections, time),
            _ => {
                let requests = case.map_or_else(
                    || vec![b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec()],
                    |c| c.requests(&self.filled),
                );
                let target = Target { address, requests, statuses: case.map_or(&[200], Case::statuses) };
                Ok(client::run(&Arc::new(target), connections, time, pace)?)
            }
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
