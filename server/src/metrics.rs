//! Metrics in the text form of Prometheus. Counting is a few atomics, on any thread. Figures that are kept elsewhere are
//! read when metrics are asked for, on the pages' runtime.

mod reading;
mod sources;

pub use sources::MetricSources;

use contract::Code;
use prometheus::core::Collector;
use prometheus::{Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use prometheus::{Opts, Registry, TextEncoder};
use reading::Reading;
use std::time::Instant;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;
/// Upper bounds of the buckets of verification times, in seconds.
const TIMES: [f64; 15] =
    [2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// All figures of this process.
pub struct Metrics {
    registry: Registry,
    verifications: [IntCounter; Code::ALL.len()],
    verification_seconds: Histogram,
    sessions: IntGauge,
    database_ready: IntGauge,
}

impl Metrics {
    /// Metrics that count from now on, and read the rest from `sources`. An error, if two figures have the same name.
    pub fn new(sources: MetricSources) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let by_code = IntCounterVec::new(
            Opts::new("latchkey_verifications_total", "Verifications that were answered, by code."),
            &["code"],
        )?;
        let verification_seconds = Histogram::with_opts(
            HistogramOpts::new(
                "latchkey_verification_seconds",
                "From the request to the verdict, commit included.",
            )
            .buckets(TIMES.to_vec()),
        )?;
        let sessions = IntGauge::new("latchkey_sessions", "Sessions of users that have not ended.")?;
        let database_ready =
            IntGauge::new("latchkey_database_ready", "1 if the database answered just now, else 0.")?;
        let build = IntGaugeVec::new(Opts::new("latchkey_build_info", "1; the version."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let started = Instant::now();
        let uptime =
            Reading::one("latchkey_uptime_seconds", "How long this process has been up.", move || {
                started.elapsed().as_secs_f64()
            })?;
        let journal = sources.journal.figures();
        let own: [Box<dyn Collector>; 9] = [
            Box::new(by_code.clone()),
            Box::new(verification_seconds.clone()),
            Box::new(journal.batch_uses.clone()),
            Box::new(journal.commit_seconds.clone()),
            Box::new(journal.commit_failures.clone()),
            Box::new(sessions.clone()),
            Box::new(database_ready.clone()),
            Box::new(build),
            Box::new(uptime),
        ];
        own.into_iter().try_for_each(|figure| registry.register(figure))?;
        sources.readings()?.into_iter().try_for_each(|reading| registry.register(Box::new(reading)))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self {
            registry,
            // All codes from the start, so that one that never occurred is 0 and not missing.
            verifications: Code::ALL.map(|code| by_code.with_label_values(&[code.name()])),
            verification_seconds,
            sessions,
            database_ready,
        })
    }

    /// Counts one answered verification that began at `started`.
    pub fn verified(&self, code: Code, started: Instant) {
        self.verifications[code as usize].inc();
        self.verification_seconds.observe(started.elapsed().as_secs_f64());
    }

    /// The text that `GET /metrics` answers. `sessions` is `None` when the database does not answer.
    pub fn text(&self, sessions: Option<u64>) -> Result<Vec<u8>, prometheus::Error> {
        self.database_ready.set(i64::from(sessions.is_some()));
        if let Some(sessions) = sessions {
            self.sessions.set(i64::try_from(sessions).unwrap_or(i64::MAX));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
