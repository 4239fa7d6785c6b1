//! Makes the use cases of customers.

use super::wire::Foundation;
use domain::example::ExampleRequest;
use service::UseCases;
use service::accounts::{
    Accounts, Changes, LetterThrottle, LinkThrottle, LoginThrottles, MailAddresses, PasswordLinks, Passwords,
    Renewals, SetupLink, SubUsers,
};
use service::applications::{Applications, AskThrottles};
use service::import::Importer;
use service::keys::Keys;
use service::keys::operator::OperatorKeys;
use service::mail::Subscriptions;
use service::notices::Notices;
use service::retries::{Retries, Running};
use service::shown_once::ShownOnce;
use service::verify::Verifier;
use service::webhooks::Webhooks;
use std::sync::Arc;
use tokio::sync::Notify;

impl Foundation {
    /// All use cases; `bell` wakes the deliverer of webhooks.
    pub(super) fn use_cases(
        &self,
        passwords: &Passwords,
        setup: &SetupLink,
        verifier: &Arc<Verifier>,
        bell: &Arc<Notify>,
    ) -> UseCases {
        let accounts = self.accounts(passwords.clone(), setup.clone());
        let keys = Arc::new(self.keys(&accounts, verifier));
        let (store, index, buffer) = (&self.store, &self.index, &self.notice_buffer);
        UseCases {
            sub_users: self.sub_users(&accounts, verifier),
            mail_addresses: self.mail_addresses(&accounts),
            password_links: self.password_links(&accounts),
            notices: Notices::new(store.clone(), index.clone(), buffer.clone(), self.clock.clone()),
            subscriptions: Subscriptions {
                store: Arc::clone(store),
                clock: Arc::clone(&self.clock),
                pepper: self.secrets.pepper.clone(),
            },
            applications: self.settings.applications.then(|| self.applications(&keys)),
            keys,
            mail_is_on: self.mail_is_on(),
            revealable: self.settings.revealable,
            installation: self.settings.public_url.host().to_owned(),
            example: self.example(),
            clock: Arc::clone(&self.clock),
            accounts,
            webhooks: Webhooks {
                store: Arc::clone(store),
                clock: Arc::clone(&self.clock),
                sealing: self.secrets.sealing.clone(),
                allow_private: self.settings.webhook_allow_private,
                bell: Arc::clone(bell),
            },
            retries: Retries {
                store: Arc::clone(store),
                clock: Arc::clone(&self.clock),
                sealing: self.secrets.sealing.clone(),
                revealable: self.settings.revealable,
                running: Running::default(),
            },
            changes: Changes::default(),
            shown_once: ShownOnce::default(),
        }
    }

    /// The operator's verbs around keys.
    pub(super) fn operator_keys(&self, verifier: &Arc<Verifier>) -> OperatorKeys {
        OperatorKeys {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            verifier: Arc::clone(verifier),
            clock: Arc::clone(&self.clock),
            pepper: self.secrets.pepper.clone(),
            format: self.settings.token_format.clone(),
        }
    }

    /// The import of keys.
    pub(super) fn importer(&self, setup: &SetupLink) -> Importer {
        Importer {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            pepper: self.secrets.pepper.clone(),
            sealing: self.settings.revealable.then(|| self.secrets.sealing.clone()),
            format: self.settings.token_format.clone(),
            most: self.settings.max_keys,
            setup: setup.clone(),
            at_work: Arc::default(),
        }
    }

    fn applications(&self, keys: &Arc<Keys>) -> Applications {
        Applications {
            store: Arc::clone(&self.store),
            keys: Arc::clone(keys),
            clock: Arc::clone(&self.clock),
            pepper: self.secrets.pepper.clone(),
            sealing: self.secrets.sealing.clone(),
            throttles: AskThrottles::default(),
        }
    }

    fn mail_is_on(&self) -> bool {
        self.settings.smtp.is_some()
    }

    /// How programs send keys here, as pages show it.
    fn example(&self) -> ExampleRequest {
        let header = self.settings.key_header.alone().map(|name| match name.as_str() {
            "x-api-key" => "X-API-Key".to_owned(),
            name => name.to_owned(),
        });
        let in_authorization = self.settings.key_header.reads_authorization();
        ExampleRequest { url: self.settings.gateway_example_url.clone(), in_authorization, header }
    }

    fn accounts(&self, passwords: Passwords, setup: SetupLink) -> Arc<Accounts> {
        Arc::new(Accounts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            passwords,
            setup,
            limits: self.settings.session_limits,
            pepper: self.secrets.pepper.clone(),
            sealing: self.secrets.sealing.clone(),
            password_max_age_days: self.settings.password_max_age_days,
            notice_buffer: Arc::clone(&self.notice_buffer),
            events: Arc::clone(&self.events),
            throttles: LoginThrottles::default(),
            renewals: Renewals::default(),
        })
    }

    fn mail_addresses(&self, accounts: &Arc<Accounts>) -> MailAddresses {
        MailAddresses {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            accounts: Arc::clone(accounts),
            sealing: self.secrets.sealing.clone(),
            mail_is_on: self.mail_is_on(),
            origin: self.settings.public_url.origin.clone(),
            throttle: LetterThrottle::for_confirmations(),
        }
    }

    fn password_links(&self, accounts: &Arc<Accounts>) -> PasswordLinks {
        PasswordLinks {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            accounts: Arc::clone(accounts),
            sealing: self.secrets.sealing.clone(),
            mail_is_on: self.mail_is_on(),
            origin: self.settings.public_url.origin.clone(),
            throttle: LinkThrottle::default(),
        }
    }

    fn sub_users(&self, accounts: &Arc<Accounts>, verifier: &Arc<Verifier>) -> SubUsers {
        SubUsers {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            verifier: Arc::clone(verifier),
            accounts: Arc::clone(accounts),
            clock: Arc::clone(&self.clock),
            sealing: self.secrets.sealing.clone(),
            origin: self.settings.public_url.origin.clone(),
            mail_is_on: self.mail_is_on(),
            throttle: LetterThrottle::for_invitations(),
        }
    }

    fn keys(&self, accounts: &Arc<Accounts>, verifier: &Arc<Verifier>) -> Keys {
        Keys {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            verifier: Arc::clone(verifier),
            accounts: Arc::clone(accounts),
            clock: Arc::clone(&self.clock),
            pepper: self.secrets.pepper.clone(),
            sealing: self.settings.revealable.then(|| self.secrets.sealing.clone()),
            cursors: self.secrets.sealing.clone(),
            format: self.settings.token_format.clone(),
            most: self.settings.max_keys,
        }
    }
}
