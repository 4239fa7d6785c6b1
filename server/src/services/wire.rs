//! From settings to use cases: what all of them stand on first, then each of them.

use super::{Services, StartError};
use crate::dial::SystemResolver;
use crate::mail::{Mailer, MailerParts};
use crate::metrics::{Metrics, Watched};
use crate::probe::Probes;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::traffic::Traffic;
use crate::webhooks::{Deliverer, Sender};
use domain::counted::counted;
use domain::password_rules::PasswordRules;
use domain::time::Clock;
use domain::token::TokenFormat;
use service::UseCases;
use service::accounts::operator::Operator;
use service::accounts::{
    AccountParts, Accounts, Changes, MailAddressParts, MailAddresses, Passwords, SetupLink, SubUserParts,
    SubUsers,
};
use service::events::Events;
use service::keys::Keys;
use service::mail::Subscriptions;
use service::notices::Notices;
use service::shown_once::ShownOnce;
use service::verify::{Flusher, Gatherer, Journal, KeyIndex, Verifier, VerifierParts};
use service::webhooks::Webhooks;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use store::{NoticePolicy, PrefixInUse, Store};
use store_sqlite::SqliteUsageLog;
use tokio::sync::Notify;

/// Opens the data directory and wires everything; the flusher has to be run by whoever serves.
///
/// # Errors
/// The data directory cannot be used.
pub async fn start(
    settings: Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Services>, Flusher), StartError> {
    let secrets = Secrets::load(&settings)?;
    // First, as it hashes a password: the 19 MiB of that are free again for what is loaded.
    let passwords = passwords(&settings)?;
    let index = Arc::new(KeyIndex::default());
    let notices =
        NoticePolicy { mail_is_on: settings.smtp.is_some(), hold_seconds: settings.notice_hold_seconds };
    let (directory, durable) = (&settings.data_dir, settings.durable_usage);
    let opened = store_sqlite::open(directory, secrets.fingerprint, durable, notices, index.clone());
    let (store, log) = opened.await?;
    let store: Arc<dyn Store> = Arc::new(store);
    let opened = Opened { settings, secrets, clock, index, store: Arc::clone(&store), log };
    let started = start_on(opened, passwords).await;
    if started.is_err() {
        // Else the next start would take it for one that was killed.
        store.close().await;
    }
    started
}

/// What is open before anything is known of what it holds.
struct Opened {
    settings: Settings,
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    index: Arc<KeyIndex>,
    store: Arc<dyn Store>,
    log: SqliteUsageLog,
}

async fn start_on(opened: Opened, passwords: Passwords) -> Result<(Arc<Services>, Flusher), StartError> {
    let (foundation, flusher) = Foundation::find(opened).await?;
    let setup = match foundation.store.count_users().await? {
        0 => SetupLink::open().map_err(|e| generator(&e))?,
        _ => SetupLink::default(),
    };
    Ok((Arc::new(foundation.services(passwords, setup)?), flusher))
}

fn passwords(settings: &Settings) -> Result<Passwords, StartError> {
    Passwords::new(PasswordRules::new(&settings.public_url.origin)).map_err(|e| generator(&e))
}

/// Refuses settings under which the keys of customers, who have changed nothing, would be malformed.
///
/// # Errors
/// Tokens begin with a prefix that is not named.
pub fn refuse_other_prefixes(format: &TokenFormat, found: &[PrefixInUse]) -> Result<(), StartError> {
    let other = found.iter().find(|found| !format.admits(&found.prefix));
    other.map_or(Ok(()), |other| {
        Err(StartError::OtherPrefix { prefixes: other.prefix.candidates(), keys: counted(other.keys, "key") })
    })
}

fn generator(error: &dyn Display) -> StartError {
    StartError::Generator(error.to_string())
}

/// What the use cases stand on.
struct Foundation {
    settings: Settings,
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    index: Arc<KeyIndex>,
    store: Arc<dyn Store>,
    journal: Arc<Journal>,
    gatherer: Arc<Gatherer>,
    verifier: Arc<Verifier>,
    traffic: Arc<Traffic>,
    events: Arc<Events>,
    ignored_headers: Arc<AtomicU64>,
}

impl Foundation {
    async fn find(opened: Opened) -> Result<(Self, Flusher), StartError> {
        let Opened { settings, secrets, clock, index, store, log } = opened;
        refuse_other_prefixes(&settings.token_format, &store.load(index.clone()).await?)?;
        let journal = Arc::new(Journal::default());
        let flusher =
            Flusher::start(Arc::clone(&journal), Arc::clone(&index), Box::new(log), Arc::clone(&clock))
                .await?;
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
        let (traffic, events, ignored_headers) = (Arc::default(), Arc::default(), Arc::default());
        let foundation = Self {
            settings,
            secrets,
            clock,
            index,
            store,
            journal,
            gatherer,
            verifier,
            traffic,
            events,
            ignored_headers,
        };
        Ok((foundation, flusher))
    }

