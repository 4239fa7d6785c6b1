//! What operators watch, in the text form of Prometheus. Counting is a few atomics; everything that has to
//! be asked for is asked when somebody reads.

use crate::domain::verdict::Code;
use crate::store::DatabaseBytes;
use crate::verify::Figures;
use parking_lot::Mutex;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
};
use prometheus::{Opts, Registry, TextEncoder};
use std::time::Instant;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// What is asked for when somebody reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels {
    /// Accepted uses that wait for their commit.
    pub waiting_uses: usize,
    /// Committed uses that are not yet folded.
    pub unfolded_uses: u64,
    /// Age of the oldest of them.
    pub fold_lag_seconds: f64,
    /// Living keys.
    pub keys: usize,
    /// Living sessions; `None` when the database does not answer.
    pub sessions: Option<u64>,
    /// Requests whose forwarded header was ignored since the start.
    pub ignored_headers: u64,
    /// How large the databases are.
    pub database_bytes: DatabaseBytes,
}

struct LevelGauges {
    waiting_uses: IntGauge,
    unfolded_uses: IntGauge,
    fold_lag_seconds: Gauge,
    keys: IntGauge,
    sessions: IntGauge,
    ignored_headers: IntCounter,
    database_bytes: IntGaugeVec,
    database_ready: IntGauge,
    uptime_seconds: Gauge,
}

/// All figures of this process.
pub struct Metrics {
    registry: Registry,
    started: Instant,
    verifications: [IntCounter; Code::ALL.len()],
    verification_seconds: Histogram,
    /// Locked while somebody reads: two readers at once would add the same difference twice.
    levels: Mutex<LevelGauges>,
}

impl Metrics {
    /// Counts from here on; `journal` brings its own figures.
    ///
    /// # Errors
    /// Two figures have the same name.
    pub fn new(journal: &Figures) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let by_code = IntCounterVec::new(
            Opts::new("latchkey_verifications_total", "Verifications that were answered, by code."),
            &["code"],
        )?;
        let buckets =
            [2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
        let verification_seconds = Histogram::with_opts(
            HistogramOpts::new(
                "latchkey_verification_seconds",
                "From the request to the verdict, commit included.",
            )
            .buckets(buckets.to_vec()),
        )?;
        let levels = Mutex::new(LevelGauges::new(&registry)?);
        let build = IntGaugeVec::new(Opts::new("latchkey_build_info", "1; the version."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let own: [Box<dyn Collector>; 6] = [
            Box::new(by_code.clone()),
            Box::new(verification_seconds.clone()),
            Box::new(journal.batch_uses.clone()),
            Box::new(journal.commit_seconds.clone()),
            Box::new(journal.commit_failures.clone()),
            Box::new(build),
        ];
        own.into_iter().try_for_each(|figure| registry.register(figure))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self {
            registry,
            started: Instant::now(),
            // All of them from the start, so that a code that never came is 0 and not unknown.
            verifications: Code::ALL.map(|code| by_code.with_label_values(&[code.name()])),
            verification_seconds,
            levels,
        })
    }

    /// Counts one answered verification that began at `started`.
    pub fn verified(&self, code: Code, started: Instant) {
        self.verifications[code as usize].inc();
        self.verification_seconds.observe(started.elapsed().as_secs_f64());
    }

    /// Everything, as `GET /metrics` answers it.
    ///
    /// # Errors
    /// A figure cannot be written as text.
    pub fn text(&self, levels: &Levels) -> Result<Vec<u8>, prometheus::Error> {
        let gauges = self.levels.lock();
        gauges.set(levels);
        gauges.uptime_seconds.set(self.started.elapsed().as_secs_f64());
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

impl LevelGauges {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let whole = |name, help| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let real = |name, help| {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let bytes = Opts::new("latchkey_database_bytes", "Size of each database with its write-ahead log.");
        let database_bytes = IntGaugeVec::new(bytes, &["file"])?;
        registry.register(Box::new(database_bytes.clone()))?;
        let ignored_headers = IntCounter::new(
            "latchkey_ignored_forwarded_headers_total",
            "Requests whose word about the client's address was ignored: their peer is no trusted proxy.",
        )?;
        registry.register(Box::new(ignored_headers.clone()))?;
        Ok(Self {
            waiting_uses: whole(
                "latchkey_journal_waiting_uses",
                "Accepted uses that wait for their commit.",
            )?,
            unfolded_uses: whole(
                "latchkey_journal_unfolded_uses",
                "Committed uses in the journal that are not yet folded into the totals.",
            )?,
            fold_lag_seconds: real(
                "latchkey_fold_lag_seconds",
                "Age of the oldest use that is not yet folded.",
            )?,
            keys: whole("latchkey_keys", "Keys that are not deleted.")?,
            sessions: whole("latchkey_sessions", "Sessions of users that have not ended.")?,
            ignored_headers,
            database_bytes,
            database_ready: whole("latchkey_database_ready", "1 if the database answered just now, else 0.")?,
            uptime_seconds: real("latchkey_uptime_seconds", "How long this process has been up.")?,
        })
    }

    fn set(&self, levels: &Levels) {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.waiting_uses.set(whole(levels.waiting_uses as u64));
        self.unfolded_uses.set(whole(levels.unfolded_uses));
        self.fold_lag_seconds.set(levels.fold_lag_seconds);
        self.keys.set(whole(levels.keys as u64));
        self.database_ready.set(i64::from(levels.sessions.is_some()));
        if let Some(sessions) = levels.sessions {
            self.sessions.set(whole(sessions));
        }
        // Counted elsewhere, by a plain atomic.
        self.ignored_headers.inc_by(levels.ignored_headers.saturating_sub(self.ignored_headers.get()));
        let DatabaseBytes { state, usage } = levels.database_bytes;
        self.database_bytes.with_label_values(&["latchkey.db"]).set(whole(state));
        self.database_bytes.with_label_values(&["usage.db"]).set(whole(usage));
    }
}
