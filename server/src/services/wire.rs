//! From a data directory to running services: opens it, checks what it holds, and makes everything from it.

use super::{Services, StartError};
use crate::dial::SystemResolver;
use crate::mail::{Mailer, MailerParts};
use crate::metrics::{MetricSources, Metrics};
use crate::probe::Probes;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::traffic::Traffic;
use crate::webhooks::{Deliverer, Sender};
use domain::counted::counted;
use domain::password_rules::PasswordRules;
use domain::time::Clock;
use domain::token::TokenFormat;
use service::accounts::operator::Operator;
use service::accounts::{Passwords, SetupLink};
use service::events::Events;
use service::verify::{Flusher, Journal, KeyIndex, NoticeBuffer, Verifier, VerifierParts};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use store::{NoticePolicy, PrefixInUse, Store};
use store_sqlite::SqliteUsageLog;
use tokio::sync::Notify;

/// Opens the data directory and makes all services. Whoever serves has to run the flusher.
///
/// # Errors
/// The data directory cannot be used.
pub async fn start(
    settings: Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Services>, Flusher), StartError> {
    let secrets = Secrets::load(&settings)?;
    // First, because it hashes a password: those 19 MiB are free again for the keys that are loaded.
    let passwords = Passwords::new(PasswordRules::new(&settings.public_url.origin));
    let passwords = passwords.map_err(|e| StartError::Generator(e.to_string()))?;
    let index = Arc::new(KeyIndex::default());
    let notices =
        NoticePolicy { mail_is_on: settings.smtp.is_some(), hold_seconds: settings.notice_hold_seconds };
    let (directory, durable) = (&settings.data_dir, settings.durable_usage);
    let opened = store_sqlite::open(directory, secrets.fingerprint, durable, notices, index.clone());
    let (store, log) = opened.await?;
    let store: Arc<dyn Store> = Arc::new(store);
    let foundation = Foundation {
        settings,
        secrets,
        clock,
        index,
        store: Arc::clone(&store),
        journal: Arc::default(),
        notice_buffer: Arc::default(),
        traffic: Arc::default(),
        events: Arc::default(),
        ignored_headers: Arc::default(),
    };
    let started = foundation.start(log, passwords).await;
    if started.is_err() {
        // Without this the next start would take the state for that of a killed server.
        store.close().await;
    }
    started
}

/// Refuses settings under which keys that customers hold would be malformed.
///
/// # Errors
/// Tokens begin with a prefix that the settings do not name.
pub fn refuse_other_prefixes(format: &TokenFormat, found: &[PrefixInUse]) -> Result<(), StartError> {
    let other = found.iter().find(|found| !format.admits(&found.prefix));
    other.map_or(Ok(()), |other| {
        Err(StartError::OtherPrefix { prefixes: other.prefix.candidates(), keys: counted(other.keys, "key") })
    })
}

/// What all services are made from.
pub(super) struct Foundation {
    pub(super) settings: Settings,
    pub(super) secrets: Secrets,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) index: Arc<KeyIndex>,
    pub(super) store: Arc<dyn Store>,
    pub(super) journal: Arc<Journal>,
    pub(super) notice_buffer: Arc<NoticeBuffer>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) events: Arc<Events>,
    pub(super) ignored_headers: Arc<AtomicU64>,
}

impl Foundation {
    /// Loads what the store holds, and makes all services.
    async fn start(
        self,
        log: SqliteUsageLog,
        passwords: Passwords,
    ) -> Result<(Arc<Services>, Flusher), StartError> {
        let Self { settings, store, index, journal, clock, .. } = &self;
        refuse_other_prefixes(&settings.token_format, &store.load(index.clone()).await?)?;
        let flusher =
            Flusher::start(Arc::clone(journal), Arc::clone(index), Box::new(log), Arc::clone(clock)).await?;
        let flusher = flusher.keeping_days(settings.statistics_days);
        let setup = match store.count_users().await? {
            0 => SetupLink::open().map_err(|e| StartError::Generator(e.to_string()))?,
            _ => SetupLink::default(),
        };
        Ok((Arc::new(self.services(passwords, setup)?), flusher))
    }

    fn services(self, passwords: Passwords, setup: SetupLink) -> Result<Services, StartError> {
        let (verifier, mailer) = (self.verifier(), self.mailer());
        let bell = Arc::<Notify>::default();
        let use_cases = self.use_cases(&passwords, &setup, &verifier, &bell);
        Ok(Services {
            metrics: self.metrics(&mailer, &verifier)?,
            operator: Operator {
                store: Arc::clone(&self.store),
                clock: Arc::clone(&self.clock),
                passwords,
                pepper: self.secrets.pepper.clone(),
                setup: setup.clone(),
            },
            operator_keys: self.operator_keys(&verifier),
            importer: self.importer(&setup),
            use_cases: Arc::new(use_cases),
            deliverer: self.deliverer(bell),
            mailer,
            setup,
            life: Arc::default(),
            probes: Probes::default(),
            settings: self.settings,
            store: self.store,
            ignored_headers: self.ignored_headers,
            verifier,
            clock: self.clock,
            traffic: self.traffic,
            events: self.events,
        })
    }

    fn verifier(&self) -> Arc<Verifier> {
        Arc::new(Verifier::new(VerifierParts {
            index: Arc::clone(&self.index),
            journal: Arc::clone(&self.journal),
            store: Arc::clone(&self.store),
            notice_buffer: Arc::clone(&self.notice_buffer),
            pepper: self.secrets.pepper.clone(),
            format: self.settings.token_format.clone(),
            clock: Arc::clone(&self.clock),
        }))
    }

    fn mailer(&self) -> Arc<Mailer> {
        Arc::new(Mailer::new(MailerParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            pepper: self.secrets.pepper.clone(),
            origin: self.settings.public_url.origin.clone(),
            smtp: self.settings.smtp.clone(),
            resolver: Arc::new(SystemResolver),
        }))
    }

    fn deliverer(&self, bell: Arc<Notify>) -> Deliverer {
        let patience = Duration::from_secs(self.settings.webhook_timeout_seconds);
        Deliverer {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            sender: Sender::new(Arc::new(SystemResolver), self.settings.webhook_allow_private, patience),
            bell,
        }
    }

    fn metrics(&self, mailer: &Mailer, verifier: &Arc<Verifier>) -> Result<Metrics, StartError> {
        let sources = MetricSources {
            mail: Arc::clone(mailer.figures()),
            index: Arc::clone(&self.index),
            journal: Arc::clone(&self.journal),
            verifier: Arc::clone(verifier),
            store: Arc::clone(&self.store),
            traffic: Arc::clone(&self.traffic),
            ignored_headers: Arc::clone(&self.ignored_headers),
            events: Arc::clone(&self.events),
            clock: Arc::clone(&self.clock),
        };
        Metrics::new(sources).map_err(|e| StartError::Metrics(e.to_string()))
    }
}