    fn services(self, passwords: Passwords, setup: SetupLink) -> Result<Services, StartError> {
        let accounts = self.accounts(passwords.clone(), setup.clone());
        let mailer = self.mailer();
        let (webhooks, deliverer) = self.webhooks();
        let use_cases = UseCases {
            sub_users: self.sub_users(&accounts),
            mail_addresses: self.mail_addresses(&accounts),
            notices: self.notices(),
            subscriptions: self.subscriptions(),
            keys: self.keys(&accounts),
            mail_is_on: self.mail_is_on(),
            revealable: self.settings.revealable,
            installation: self.settings.public_url.host().to_owned(),
            clock: Arc::clone(&self.clock),
            accounts,
            webhooks,
            changes: Changes::default(),
            shown_once: ShownOnce::default(),
        };
        Ok(Services {
            metrics: self.metrics(&mailer)?,
            operator: self.operator(passwords, setup.clone()),
            use_cases: Arc::new(use_cases),
            deliverer,
            mailer,
            setup,
            life: Arc::default(),
            probes: Probes::default(),
            settings: self.settings,
            store: self.store,
            ignored_headers: self.ignored_headers,
            verifier: self.verifier,
            clock: self.clock,
            traffic: self.traffic,
            events: self.events,
        })
    }

    fn mail_is_on(&self) -> bool {
        self.settings.smtp.is_some()
    }

    fn origin(&self) -> String {
        self.settings.public_url.origin.clone()
    }

    fn accounts(&self, passwords: Passwords, setup: SetupLink) -> Arc<Accounts> {
        let accounts = Accounts::new(AccountParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            passwords,
            setup,
            limits: self.settings.session_limits,
            pepper: self.secrets.pepper.clone(),
            sealing: self.secrets.sealing.clone(),
            password_max_age_days: self.settings.password_max_age_days,
        });
        Arc::new(accounts.gathering(Arc::clone(&self.gatherer)).telling(Arc::clone(&self.events)))
    }

    fn mail_addresses(&self, accounts: &Arc<Accounts>) -> MailAddresses {
        MailAddresses::new(MailAddressParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            accounts: Arc::clone(accounts),
            sealing: self.secrets.sealing.clone(),
            mail_is_on: self.mail_is_on(),
            origin: self.origin(),
        })
    }

    fn sub_users(&self, accounts: &Arc<Accounts>) -> SubUsers {
        SubUsers::new(SubUserParts {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            accounts: Arc::clone(accounts),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            origin: self.origin(),
            mail_is_on: self.mail_is_on(),
        })
    }

    fn keys(&self, accounts: &Arc<Accounts>) -> Keys {
        Keys {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            verifier: Arc::clone(&self.verifier),
            accounts: Arc::clone(accounts),
            clock: Arc::clone(&self.clock),
            pepper: self.secrets.pepper.clone(),
            sealing: self.settings.revealable.then(|| self.secrets.sealing.clone()),
            format: self.settings.token_format.clone(),
            most: self.settings.max_keys,
        }
    }

    fn operator(&self, passwords: Passwords, setup: SetupLink) -> Operator {
        Operator {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            passwords,
            pepper: self.secrets.pepper.clone(),
            setup,
        }
    }

    fn notices(&self) -> Notices {
        let (store, index) = (Arc::clone(&self.store), Arc::clone(&self.index));
        Notices::new(store, index, Arc::clone(&self.gatherer), Arc::clone(&self.clock))
    }

    fn subscriptions(&self) -> Subscriptions {
        Subscriptions {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            pepper: self.secrets.pepper.clone(),
        }
    }

    fn mailer(&self) -> Arc<Mailer> {
        Arc::new(Mailer::new(MailerParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            pepper: self.secrets.pepper.clone(),
            origin: self.origin(),
            smtp: self.settings.smtp.clone(),
            resolver: Arc::new(SystemResolver),
        }))
    }

    fn webhooks(&self) -> (Webhooks, Deliverer) {
        let allow_private = self.settings.webhook_allow_private;
        let patience = Duration::from_secs(self.settings.webhook_timeout_seconds);
        let bell = Arc::<Notify>::default();
        let deliverer = Deliverer {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            sender: Sender::new(Arc::new(SystemResolver), allow_private, patience),
            bell: Arc::clone(&bell),
        };
        let webhooks = Webhooks {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            allow_private,
            bell,
        };
        (webhooks, deliverer)
    }

    fn metrics(&self, mailer: &Mailer) -> Result<Metrics, StartError> {
        let watched = Watched {
            mail: Arc::clone(mailer.figures()),
            index: Arc::clone(&self.index),
            journal: Arc::clone(&self.journal),
            verifier: Arc::clone(&self.verifier),
            store: Arc::clone(&self.store),
            traffic: Arc::clone(&self.traffic),
            ignored_headers: Arc::clone(&self.ignored_headers),
            events: Arc::clone(&self.events),
            clock: Arc::clone(&self.clock),
        };
        Metrics::new(watched).map_err(|e| StartError::Metrics(e.to_string()))
    }
}
