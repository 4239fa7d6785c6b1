//! All services of a running server, and how they are made from the settings.

mod readiness;
mod use_cases;
mod wire;

pub use readiness::Unready;
pub use wire::{refuse_other_prefixes, start};

use crate::life::Life;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::probe::Probes;
use crate::secrets::SecretsError;
use crate::settings::Settings;
use crate::traffic::Traffic;
use crate::webhooks::Deliverer;
use domain::time::{Clock, Micros, Steady};
use service::UseCases;
use service::accounts::SetupLink;
use service::accounts::operator::Operator;
use service::events::Events;
use service::import::Importer;
use service::keys::operator::OperatorKeys;
use service::verify::Verifier;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use store::{Store, StoreError};
use store_sqlite::OpenError;

/// The system's clocks.
pub struct SystemClock;

/// The moment at which the steady clock is 0.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn steady(&self) -> Steady {
        Steady(i64::try_from(BEGINNING.elapsed().as_micros()).unwrap_or(i64::MAX))
    }
}

/// Why the services could not be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("the database cannot be used: {0}; {advice}", advice = advice(.0))]
    Store(#[from] StoreError),
    #[error(
        "the tokens of {keys} begin with the prefix {}, which key_prefix does not name, so all of them would \
         be refused; set old_key_prefixes = \"{}\" to accept them beside new ones, or key_prefix = {}",
        .prefixes.join(" or "),
        .prefixes.join(", "),
        quoted(.prefixes)
    )]
    OtherPrefix {
        /// Two, where what is known of the keys fits both.
        prefixes: Vec<String>,
        /// How many living keys have the prefix, in words.
        keys: String,
    },
    #[error("{0}")]
    Generator(String),
    #[error("the metrics cannot be kept: {0}")]
    Metrics(String),
}

fn quoted(prefixes: &[String]) -> String {
    let quoted: Vec<_> = prefixes.iter().map(|prefix| format!("\"{prefix}\"")).collect();
    quoted.join(" or ")
}

fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::NoRoom(_) => "make room, then start Latchkey again",
        StoreError::Locked(_) => "end the other program, then try again",
        _ => "look at the disk and the system's log",
    }
}

/// All services.
pub struct Services {
    /// The settings in force.
    pub settings: Settings,
    /// The store, for health and shutdown.
    pub store: Arc<dyn Store>,
    /// Whether all tasks of the server run, for health.
    pub life: Arc<Life>,
    /// Requests whose forwarded header was ignored, because their peer is no trusted proxy.
    pub ignored_headers: Arc<AtomicU64>,
    /// The hot path.
    pub verifier: Arc<Verifier>,
    /// What customers ask for.
    pub use_cases: Arc<UseCases>,
    /// Delivers messages to webhooks; whoever serves has to run it.
    pub deliverer: Deliverer,
    /// Sends mail; whoever serves has to run it.
    pub mailer: Arc<Mailer>,
    /// The probe that looks at a live gateway.
    pub probes: Probes,
    /// The operator's verbs.
    pub operator: Operator,
    /// The operator's verbs around keys.
    pub operator_keys: OperatorKeys,
    /// Keys that come from another system.
    pub importer: Importer,
    /// The link to the first account.
    pub setup: SetupLink,
    /// What operators watch.
    pub metrics: Metrics,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// What strangers do.
    pub events: Arc<Events>,
    /// Connections and requests, and how many each source holds.
    pub traffic: Arc<Traffic>,
}
