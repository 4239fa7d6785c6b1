//! Everything wired together: from settings to use cases.

use crate::accounts::operator::Operator;
use crate::accounts::{
    AccountParts, Accounts, MailAddressParts, MailAddresses, Once, Passwords, SetupLink, SubUsers,
};
use crate::domain::password_rules::PasswordRules;
use crate::domain::sealing::SealingKey;
use crate::domain::time::{Clock, Micros};
use crate::keys::{Flash, Keys};
use crate::mail::{Mailer, MailerParts};
use crate::metrics::{Metrics, Watched};
use crate::notices::{Gatherer, Notices};
use crate::probe::Probes;
use crate::secrets::{Secrets, SecretsError};
use crate::settings::Settings;
use crate::store::{KeyStore, NoticePolicy, NoticeStore, OpenError, Store, StoreError, sqlite};
use crate::traffic::Traffic;
use crate::verify::{Flusher, Journal, KeyIndex, Verifier, VerifierParts};
use crate::webhooks::{Courier, Sender, SystemResolver, Webhooks};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Why it could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The first questions to the database.
    #[error("the database cannot be used: {0}; {advice}", advice = advice(.0))]
    Store(#[from] StoreError),
    /// The random generator.
    #[error("{0}")]
    Generator(String),
    /// The metrics.
    #[error("the metrics cannot be kept: {0}")]
    Metrics(String),
}

fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::NoRoom(_) => "make room, then start Latchkey again",
        _ => "look at the disk and the system's log",
    }
}

/// All use cases.
pub struct Services {
    /// The settings in force.
    pub settings: Settings,
    /// The store, for health and shutdown.
    pub store: Arc<dyn Store>,
    /// Requests whose forwarded header was ignored, because their peer is no trusted proxy.
    pub ignored_headers: Arc<AtomicU64>,
    /// The hot path.
    pub verifier: Arc<Verifier>,
    /// Users and sessions.
    pub accounts: Arc<Accounts>,
    /// Mail addresses of users.
    pub mail_addresses: MailAddresses,
    /// Sub-users and invitations.
    pub sub_users: SubUsers,
    /// Keys.
    pub keys: Keys,
    /// What users are told of.
    pub notices: Notices,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// Who carries their messages; has to be run by whoever serves.
    pub courier: Courier,
    /// Tokens on their way to the next page.
    pub flash: Flash,
    /// Other secrets on their way to the next page.
    pub once: Once,
    /// Whether mail can be sent at all: letters are only queued then, and pages say so once if not.
    pub mail_is_on: bool,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// The probe that looks at a live gateway.
    pub probes: Probes,
    /// The operator's verbs.
    pub operator: Operator,
    /// The link to the first account.
    pub setup: SetupLink,
    /// What operators watch.
    pub metrics: Metrics,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Figures of the door.
    pub traffic: Arc<Traffic>,
}

/// Opens the data directory and wires everything; the flusher has to be run by whoever serves.
///
/// # Errors
/// The data directory cannot be used.
pub async fn start(
    settings: Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Services>, Flusher), StartError> {
    let secrets = Secrets::load(&settings)?;
    let index = Arc::new(KeyIndex::default());
    let (store, log) =
        sqlite::open(&settings.data_dir, secrets.fingerprint, settings.durable_usage, index.clone()).await?;
    store.load(index.clone()).await?;
    let hold_seconds = settings.notice_hold_seconds;
    store.set_notice_policy(NoticePolicy { mail_is_on: settings.smtp.is_some(), hold_seconds }).await?;
    let store: Arc<dyn Store> = Arc::new(store);
    let journal = Arc::new(Journal::default());
    let mut flusher =
        Flusher::start(Arc::clone(&journal), Arc::clone(&index), Box::new(log), Arc::clone(&clock))?;
    flusher.load_totals()?;
    let flusher = flusher.keeping_days(settings.statistics_days);
    let gatherer = Arc::new(Gatherer::default());
    let verifier = Arc::new(Verifier::new(VerifierParts {
        index: Arc::clone(&index),
        journal: Arc::clone(&journal),
        store: Arc::clone(&store),
        gatherer: Arc::clone(&gatherer),
        pepper: secrets.pepper.clone(),
        format: settings.token_format.clone(),
        clock: Arc::clone(&clock),
    }));
    let (traffic, ignored_headers) = (Arc::<Traffic>::default(), Arc::<AtomicU64>::default());
    let mailer = Arc::new(Mailer::new(MailerParts {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        sealing: secrets.sealing.clone(),
        pepper: secrets.pepper.clone(),
        origin: settings.public_url.origin.clone(),
        smtp: settings.smtp.clone(),
    }));
    let watched = Watched {
        mail: Arc::clone(mailer.figures()),
        index: Arc::clone(&index),
        journal,
        verifier: Arc::clone(&verifier),
        store: Arc::clone(&store),
        traffic: Arc::clone(&traffic),
        ignored_headers: Arc::clone(&ignored_headers),
        clock: Arc::clone(&clock),
    };
    let metrics = Metrics::new(watched).map_err(|e| StartError::Metrics(e.to_string()))?;
    let generator = |e: &dyn std::fmt::Display| StartError::Generator(e.to_string());
    let passwords =
        Passwords::new(PasswordRules::new(&settings.public_url.origin)).map_err(|e| generator(&e))?;
    let setup = match store.count_users().await? {
        0 => SetupLink::open().map_err(|e| generator(&e))?,
        _ => SetupLink::default(),
    };
    let accounts = Arc::new(
        Accounts::new(AccountParts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            passwords: passwords.clone(),
            setup: setup.clone(),
            limits: settings.session_limits,
            pepper: secrets.pepper.clone(),
            sealing: secrets.sealing.clone(),
            password_max_age_days: settings.password_max_age_days,
        })
        .gathering(Arc::clone(&gatherer)),
    );
    let mail_addresses = MailAddresses::new(MailAddressParts {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        accounts: Arc::clone(&accounts),
        sealing: secrets.sealing.clone(),
        mail_is_on: settings.smtp.is_some(),
        origin: settings.public_url.origin.clone(),
    });
    let (webhooks, courier) = webhooks(&settings, &store, &clock, &secrets.sealing);
    let mail_is_on = settings.smtp.is_some();
    let services = Services {
        sub_users: SubUsers {
            store: Arc::clone(&store),
            index: Arc::clone(&index),
            accounts: Arc::clone(&accounts),
            clock: Arc::clone(&clock),
            sealing: secrets.sealing.clone(),
            origin: settings.public_url.origin.clone(),
            mail_is_on,
        },
        mail_addresses,
        webhooks,
        courier,
        notices: Notices::new(Arc::clone(&store), Arc::clone(&index), gatherer, Arc::clone(&clock)),
        keys: Keys {
            store: Arc::clone(&store),
            index,
            verifier: Arc::clone(&verifier),
            accounts: Arc::clone(&accounts),
            clock: Arc::clone(&clock),
            pepper: secrets.pepper.clone(),
            sealing: settings.revealable.then_some(secrets.sealing),
            format: settings.token_format.clone(),
        },
        operator: Operator {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            passwords,
            pepper: secrets.pepper,
            setup: setup.clone(),
        },
        mail_is_on,
        settings,
        store,
        ignored_headers,
        verifier,
        accounts,
        flash: Flash::default(),
        once: Once::default(),
        mailer,
        probes: Probes::default(),
        setup,
        metrics,
        clock,
        traffic,
    };
    Ok((Arc::new(services), flusher))
}

fn webhooks(
    settings: &Settings,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    sealing: &SealingKey,
) -> (Webhooks, Courier) {
    let allow_private = settings.webhook_allow_private;
    let patience = Duration::from_secs(settings.webhook_timeout_seconds);
    let bell = Arc::<Notify>::default();
    let courier = Courier {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        sealing: sealing.clone(),
        sender: Sender::new(Arc::new(SystemResolver), allow_private, patience),
        bell: Arc::clone(&bell),
    };
    let webhooks = Webhooks {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        sealing: sealing.clone(),
        allow_private,
        bell,
    };
    (webhooks, courier)
}
